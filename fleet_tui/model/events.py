"""What happened, past tense. The core publishes these on its bus; faces and stores listen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_tui.model.agent import AgentEvent
    from fleet_tui.model.host import HostFacts, LinkStatus
    from fleet_tui.model.notice import Notice
    from fleet_tui.model.run import Dispatch, Run
    from fleet_tui.model.snapshot import PartView
    from fleet_tui.model.task import Beat

Stream = Literal["stdout", "stderr"]


@dataclass(frozen=True, slots=True)
class LinkChanged:
    """A connection changed its state."""

    status: LinkStatus


@dataclass(frozen=True, slots=True)
class HostProbed:
    """A host answered what it is and which agents it has."""

    host: str
    facts: HostFacts


@dataclass(frozen=True, slots=True)
class DispatchStarted:
    """A dispatch passed its gate and is in the log."""

    dispatch: Dispatch
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class RunChanged:
    """A run moved on (`connecting`, `running`), or its cost or session became known."""

    run: Run


@dataclass(frozen=True, slots=True)
class OutputArrived:
    """Bytes of a plain command, as received; one event a chunk, never one a line."""

    run: str
    host: str
    stream: Stream
    offset: int
    """Position of the first byte of `data` in this stream of this run."""
    data: bytes


@dataclass(frozen=True, slots=True)
class AgentSpoke:
    """An agent said or did something."""

    run: str
    host: str
    event: AgentEvent


@dataclass(frozen=True, slots=True)
class RunFinished:
    """A run reached a final state and its closing line is written."""

    run: Run
    answer: str = ""


@dataclass(frozen=True, slots=True)
class DispatchFinished:
    """All runs of a dispatch are over."""

    dispatch: Dispatch
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class NoticeRaised:
    """Something a person should know."""

    notice: Notice


@dataclass(frozen=True, slots=True)
class PartChanged:
    """A part of the fleet (queue, peers, roles, ...) has a newer picture."""

    view: PartView


@dataclass(frozen=True, slots=True)
class LifeShown:
    """Something that runs by itself here (a mirror pull, a daemon) has beaten, or has ended."""

    beat: Beat
    has_ended: bool = False
    """True when it ended on purpose: nobody waits for its next beat."""


Event: TypeAlias = (
    LinkChanged
    | HostProbed
    | DispatchStarted
    | RunChanged
    | OutputArrived
    | AgentSpoke
    | RunFinished
    | DispatchFinished
    | NoticeRaised
    | PartChanged
    | LifeShown
)


class EventBus:
    """Delivers each event to every listener, in order, on the thread that publishes it."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[Event], None]] = []

    def subscribe(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Add `listener`; the returned function removes it again."""
        self._listeners.append(listener)

        def unsubscribe() -> None:
            if listener in self._listeners:
                self._listeners.remove(listener)

        return unsubscribe

    def publish(self, event: Event) -> None:
        """Hand `event` to every listener; a listener must not raise."""
        for listener in tuple(self._listeners):
            listener(event)
