"""Reads the event stream of Codex (`codex exec --json`), one run of it."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from fleet_tui.agents import codex_events as events
from fleet_tui.agents.codex_verdict import CodexRecord, judge
from fleet_tui.agents.event_parser import EventParser
from fleet_tui.agents.jsonfields import integer, mapping, text
from fleet_tui.agents.wording import bounded, raw_text
from fleet_tui.model.agent import AgentEvent
from fleet_tui.model.price import price_of
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    from fleet_tui.agents.jsonfields import JsonObject
    from fleet_tui.model.agent import AgentRequest, Verdict
    from fleet_tui.transport.base import ExitStatus


class CodexParser(EventParser[CodexRecord]):
    """State of one run. Codex sends no deltas: an answer comes when it is complete.

    It does not name its model either: that is the one that was asked for.
    """

    def __init__(self, request: AgentRequest | None = None) -> None:
        super().__init__(CodexRecord())
        if request is not None:
            self._record.model = request.model
            self._record.price = price_of(request.model, request.prices)
            self._record.is_going_on = request.resumes or bool(request.forks)
            self._record.tokens_before = request.thread_before
        self._started: deque[str] = deque(maxlen=1000)

    @property
    def cost_usd(self) -> float | None:
        """Reckoned from the price of the request; None once a thread began without one."""
        return self._record.cost_usd

    def _read(self, kind: str, event: JsonObject, line: bytes) -> list[AgentEvent]:
        item = mapping(event, "item")
        if kind in ("item.started", "item.updated"):
            return self._item_started(item)
        if kind == "item.completed":
            return self._item_completed(item, line)
        if kind == "error":
            return self._error(text(event, "message"))
        return self._turn(kind, event, line)

    def feed_error(self, line: bytes) -> list[AgentEvent]:
        """Take one line of standard error; a command that was refused is only told there."""
        told = super().feed_error(line)
        if denial := events.refused_command(line):
            self._record.denials += 1
            return [denial]
        return told

    def _verdict(self, status: ExitStatus) -> Verdict:
        return judge(self._record, status)

    def _turn(self, kind: str, event: JsonObject, line: bytes) -> list[AgentEvent]:
        record = self._record
        if kind == "thread.started":
            record.session = one_line(text(event, "thread_id"), 80) or record.session
            self._work()
            return [AgentEvent("init", f"codex · thread {record.session or 'without a name'}")]
        if kind == "turn.started":
            record.has_started = record.is_turn_open = True
            self._work()
            return []
        if kind == "turn.completed":
            record.is_turn_open, record.is_complete = False, True
            record.note_usage(mapping(event, "usage"))
            self._activity, self._doing = "done", ""
            return [AgentEvent("result", self._tokens(mapping(event, "usage")))]
        if kind == "turn.failed":
            record.is_turn_open, record.is_complete = False, False
            record.failure = text(mapping(event, "error"), "message") or record.failure
            record.failure = record.failure or "the turn failed"
            self._activity, self._doing = "failed", ""
            return [AgentEvent("result", "failed", is_error=True)]
        return [AgentEvent("raw", f"{one_line(kind, 60) or 'unnamed'} {raw_text(line)[:400]}")]

    def _tokens(self, usage: JsonObject) -> str:
        """Return the summary line; the counts are of the whole thread so far."""
        into, out = integer(usage, "input_tokens"), integer(usage, "output_tokens")
        if into is None or out is None:
            return "done"
        return f"done · {into:,} tokens in, {out:,} out"

    def _item_started(self, item: JsonObject) -> list[AgentEvent]:
        call = events.call(item)
        if call is None or call.tool_use in self._started:
            return []
        self._started.append(call.tool_use)
        self._record.was_answered = True
        self._work(call.text)
        return [call]

    def _item_completed(self, item: JsonObject, line: bytes) -> list[AgentEvent]:
        spoken = self._item_started(item)
        self._work()
        if result := events.outcome(item):
            return [*spoken, result]
        remark = events.remark(item)
        if remark is None:
            return spoken or ([] if events.call(item) else [events.raw_item(item, line)])
        if remark.kind != "warning":
            self._record.was_answered = True
        if remark.kind == "text":
            self._record.answer = remark.text
        return [remark] if remark.text else []

    def _error(self, message: str) -> list[AgentEvent]:
        shown = bounded(message, 4000)
        if events.is_retry(message):
            waits = events.is_waiting_for_network(message)
            self._activity = "blocked-network" if waits else "working"
            self._doing = one_line(message)
            self._record.is_waiting = waits
            return [AgentEvent("retry", shown)]
        self._record.failure = message
        return [AgentEvent("error", shown or "an error without words", is_error=True)]
