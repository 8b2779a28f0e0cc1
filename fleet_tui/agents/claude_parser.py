"""Reads the event stream of Claude Code (`--output-format stream-json`), one run of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.agents import claude_events as events
from fleet_tui.agents.claude_record import ClaudeRecord
from fleet_tui.agents.claude_rights import check_mode, check_rights, expectation
from fleet_tui.agents.claude_servers import troubles
from fleet_tui.agents.claude_stream import StreamedText
from fleet_tui.agents.claude_verdict import judge
from fleet_tui.agents.event_parser import EventParser
from fleet_tui.agents.jsonfields import mapping, objects, text
from fleet_tui.agents.wording import bounded, raw_text, tool_summary
from fleet_tui.model.agent import AgentEvent
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    from fleet_tui.agents.claude_rights import RightsMismatch
    from fleet_tui.agents.jsonfields import JsonObject
    from fleet_tui.model.agent import AgentRequest, Verdict
    from fleet_tui.transport.base import ExitStatus

MAX_TOOL_CALLS_KEPT = 10_000
"""Ids remembered to name a result's tool; a run that makes more loses only that name."""


class ClaudeParser(EventParser[ClaudeRecord]):
    """State of one run: what was said, what it cost, what it is doing."""

    def __init__(self, request: AgentRequest | None = None) -> None:
        super().__init__(
            ClaudeRecord(
                session=request.session if request else None,
                prices=request.prices if request else (),
            )
        )
        self._expected = expectation(request) if request else None
        self._stream = StreamedText()
        self._tools: dict[str, str] = {}
        self._introduction = ""
        self._limit_text = ""

    @property
    def cost_usd(self) -> float | None:
        """US dollars of the turns that are over; None before the first is."""
        return self._record.cost_usd

    def _read(self, kind: str, event: JsonObject, line: bytes) -> list[AgentEvent]:
        if kind == "stream_event":
            return self._stream_event(event)
        if kind == "assistant":
            return self._assistant(event)
        if kind == "user":
            return self._user(event)
        if kind == "system":
            return self._system(event, line)
        if kind == "result":
            return self._result(event)
        if kind == "rate_limit_event":
            return self._limit(event)
        if kind in events.SILENT_TYPES:
            return []
        return [events.raw_event(event, raw_text(line))]

    def _verdict(self, status: ExitStatus) -> Verdict:
        return judge(self._record, status)

    def _work(self, doing: str = "") -> None:
        super()._work(doing)
        self._record.is_turn_open = True

    def _stream_event(self, event: JsonObject) -> list[AgentEvent]:
        if event.get("parent_tool_use_id") is not None:
            self._record.has_subagents = True
            return []
        raw = mapping(event, "event")
        kind = text(raw, "type")
        if kind == "message_start":
            self._work()
            self._record.note_message(mapping(raw, "message"))
            if self._stream.discard():
                return [AgentEvent("retry", "the answer starts again", discards_partial=True)]
        elif kind == "message_delta":
            self._record.note_growth(mapping(raw, "usage"))
        elif kind == "content_block_start":
            block = mapping(raw, "content_block")
            if text(block, "type") == "thinking":
                self._work("thinking")
            elif text(block, "type") == "tool_use":
                self._work(one_line(text(block, "name"), 80))
            else:
                self._work()
            return self._stream.close()
        elif kind == "content_block_delta":
            delta = mapping(raw, "delta")
            if text(delta, "type") == "text_delta":
                self._work()
                return self._stream.add(text(delta, "text"))
        return []

    def _assistant(self, event: JsonObject) -> list[AgentEvent]:
        message = mapping(event, "message")
        is_subagent = event.get("parent_tool_use_id") is not None
        self._record.has_subagents = self._record.has_subagents or is_subagent
        if event.get("is_api_error_message") is True:
            return self._api_error(event, message)
        self._work(self._doing)
        self._record.was_cut_off = event.get("aborted") is True
        if self._record.was_cut_off:
            self._activity, self._doing = "stopped", ""
        if not is_subagent and (model := one_line(text(message, "model"), 80)):
            self._record.model = model
        spoken: list[AgentEvent] = []
        for block in objects(message, "content"):
            spoken += self._block(block, is_subagent=is_subagent)
        return spoken

    def _api_error(self, event: JsonObject, message: JsonObject) -> list[AgentEvent]:
        self._record.is_turn_open = True
        self._record.api_error = one_line(text(event, "error"), 60)
        words = " ".join(text(block, "text") for block in objects(message, "content"))
        return [
            *self._stream.close(),
            AgentEvent("error", bounded(words, 4000) or self._record.api_error, is_error=True),
        ]

    def _block(self, block: JsonObject, *, is_subagent: bool) -> list[AgentEvent]:
        kind = text(block, "type")
        if kind == "text":
            words = text(block, "text")
            if is_subagent:
                return [AgentEvent("text", bounded(words), is_subagent=True)] if words else []
            self._doing = ""
            return self._stream.finish(words)
        if kind == "thinking":
            thought = bounded(text(block, "thinking"))
            return [AgentEvent("thinking", thought, is_subagent=is_subagent)] if thought else []
        if kind in ("tool_use", "server_tool_use"):
            return [self._tool_call(block, is_subagent=is_subagent)]
        return []

    def _tool_call(self, block: JsonObject, *, is_subagent: bool) -> AgentEvent:
        name = one_line(text(block, "name"), 80) or "unnamed tool"
        use = one_line(text(block, "id"), 80)
        if len(self._tools) < MAX_TOOL_CALLS_KEPT:
            self._tools[use] = name
        summary = tool_summary(name, mapping(block, "input"), self._record.cwd)
        self._doing = summary
        return AgentEvent("tool", summary, tool=name, tool_use=use, is_subagent=is_subagent)

    def _user(self, event: JsonObject) -> list[AgentEvent]:
        """Take tool results; other words in the user's name are the CLI's own, or ours."""
        self._work()
        is_subagent = event.get("parent_tool_use_id") is not None
        spoken = []
        for block in objects(mapping(event, "message"), "content"):
            if text(block, "type") != "tool_result":
                continue
            use = one_line(text(block, "tool_use_id"), 80)
            result = events.tool_result(block, self._tools.get(use, ""), is_subagent=is_subagent)
            if tool := events.missing_tool(result):
                spoken += self._denied(
                    AgentEvent("denied", f"{tool}: not in this mode", tool=tool, tool_use=use)
                )
            spoken.append(result)
        return spoken

    def _denied(self, event: AgentEvent) -> list[AgentEvent]:
        """Return the denial, the first time this call's is heard of."""
        key = event.tool_use or f"unnamed {len(self._record.denied)}"
        if key in self._record.denied:
            return []
        self._record.denied[key] = event.tool or "a tool"
        return [event]

    def _system(self, event: JsonObject, line: bytes) -> list[AgentEvent]:
        subtype = text(event, "subtype")
        if subtype == "init":
            return self._init(event)
        if subtype == "permission_denied":
            return self._denied(events.denied(event))
        if subtype == "api_retry":
            retry = events.retry(event, discards_partial=self._stream.discard())
            self._work(retry.text)
            self._activity = events.retry_activity(event)
            return [retry]
        if subtype == "status" and isinstance(event.get("permissionMode"), str):
            return self._mode_changed(text(event, "permissionMode"))
        if notice := events.notice(event):
            return [notice]
        if subtype in events.SILENT_SUBTYPES or subtype in ("informational", "notification"):
            return []
        return [events.raw_event(event, raw_text(line))]

    def _init(self, event: JsonObject) -> list[AgentEvent]:
        self._work()
        record = self._record
        record.was_started = True
        record.session = one_line(text(event, "session_id"), 80) or record.session
        record.model = one_line(text(event, "model"), 80) or record.model
        record.cwd = one_line(text(event, "cwd"), 4096)
        spoken = []
        version = one_line(text(event, "claude_code_version"), 40)
        words = (f"claude {version}".strip(), record.model, text(event, "permissionMode"))
        introduction = " · ".join(one_line(word, 80) for word in words if word)
        if introduction != self._introduction:
            self._introduction = introduction
            spoken.append(AgentEvent("init", introduction))
            spoken += troubles(event, self._expected.servers if self._expected else ())
        return spoken + self._check_rights(event)

    def _check_rights(self, event: JsonObject) -> list[AgentEvent]:
        return self._judge(check_rights(self._expected, event)) if self._expected else []

    def _mode_changed(self, mode: str) -> list[AgentEvent]:
        """Take note that the agent changed its permission mode in the middle of its run."""
        return self._judge(check_mode(self._expected, mode)) if self._expected else []

    def _judge(self, mismatch: RightsMismatch | None) -> list[AgentEvent]:
        if mismatch is None:
            return []
        return self._violated(mismatch.sentence, mismatch.mend, is_harmless=mismatch.is_less)

    def _violated(self, sentence: str, mend: str, *, is_harmless: bool) -> list[AgentEvent]:
        """Return the event that stops the run, the first time something is not as asked."""
        if self._record.violation:
            return []
        self._record.violation = sentence
        self._record.violation_mend = mend
        self._record.is_harmless = is_harmless
        return [AgentEvent("error", sentence, is_error=True, must_stop=True)]

    def _limit(self, event: JsonObject) -> list[AgentEvent]:
        limit = events.limit(event)
        if limit is None or limit.text == self._limit_text:
            return []
        self._limit_text = limit.text
        if limit.is_error:
            self._record.resets_at = limit.resets_at
            self._activity, self._doing = "blocked-limit", limit.text
        return [limit]

    def _result(self, event: JsonObject) -> list[AgentEvent]:
        spoken = self._stream.close()
        for denial in objects(event, "permission_denials"):
            spoken += self._denied(events.denied(denial))
        self._record.note_result(event)
        summary = events.result(event)
        self._activity = "failed" if summary.is_error else "done"
        if text(event, "terminal_reason").startswith("aborted"):
            self._activity = "stopped"
        self._doing = ""
        return [*spoken, summary]
