"""Turns what an agent says into the lines of its run's view."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.model.snapshot import LineTag, ViewLine
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    from fleet_tui.model.agent import AgentEvent, AgentKind, Verdict

MAX_RESULT_LINES = 12
"""Lines shown of one tool result; the rest is counted."""

MAX_TAIL_CHARACTERS = 8_000
"""An unfinished line that grows beyond it is broken."""

_TAGS: dict[AgentKind, LineTag] = {
    "init": "m",
    "text": "t",
    "thinking": "k",
    "tool": "c",
    "denied": "d",
    "question": "q",
    "answer": "q",
    "retry": "m",
    "limit": "m",
    "warning": "m",
    "error": "x",
    "result": "a",
    "raw": "o",
}

_LABELS: dict[AgentKind, str] = {
    "denied": "denied ",
    "limit": "limit: ",
    "retry": "retry: ",
    "warning": "warning: ",
}

_ENDS_THE_LINE: frozenset[AgentKind] = frozenset(
    {"text", "thinking", "tool", "question", "answer", "error", "result"}
)
"""Events after which the streamed block cannot go on. Others are written above its last line."""

Line = tuple[LineTag, str]


class TranscriptWriter:
    """Writes the view of one run: finished lines out, the growing one in `tail`."""

    def __init__(self) -> None:
        self._tail = ""
        self._last_error = ""

    @property
    def tail(self) -> ViewLine | None:
        """The unfinished last line of the answer, None when there is none."""
        return ViewLine("t", self._tail) if self._tail else None

    def write(self, event: AgentEvent) -> list[Line]:
        """Return the lines that `event` finishes, oldest first; none holds a newline."""
        if event.kind == "text-delta":
            return self._grow(event.text)
        before: list[Line] = []
        if event.discards_partial:
            self._tail = ""
        elif event.kind in _ENDS_THE_LINE and not event.is_subagent:
            before = self._flush()
        if event.kind == "tool-result":
            return before + self._result(event)
        if not event.text:
            return before
        if event.kind == "error":
            self._last_error = event.text
        tag = _TAGS[event.kind]
        if event.is_error and event.kind == "raw":
            tag = "e"
        if event.is_error and event.kind == "limit":
            tag = "x"
        prefix = ("↳ " if event.is_subagent else "") + _LABELS.get(event.kind, "")
        return before + [(tag, prefix + line) for line in event.text.split("\n")]

    def close(self, verdict: Verdict | None = None) -> list[Line]:
        """Return what is left when the run is over: the last line, why it failed, what mends it."""
        lines = self._flush()
        if verdict is None or verdict.outcome == "ok":
            return lines
        tag: LineTag = "d" if verdict.succeeded else "x"
        is_known = not verdict.reason or one_line(self._last_error, 400) == verdict.reason
        lines.append((tag, verdict.outcome if is_known else f"{verdict.outcome}: {verdict.reason}"))
        if verdict.mend:
            lines.append(("m", f"mend: {verdict.mend}"))
        return lines

    def _grow(self, delta: str) -> list[Line]:
        *finished, self._tail = (self._tail + delta).split("\n")
        lines: list[Line] = [("t", line) for line in finished]
        while len(self._tail) > MAX_TAIL_CHARACTERS:
            lines.append(("t", self._tail[:MAX_TAIL_CHARACTERS]))
            self._tail = self._tail[MAX_TAIL_CHARACTERS:]
        return lines

    def _flush(self) -> list[Line]:
        tail, self._tail = self._tail, ""
        return [("t", tail)] if tail else []

    def _result(self, event: AgentEvent) -> list[Line]:
        """Return the first lines of a tool result, indented below its call."""
        indent = "↳   " if event.is_subagent else "  "
        if not event.text:
            return [("r", f"{indent}(error)")] if event.is_error else []
        lines = event.text.split("\n")
        shown = len(lines) if len(lines) <= MAX_RESULT_LINES + 1 else MAX_RESULT_LINES
        tag: LineTag = "r"
        written: list[Line] = [(tag, indent + line) for line in lines[:shown]]
        if shown < len(lines):
            written.append((tag, f"{indent}… {len(lines) - shown:,} more lines"))
        if event.is_error and written:
            written[0] = (tag, f"{indent}error: {lines[0]}")
        return written
