"""The protocol every agent adapter follows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_tui.model.agent import AgentActivity, AgentEvent, AgentRequest, Verdict
    from fleet_tui.model.run import AgentName, Mode
    from fleet_tui.transport.base import ExitStatus, SignalName


@dataclass(frozen=True, slots=True)
class CommandLine:
    """What to start on the host, before it is quoted for the host's shell."""

    argv: tuple[str, ...] = ()
    script: str | None = None
    """A shell command as typed, instead of `argv`."""
    env: Mapping[str, str] = field(default_factory=dict)
    stdin: bytes | None = None
    """Sent and then closed; None closes it at once."""


class StreamParser(Protocol):
    """Reads one run's output. Never raises on what a host sends; unknown events come out `raw`.

    A block of the answer that was streamed as `text-delta` ends with a `text` whose text is empty:
    it closes the line and repeats nothing. A `raw` with `is_error` is a line of standard error.
    """

    @property
    def activity(self) -> AgentActivity:
        """What the agent is doing, from its last event."""

    @property
    def doing(self) -> str:
        """A few sanitized words on it: the tool and its main argument, or empty."""

    @property
    def cost_usd(self) -> float | None:
        """Cost so far, None while unknown."""

    @property
    def session(self) -> str | None:
        """The agent's session id once it said so."""

    @property
    def model(self) -> str | None:
        """The model once the agent said so."""

    def feed(self, line: bytes) -> list[AgentEvent]:
        """Take one line of standard output, without its newline."""

    def feed_error(self, line: bytes) -> list[AgentEvent]:
        """Take one line of standard error."""

    def finish(self, status: ExitStatus) -> Verdict:
        """Return how the run ended; called once, after the last line."""


class AgentAdapter(Protocol):
    """One kind of agent."""

    @property
    def name(self) -> AgentName:
        """Its name in fleet.toml and on the command line."""

    @property
    def modes(self) -> frozenset[Mode]:
        """The modes it can really hold an agent to."""

    @property
    def speaks(self) -> Literal["bytes", "events"]:
        """`bytes`: output is shown as it is; `events`: output is parsed by `parser()`."""

    @property
    def interrupt(self) -> SignalName:
        """The signal that makes it stop cleanly and report."""

    def command(self, request: AgentRequest) -> CommandLine:
        """Return what to start; raises UsageError for a request it cannot carry out."""

    def parser(self, request: AgentRequest | None = None) -> StreamParser:
        """Return a fresh parser for one run.

        With the `request` the command line was made from, the parser also checks that the agent
        runs with the rights asked for, and says so with an event that `must_stop` if not.
        """
