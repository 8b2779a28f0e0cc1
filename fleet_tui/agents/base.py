"""The protocol every agent adapter follows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_tui.model.agent import AgentActivity, AgentEvent, AgentRequest, Verdict
    from fleet_tui.model.question import Answer, Question
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
    """Sent and then closed; None closes it at once, unless `keeps_stdin_open`."""
    keeps_stdin_open: bool = False
    """True for a run that is led by a `Dialogue`: it decides what is sent, and when to close."""


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


class Dialogue(StreamParser, Protocol):
    """A run that is spoken with: a parser that also says what to write to the process. No I/O.

    The caller writes `opening()` once; after each `feed` it writes `take_output()`, and closes
    standard input when `wants_stdin_open` has become False. Calls that return bytes are followed by
    nothing else: the bytes are written at once, in order. Each return value is whole lines.

    After contact was lost, a fresh dialogue is fed all that the run has written since its first
    byte, between `begin_replay` and `end_replay`: it then knows what was sent, asked and answered.
    Nothing is sent for what is read again; `end_replay` returns what never arrived, in a form that
    is harmless if it did. Its open questions have to be answered anew.
    """

    @property
    def wants_stdin_open(self) -> bool:
        """False when nothing more will be said: close standard input after `take_output()`.

        To close it earlier answers every open question with a denial, and the run goes on.
        """

    @property
    def questions(self) -> tuple[Question, ...]:
        """What waits for an answer, oldest first; `host` and `asked_at` are left to the caller."""

    def opening(self) -> bytes:
        """Return what to write as soon as the process runs. The prompt is not in it."""

    def take_output(self) -> bytes:
        """Return what the lines fed so far call for, once; often nothing."""

    def answer(self, question: str, answer: Answer) -> bytes:
        """Return what tells the agent; raises UsageError for a question that is not open.

        Also for an answer that does not fit it, which then stays open.
        """

    def say(self, identifier: str, text: str) -> bytes:
        """Return what tells the agent something more; raises UsageError when it is too late.

        An `identifier` that its session knows already is passed over by the agent.
        """

    def has_echoed(self, identifier: str) -> bool:
        """Tell whether the agent said back what it was told under this identifier."""

    def interrupt(self) -> bytes:
        """Return what makes the agent stop and report; a prompt not yet sent never will be."""

    def begin_replay(self) -> None:
        """Take the next lines as read before: answer none of them."""

    def end_replay(self) -> bytes:
        """Return what to write before anything else, and be live again."""


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

    def dialogue(self, request: AgentRequest) -> Dialogue | None:
        """Return a fresh dialogue, to be used instead of `parser`; None when there is none to lead.

        It is one exactly when `command(request).keeps_stdin_open`.
        """
