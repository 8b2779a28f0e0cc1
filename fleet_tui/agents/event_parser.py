"""What the parsers of agents that write a JSON object a line have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from fleet_tui.agents.jsonfields import parse_object, text
from fleet_tui.agents.wording import raw_text
from fleet_tui.model.agent import AgentEvent

if TYPE_CHECKING:
    from fleet_tui.agents.jsonfields import JsonObject
    from fleet_tui.model.agent import AgentActivity, Verdict
    from fleet_tui.transport.base import ExitStatus


class RunRecord(Protocol):
    """What was gathered of a run for its verdict."""

    session: str | None
    model: str | None

    def note_error_line(self, line: bytes) -> None:
        """Keep a line that is no event: it may be the only word on why the run failed."""


R = TypeVar("R", bound=RunRecord)


class EventParser(ABC, Generic[R]):
    """State of one run; each agent's parser says what its events mean and how it is judged."""

    def __init__(self, record: R) -> None:
        self._record = record
        self._activity: AgentActivity = "starting"
        self._doing = ""

    @property
    def activity(self) -> AgentActivity:
        """What the agent is doing, from its last event."""
        return self._activity

    @property
    def doing(self) -> str:
        """The tool and its main argument, `thinking`, why it waits, or empty."""
        return self._doing

    @property
    def session(self) -> str | None:
        """The session id: the one asked for, if any, until the agent says its own."""
        return self._record.session

    @property
    def model(self) -> str | None:
        """The model: as the agent names it, or as it was asked for."""
        return self._record.model

    def feed(self, line: bytes) -> list[AgentEvent]:
        """Take one line of standard output, without its newline."""
        if not line.strip():
            return []
        event = parse_object(line)
        if event is None:
            self._record.note_error_line(line)
            return [AgentEvent("raw", raw_text(line))]
        return self._read(text(event, "type"), event, line)

    def feed_error(self, line: bytes) -> list[AgentEvent]:
        """Take one line of standard error."""
        if not line.strip():
            return []
        self._record.note_error_line(line)
        return [AgentEvent("raw", raw_text(line), is_error=True)]

    def finish(self, status: ExitStatus) -> Verdict:
        """Return how the run ended."""
        verdict = self._verdict(status)
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

    @abstractmethod
    def _read(self, kind: str, event: JsonObject, line: bytes) -> list[AgentEvent]:
        """Return what an event of this kind says."""

    @abstractmethod
    def _verdict(self, status: ExitStatus) -> Verdict:
        """Return the verdict on all that was read."""
