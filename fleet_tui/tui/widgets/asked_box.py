"""The box that shows what is asked in full, and says how much of it is out of view."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from fleet_tui.tui import fmt
from fleet_tui.tui.safe import clean_block
from fleet_tui.tui.widgets.choice_list import ChoiceList

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from fleet_tui.model.question import Question

NAMES = {"command": "the command", "tool": "the arguments", "choice": "the question"}


class AskedBox(VerticalScroll, can_focus=True, inherit_bindings=False):
    """The command, the arguments or the choices, never cut: what has no room is scrolled to."""

    DEFAULT_CSS = """
    AskedBox {
        height: auto; border: round $border-blurred; padding: 0 1; scrollbar-size-vertical: 1;
        border-title-color: $fleet-muted; border-subtitle-color: $fleet-wait;
    }
    AskedBox:focus-within, AskedBox:focus { border: round $fleet-accent; }
    AskedBox .exact { text-style: bold; }
    AskedBox .beside { color: $fleet-muted; margin-top: 1; }
    """

    def __init__(self, question: Question) -> None:
        super().__init__(id="asked")
        self._question = question
        self.choices = ChoiceList(question.choices) if question.kind == "choice" else None
        lines = question.text.count("\n") + 1
        size = f" · {fmt.some(lines, 'line')}" if lines > 1 else ""
        self.border_title = Content(NAMES[question.kind] + (size if not self.choices else ""))

    def compose(self) -> ComposeResult:
        """Yield the whole text, then what comes with it."""
        question = self._question
        if self.choices is not None:
            yield self.choices
            return
        yield Static(Content(clean_block(question.text)), classes="exact", markup=False)
        if question.details:
            beside = clean_block(f"with {question.details}")
            yield Static(Content(beside), classes="beside", markup=False)

    def on_mount(self) -> None:
        """Say how much is below."""
        self.call_after_refresh(self.tell_rest)

    def on_resize(self) -> None:
        """Say how much is below now."""
        self.call_after_refresh(self.tell_rest)

    def take_focus(self) -> None:
        """Focus the choices, or the box itself."""
        self.screen.set_focus(self.choices or self)

    def scroll_by(self, lines: int) -> None:
        """Scroll by so many lines."""
        self.scroll_relative(y=lines, animate=False, immediate=True)

    def watch_scroll_y(self, old: float, new: float) -> None:
        """Say how much is below the new place."""
        super().watch_scroll_y(old, new)
        self.tell_rest()

    def tell_rest(self) -> None:
        """Put into the lower border how many lines are out of view below."""
        rest = max(0, round(self.max_scroll_y - self.scroll_y))
        self.border_subtitle = Content(f"▼ {fmt.some(rest, 'more line')}" if rest else "")

    def on_choice_list_moved(self, event: ChoiceList.Moved) -> None:
        """Bring the cursor's line into view."""
        event.stop()
        height = max(1, self.scrollable_content_region.height)
        if not self.scroll_y <= event.line < self.scroll_y + height:
            self.scroll_to(y=max(0, event.line - height // 2), animate=False, immediate=True)
