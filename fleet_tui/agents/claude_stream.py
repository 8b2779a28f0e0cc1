"""The block of an answer that is streaming in: deltas out, each word once.

Deltas cut text anywhere, also inside an escape sequence, a CRLF or a surrogate pair; such an
unfinished end is held back until the rest of it came, so that what is sanitized is whole.
"""

from __future__ import annotations

import re

from fleet_tui.agents.wording import bounded
from fleet_tui.model.agent import AgentEvent
from fleet_tui.model.text import sanitize

_UNFINISHED = re.compile(
    r"(?:\r|[\ud800-\udbff]"
    r"|\x1b(?:\[[0-?]{0,64}[ -/]{0,8}|[\]PX^_][^\x07\x1b\n]{0,4096}\x1b?|[ -/]{0,4})?)\Z"
)
_SURROGATE = re.compile("[\ud800-\udfff]")

MAX_COMPARED = 4 << 20
"""Characters kept of a block to compare with its final text; a longer one is taken as equal."""


def _paired(text: str) -> str:
    """Return `text` with surrogate pairs joined to the character they mean."""
    if _SURROGATE.search(text) is None:
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


class StreamedText:
    """Text of the block in progress."""

    def __init__(self) -> None:
        self._held = ""
        self._seen: list[str] = []
        self._seen_length = 0

    @property
    def is_open(self) -> bool:
        """True while text was shown whose block has not ended."""
        return self._seen_length > 0

    def add(self, delta: str) -> list[AgentEvent]:
        """Take the next piece; returns what of it can be shown now."""
        if not delta:
            return []
        if self._seen_length <= MAX_COMPARED:
            self._seen.append(delta)
        self._seen_length += len(delta)
        pending = self._held + delta
        cut = _UNFINISHED.search(pending)
        self._held = pending[cut.start() :] if cut else ""
        return self._shown(pending[: cut.start()] if cut else pending)

    def finish(self, full: str) -> list[AgentEvent]:
        """End the block, whose final text is `full`; returns what was not shown, then the end."""
        if not self.is_open:
            return [AgentEvent("text", bounded(full, MAX_COMPARED))] if full else []
        seen, full = _paired("".join(self._seen)), _paired(full)
        if self._seen_length > MAX_COMPARED or full == seen:
            return self.close()
        if full.startswith(seen):
            return [*self.add(full[len(seen) :]), *self.close()]
        self.discard()
        void = AgentEvent("retry", "the answer came again, changed", discards_partial=True)
        return [void, *self.finish(full)]

    def close(self) -> list[AgentEvent]:
        """End the block with what came of it; returns nothing when none is open."""
        if not self.is_open:
            return []
        rest = self._shown(self._held)
        self.discard()
        return [*rest, AgentEvent("text")]

    def discard(self) -> bool:
        """Forget the block; returns whether any of it had been shown."""
        was_open = self.is_open
        self._held = ""
        self._seen.clear()
        self._seen_length = 0
        return was_open

    def _shown(self, text: str) -> list[AgentEvent]:
        return [AgentEvent("text-delta", sanitize(_paired(text)))] if text else []
