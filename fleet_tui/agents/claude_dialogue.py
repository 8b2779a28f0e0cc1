"""Leads a run of Claude Code that can ask: settings first, then the prompt, then the questions.

Nothing is allowed here that nobody answered, and the prompt is not sent before the agent has said
that it took our settings, is in the permission mode asked for, and has no MCP server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from fleet_tui.agents import claude_control as control
from fleet_tui.agents import claude_question as questions
from fleet_tui.agents.claude_command import prompt_of, session_of
from fleet_tui.agents.claude_parser import ClaudeParser
from fleet_tui.agents.claude_rights import check_mode, check_model, check_servers, check_version
from fleet_tui.agents.claude_settings import applied_model, settings_document, settings_fault
from fleet_tui.agents.jsonfields import integer, mapping, objects, text
from fleet_tui.model.agent import AgentEvent
from fleet_tui.model.errors import UsageError
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    from fleet_tui.agents.claude_question import Pending
    from fleet_tui.agents.claude_rights import RightsMismatch
    from fleet_tui.agents.jsonfields import JsonObject
    from fleet_tui.model.agent import AgentActivity, AgentRequest, Verdict
    from fleet_tui.model.question import Answer, Question
    from fleet_tui.transport.base import ExitStatus

Stage = Literal["verifying", "talking", "ending"]

MAX_PENDING = 1000
"""Questions kept at once; an agent that asks more is refused the rest."""

_SETTINGS_MEND = "correct that setting: one that is invalid voids all others, those that deny too"


class ClaudeDialogue(ClaudeParser):
    """State of one conversation; see `fleet_tui.agents.base.Dialogue`.

    Raises UsageError for a request without prompt or session, as `command` does.
    """

    def __init__(self, request: AgentRequest) -> None:
        super().__init__(request)
        self._run = request.run
        self._settings = settings_document(request)
        self._session_id = session_of(request)
        self._message_id = control.message_id(self._session_id, request.run)
        self._prompt = control.message(prompt_of(request), self._message_id)
        self._stage: Stage = "verifying"
        self._awaited = set(control.OPENING)
        self._pending: dict[str, Pending] = {}
        self._refused: dict[str, bytes] = {}
        self._output = bytearray()
        self._is_prompt_taken = False
        self._is_replaying = False
        self._echoed: set[str] = set()

    @property
    def activity(self) -> AgentActivity:
        """What the agent is doing; blocked as long as any question is open."""
        waits = self.questions
        if not waits:
            return super().activity
        return "blocked-input" if waits[0].kind == "choice" else "blocked-permission"

    @property
    def doing(self) -> str:
        """What the oldest open question is about, or what the agent is doing."""
        waits = next((p for p in self._pending.values() if not p.is_answered), None)
        return one_line(questions.asked_event(waits).text, 200) if waits else super().doing

    @property
    def wants_stdin_open(self) -> bool:
        """False once the answer came, or nothing is to be said any more."""
        return self._stage != "ending"

    @property
    def questions(self) -> tuple[Question, ...]:
        """What waits for an answer, oldest first."""
        return tuple(p.question for p in self._pending.values() if not p.is_answered)

    def opening(self) -> bytes:
        """Return the requests by which the run is verified."""
        return b"".join(map(control.ask, control.OPENING))

    def take_output(self) -> bytes:
        """Return what the lines fed so far call for, once."""
        data = bytes(self._output)
        self._output.clear()
        return data

    def answer(self, question: str, answer: Answer) -> bytes:
        """Return what tells the agent; raises UsageError when the question or answer is not fit."""
        pending = self._pending.get(question)
        if pending is None or pending.is_answered or self._is_replaying:
            raise UsageError("that question is not open any more")
        line = questions.answer_line(pending, answer)
        pending.is_answered = True
        return line

    def say(self, identifier: str, text: str) -> bytes:
        """Return a further user message; raises UsageError before the prompt and after the end."""
        if self._stage != "talking" or self._is_replaying:
            raise UsageError("this run does not listen now")
        return control.message(text.encode(), control.message_id(self._session_id, identifier))

    def has_echoed(self, identifier: str) -> bool:
        """Tell whether a message came back: it does once it stands in the session's transcript."""
        return control.message_id(self._session_id, identifier) in self._echoed

    def interrupt(self) -> bytes:
        """Return what makes the agent stop; before the prompt was sent, it never will be."""
        if self._stage == "talking":
            return control.ask(control.INTERRUPT)
        if self._stage == "verifying":
            self._record.was_told_to_stop = True
        self._stage = "ending"
        return b""

    def begin_replay(self) -> None:
        """Take the next lines as read before: answer none of them."""
        self._is_replaying = True

    def end_replay(self) -> bytes:
        """Return the lines of ours that the run shows no sign of, and be live again."""
        self._is_replaying = False
        lines = list(self._refused.values())
        if self._stage == "verifying":
            lines += [control.ask(name) for name in control.OPENING if name in self._awaited]
        elif self._stage == "talking" and not self._is_prompt_taken:
            lines.append(self._prompt)
        elif self._record.violation and self._record.is_turn_open:
            lines.append(control.ask(control.INTERRUPT))
        return b"".join(lines)

    def finish(self, status: ExitStatus) -> Verdict:
        """Return how the run ended; nothing waits for an answer any more."""
        self._pending.clear()
        self._stage = "ending"
        return super().finish(status)

    def _send(self, line: bytes) -> None:
        if not self._is_replaying:
            self._output += line

    def _read(self, kind: str, event: JsonObject, line: bytes) -> list[AgentEvent]:
        if kind == "control_request":
            return self._asked(event, line)
        if kind == "control_response":
            return self._responded(mapping(event, "response"))
        if kind == "control_cancel_request":
            return self._close(text(event, "request_id"))
        if kind == "command_lifecycle" and event.get("command_uuid") == self._message_id:
            self._is_prompt_taken = True
            if text(event, "state") == "cancelled" and not self._record.was_started:
                self._record.was_told_to_stop = True
                self._stage = "ending"
        return super()._read(kind, event, line)

    def _asked(self, event: JsonObject, line: bytes) -> list[AgentEvent]:
        """Open a question. Other requests are turned down: left alone, they would wait for ever."""
        pending = questions.read_question(event, self._run, self._record.cwd)
        if pending is None or len(self._pending) >= MAX_PENDING:
            identifier = text(event, "request_id")
            refusal = control.unsupported(identifier)
            if len(self._refused) < MAX_PENDING:
                self._refused[identifier] = refusal
            self._send(refusal)
            what = one_line(text(mapping(event, "request"), "subtype"), 60) or "something unknown"
            return [AgentEvent("warning", f"the agent asked for {what}, which was turned down")]
        known = self._pending.get(pending.question.id)
        if known is not None and not known.is_answered:
            return []
        self._pending[pending.question.id] = pending
        self._record.is_turn_open = True
        return [*self._stream.close(), questions.asked_event(pending)]

    def _close(self, identifier: str, decision: JsonObject | None = None) -> list[AgentEvent]:
        pending = self._pending.pop(identifier, None)
        return [questions.closed_event(pending, decision)] if pending else []

    def _responded(self, response: JsonObject) -> list[AgentEvent]:
        """Take an answer to our requests, or the echo of our answer to one of the agent's."""
        identifier = text(response, "request_id")
        body = mapping(response, "response")
        if identifier not in control.SUBTYPES:
            self._refused.pop(identifier, None)
            return self._close(identifier, body)
        is_refused = text(response, "subtype") != "success"
        if identifier not in self._awaited or self._stage != "verifying":
            why = one_line(text(response, "error"), 200)
            words = f"the agent did not take the interrupt: {why}"
            return [AgentEvent("warning", words)] if is_refused else []
        self._awaited.discard(identifier)
        if is_refused:
            what = control.SUBTYPES[identifier]
            return self._violated(f"the agent does not answer {what}", "", is_harmless=True)
        fault = self._verify(identifier, body)
        if not fault and not self._awaited:
            self._stage = "talking"
            self._send(self._prompt)
        return fault

    def _verify(self, identifier: str, body: JsonObject) -> list[AgentEvent]:
        """Return the event that stops the run when an answer to the opening is not as asked."""
        assert self._expected is not None
        mismatch: RightsMismatch | None = None
        if identifier == control.SETTINGS:
            if fault := settings_fault(self._settings, body):
                return self._violated(fault, _SETTINGS_MEND, is_harmless=True)
            mismatch = check_model(self._expected, applied_model(body))
        elif identifier == control.SERVERS:
            mismatch = check_servers(self._expected, body, "mcpServers")
        else:
            mode = text(body, "current_permission_mode")
            version = text(body, "claude_code_version")
            mismatch = check_mode(self._expected, mode) or check_version(version)
        if mismatch is None:
            return []
        return self._violated(mismatch.sentence, mismatch.mend, is_harmless=True)

    def _violated(self, sentence: str, mend: str, *, is_harmless: bool) -> list[AgentEvent]:
        """Say nothing more to an agent that is not as asked, but that it shall stop."""
        if self._stage == "talking":
            self._send(control.ask(control.INTERRUPT))
        self._stage = "ending"
        return super()._violated(sentence, mend, is_harmless=is_harmless)

    def _user(self, event: JsonObject) -> list[AgentEvent]:
        if event.get("isReplay") is True:
            self._echoed.add(text(event, "uuid"))
            self._is_prompt_taken = self._is_prompt_taken or event.get("uuid") == self._message_id
            return []
        spoken: list[AgentEvent] = []
        for block in objects(mapping(event, "message"), "content"):
            use = one_line(text(block, "tool_use_id"), 80)
            if text(block, "type") == "tool_result" and use:
                spoken += self._settled(use)
        return spoken + super()._user(event)

    def _settled(self, tool_use: str) -> list[AgentEvent]:
        """Close what was asked about a call that has its result: also without an echo."""
        settled = [i for i, p in self._pending.items() if p.question.tool_use == tool_use]
        return [event for identifier in settled for event in self._close(identifier)]

    def _init(self, event: JsonObject) -> list[AgentEvent]:
        self._is_prompt_taken = True
        return super()._init(event)

    def _result(self, event: JsonObject) -> list[AgentEvent]:
        """End the turn; with nothing queued behind it, end the conversation."""
        spoken = [e for identifier in tuple(self._pending) for e in self._close(identifier)]
        if not integer(event, "queued_turn_count"):
            self._stage = "ending"
        return spoken + super()._result(event)
