"""A field with a few values, changed with ← → or space."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.binding import Binding
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

if TYPE_CHECKING:
    from collections.abc import Sequence


class ChoiceField(Static, can_focus=True):
    """Shows all its values in a line, the chosen one marked by brackets and weight."""

    DEFAULT_CSS = """
    ChoiceField { height: 1; width: 1fr; }
    ChoiceField:focus { background: $fleet-cursor; }
    """
    BINDINGS = [
        Binding("left", "step(-1)", show=False),
        Binding("right,space", "step(1)", show=False),
    ]

    class Changed(Message):
        """Another value was chosen."""

        def __init__(self, field: ChoiceField) -> None:
            super().__init__()
            self.field = field

    def __init__(self, values: Sequence[tuple[str, str]], value: str, *, id: str) -> None:
        super().__init__("", markup=False, id=id)
        self._values = list(values)
        self.value = value
        self._paint()

    def action_step(self, step: int) -> None:
        """Choose the next or previous value."""
        keys = [key for key, _ in self._values]
        place = keys.index(self.value) if self.value in keys else 0
        self.value = keys[(place + step) % len(keys)]
        self._paint()
        self.post_message(self.Changed(self))

    def on_click(self) -> None:
        """Choose the next value."""
        self.focus()
        self.action_step(1)

    def _paint(self) -> None:
        pieces: list[tuple[str, str]] = []
        for key, label in self._values:
            if key == self.value:
                pieces.append((f"[{label}]", "bold $fleet-accent"))
            else:
                pieces.append((f" {label} ", "$fleet-muted"))
        self.update(Content.assemble(*pieces))
