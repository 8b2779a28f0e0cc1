"""What an agent wants to know, with the answers it offers and room for an own one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.binding import Binding
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from fleet_tui.tui.safe import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_tui.model.question import Choice


class ChoiceList(Static, can_focus=True):
    """The choices one below the other; ↑ ↓ move, space or the number picks."""

    DEFAULT_CSS = "ChoiceList { height: auto; }"
    BINDINGS = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("space", "pick", show=False),
        *(Binding(str(n), f"pick_number({n})", show=False) for n in range(1, 10)),
    ]

    class Moved(Message):
        """The cursor went to another line (`line`), so that it can be brought into view."""

        def __init__(self, line: int) -> None:
            super().__init__()
            self.line = line

    def __init__(self, choices: Sequence[Choice]) -> None:
        super().__init__("", markup=False)
        self._choices = list(choices)
        self._picked: list[list[int]] = [[] for _ in choices]
        self._own = [""] * len(self._choices)
        self._rows = [
            (which, option)
            for which, choice in enumerate(self._choices)
            for option in range(max(1, len(choice.options)))
        ]
        self._cursor = 0
        self._paint()

    @property
    def current(self) -> int:
        """Return which choice the cursor is in."""
        return self._rows[self._cursor][0] if self._rows else 0

    @property
    def own_answer(self) -> str:
        """Return what was typed for the current choice."""
        return self._own[self.current] if self._own else ""

    def answers(self) -> tuple[str, ...] | None:
        """Return one answer a choice; None while one of them has none."""
        found: list[str] = []
        for choice, picked, own in zip(self._choices, self._picked, self._own, strict=True):
            said = own or ", ".join(choice.options[n].label for n in sorted(picked))
            if not said:
                return None
            found.append(said)
        return tuple(found)

    def answer_freely(self, text: str) -> None:
        """Answer the current choice in own words; nothing goes back to what is picked."""
        if self._own:
            self._own[self.current] = text.strip()
            self._paint()

    def action_move(self, rows: int) -> None:
        """Move the cursor."""
        self._cursor = max(0, min(len(self._rows) - 1, self._cursor + rows))
        self._paint()

    def action_pick(self) -> None:
        """Pick, or take back, what is at the cursor."""
        which, option = self._rows[self._cursor]
        choice = self._choices[which]
        if option >= len(choice.options):
            return
        picked = self._picked[which]
        self._own[which] = ""
        if option in picked:
            picked.remove(option)
        elif choice.takes_many:
            picked.append(option)
        else:
            picked[:] = [option]
        self._paint()

    def action_pick_number(self, number: int) -> None:
        """Pick an option of the current choice by its number."""
        if (self.current, number - 1) in self._rows:
            self._cursor = self._rows.index((self.current, number - 1))
            self.action_pick()

    def _paint(self) -> None:
        pieces: list[tuple[str, str]] = []
        line = 0
        for which, choice in enumerate(self._choices):
            if which:
                pieces.append(("\n", ""))
            header = f"{choice.header}: " if choice.header else ""
            many = "  (several may be picked)" if choice.takes_many else ""
            pieces += [(clean(f"{header}{choice.question}"), "bold"), (many, "$fleet-muted")]
            for number, option in enumerate(choice.options):
                at = (which, number) == self._rows[self._cursor]
                if at:
                    line = sum(text.count("\n") for text, _ in pieces) + 1
                pieces += [("\n", ""), ("▸ " if at else "  ", "$fleet-accent")]
                is_on = number in self._picked[which] and not self._own[which]
                pieces.append((f"{'●' if is_on else '○'} {number + 1} ", "$fleet-accent"))
                pieces.append((clean(option.label), "bold" if is_on else ""))
                about = f"  {clean(option.description)}" if option.description else ""
                pieces.append((about, "$fleet-muted"))
            if self._own[which] or not choice.options:
                own = clean(self._own[which]) or "no answer yet; e writes one"
                pieces += [("\n  ● ", "$fleet-accent"), (own, "bold")]
        self.update(Content.assemble(*pieces))
        self.post_message(self.Moved(line))
