"""A list to choose from by typing: for the palette, themes, targets and old prompts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual import events, on
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from fleet_tui.tui.help_key import HELP_BINDING
from fleet_tui.tui.safe import clean, content, short
from fleet_tui.tui.widgets.columns import Column
from fleet_tui.tui.widgets.table import LineTable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from textual.app import ComposeResult

    from fleet_tui.tui.widgets.paint import Span


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to choose."""

    value: str
    title: str
    note: str = ""
    detail: str = ""
    """Shown dim behind the title: why it cannot be done, or what it is."""
    is_dim: bool = False


class _Rows:
    """The rows of a picker: what matches, the best match first."""

    def __init__(self, choices: Sequence[Choice]) -> None:
        self.choices = {choice.value: choice for choice in choices}
        self.order: list[str] = list(self.choices)

    def ids(self) -> Sequence[str]:
        """Return the values that match."""
        return self.order

    def cells(self, key: str) -> Mapping[str, Sequence[Span]]:
        """Return a choice's cells."""
        choice = self.choices[key]
        role = "faint" if choice.is_dim else ""
        detail = [(f"  {clean(choice.detail)}", "faint")] if choice.detail else []
        return {
            "title": [(short(choice.title, 300), role), *detail],
            "note": [(clean(choice.note), "accent" if not choice.is_dim else "faint")],
        }

    def search_text(self, key: str) -> str:
        """Return the title."""
        return self.choices[key].title

    def match(self, typed: str) -> None:
        """Keep what holds every typed word, or at least the letters in order."""
        ranked = []
        for position, choice in enumerate(self.choices.values()):
            score = score_of(typed.casefold(), f"{choice.title} {choice.value}".casefold())
            if score is not None:
                ranked.append((score, position, choice.value))
        self.order = [value for _, _, value in sorted(ranked)]


def score_of(typed: str, text: str) -> int | None:
    """Return how badly `text` fits what was typed (0 is best); None when it does not."""
    words = typed.split()
    if all(word in text for word in words):
        return 0 if text.startswith(typed) else 1
    letters = iter(text)
    compact = "".join(words)
    return 2 if all(letter in letters for letter in compact) else None


class Picker(ModalScreen[str]):
    """Closes with the chosen value, or None."""

    BINDINGS = [
        Binding("escape", "cancel", show=False),
        Binding("down", "move(1)", show=False, priority=True),
        Binding("up", "move(-1)", show=False, priority=True),
        Binding("pagedown", "move(10)", show=False, priority=True),
        Binding("pageup", "move(-10)", show=False, priority=True),
        HELP_BINDING,
    ]
    DEFAULT_CSS = """
    Picker .dialog { height: 70%; }
    Picker Input { margin-bottom: 1; }
    """

    def __init__(
        self,
        title: str,
        choices: Sequence[Choice],
        *,
        note_width: int = 12,
        current: str = "",
        highlighted: Callable[[str], object] | None = None,
    ) -> None:
        super().__init__()
        self._title = title
        self._rows = _Rows(choices)
        columns = (
            Column("title", "", 20, is_flexible=True),
            Column("note", "", note_width, is_right=True, drop=1),
        )
        self.table = LineTable(self._rows, columns, empty="Nothing matches.", id="choices")
        self.table.can_focus = False
        self._current = current
        self._highlighted = highlighted

    def compose(self) -> ComposeResult:
        """Yield the field and the list."""
        with Vertical(classes="dialog") as box:
            box.border_title = content(self._title)
            box.border_subtitle = content("enter chooses · esc leaves")
            yield Input(placeholder="type to find", compact=True)
            yield self.table

    def on_mount(self) -> None:
        """Show everything, with the cursor on what is in force."""
        self.set_focus(self.query_one(Input))
        self.table.reload()
        self.table.select(self._current)

    def action_move(self, rows: int) -> None:
        """Move the cursor in the list."""
        self.table.move(rows)

    def action_cancel(self) -> None:
        """Close without a choice."""
        self.dismiss(None)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._rows.match(event.value)
        self.table.reload()
        self.table.move_to(0)
        self._tell()

    @on(LineTable.CursorMoved)
    def _moved(self, event: LineTable.CursorMoved) -> None:
        event.stop()
        self._tell()

    def _tell(self) -> None:
        if self._highlighted is not None and self.table.cursor_key is not None:
            self._highlighted(self.table.cursor_key)

    @on(Input.Submitted)
    def _submitted(self, _event: Input.Submitted) -> None:
        if self.table.cursor_key is not None:
            self.dismiss(self.table.cursor_key)

    @on(LineTable.Opened)
    def _opened(self, event: LineTable.Opened) -> None:
        event.stop()
        self.dismiss(event.key)

    def on_click(self, event: events.Click) -> None:
        """Close when the click was beside the box."""
        if event.widget is self:
            self.dismiss(None)
