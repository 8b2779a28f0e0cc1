"""Reads the event stream of Codex (`codex exec --json`), one run of it."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from fleet_tui.agents import codex_events as events
from fleet_tui.agents.codex_verdict import CodexRecord, judge
from fleet_tui.agents.jsonfields import integer, mapping, parse_object, text
from fleet_tui.agents.wording import bounded, raw_text
from fleet_tui.model.agent import AgentEvent
from fleet_tui.model.price import price_of
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    from fleet_tui.agents.jsonfields import JsonObject
    from fleet_tui.model.agent import AgentActivity, AgentRequest, Verdict
    from fleet_tui.transport.base import ExitStatus


class CodexParser:
    """State of one run. Codex sends no deltas: an answer comes when it is complete."""

    def __init__(self, request: AgentRequest | None = None) -> None:
        self._record = CodexRecord()
        if request is not None:
            self._record.model = request.model
            self._record.price = price_of(request.model, request.prices)
            self._record.is_going_on = request.resumes or bool(request.forks)
            self._record.tokens_before = request.thread_before
        self._started: deque[str] = deque(maxlen=1000)
        self._activity: AgentActivity = "starting"
        self._doing = ""

    @property
    def activity(self) -> AgentActivity:
        """What the agent is doing, from its last event."""
        return self._activity

    @property
    def doing(self) -> str:
        """The running command, why it waits, or empty."""
        return self._doing

    @property
    def cost_usd(self) -> float | None:
        """Reckoned from the price of the request; None once a thread began without one."""
        return self._record.cost_usd

    @property
    def session(self) -> str | None:
        """The thread id once Codex said so."""
        return self._record.session

    @property
    def model(self) -> str | None:
        """The model that was asked for: Codex does not name it."""
        return self._record.model

    def feed(self, line: bytes) -> list[AgentEvent]:
        """Take one line of standard output, without its newline."""
        if not line.strip():
            return []
        event = parse_object(line)
        if event is None:
            self._record.note_error_line(line)
            return [AgentEvent("raw", raw_text(line))]
        kind = text(event, "type")
        item = mapping(event, "item")
        if kind in ("item.started", "item.updated"):
            return self._item_started(item)
        if kind == "item.completed":
            return self._item_completed(item, line)
        if kind == "error":
            return self._error(text(event, "message"))
        return self._turn(kind, event, line)

    def feed_error(self, line: bytes) -> list[AgentEvent]:
        """Take one line of standard error."""
        if not line.strip():
            return []
        self._record.note_error_line(line)
        if denial := events.refused_command(line):
            self._record.denials += 1
            return [denial]
        return [AgentEvent("raw", raw_text(line), is_error=True)]

    def finish(self, status: ExitStatus) -> Verdict:
        """Return how the run ended."""
        verdict = judge(self._record, status)
        self._doing = ""
        if status.is_lost:
            self._activity = "unknown"
        elif verdict.succeeded:
            self._activity = "done"
        else:
            self._activity = "stopped" if verdict.outcome == "killed" else "failed"
        return verdict

    def _work(self, doing: str = "") -> None:
        self._activity = "working"
        self._doing = doing

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
