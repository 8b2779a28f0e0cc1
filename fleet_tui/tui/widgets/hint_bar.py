"""The last line of the screen: the keys that work where the focus is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import Static

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_HINTS = 7


class HintBar(Static):
    """Whole hints only: what does not fit is left to `?`."""

    DEFAULT_CSS = "HintBar { height: 1; padding: 0 1; background: $panel; dock: bottom; }"

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self._line = Content("")
        self.plain = ""
        """What it says, for tests."""

    def show(self, hints: Sequence[tuple[str, str, bool]], last: Sequence[tuple[str, str]]) -> None:
        """Show (key, word, can be done now) hints, then those that are always there."""
        width = max(10, self.size.width - 2)
        tail = [(key, word, True) for key, word in last]
        kept = list(hints[:MOST_HINTS])
        while kept and sum(len(k) + len(w) + 3 for k, w, _ in [*kept, *tail]) > width + 2:
            kept.pop()
        pieces: list[tuple[str, str]] = []
        for key, word, is_enabled in [*kept, *tail]:
            if pieces:
                pieces.append(("  ", ""))
            pieces.append((key, "bold $fleet-accent" if is_enabled else "$fleet-faint"))
            pieces.append((f" {word}", "$fleet-muted" if is_enabled else "$fleet-faint"))
        line = Content.assemble(*pieces)
        if not line.is_same(self._line):
            self._line = line
            self.plain = line.plain
            self.update(line, layout=False)
