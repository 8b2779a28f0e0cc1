"""What is sent to a service, and what the service said to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_tui.model.notice import Severity

AnswerState = Literal["accepted", "again", "refused"]


@dataclass(frozen=True, slots=True)
class Button:
    """An answer that can be given on the phone: it POSTs `body` to `url`."""

    label: str
    url: str
    body: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one service; redacted, sanitized, never markup."""

    id: str
    """The same in every attempt, so that a service that can may drop the second."""
    title: str
    text: str
    severity: Severity
    event: str
    source: str
    fleet: str
    """Who sends: a word made from the fleet's data folder, so that we know our own again."""
    via: tuple[str, ...] = ()
    """Other fleets that it has passed."""
    hops: int = 0
    count: int = 1
    click: str = ""
    buttons: tuple[Button, ...] = ()
    is_test: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request to be made; bodies are bytes, headers text."""

    method: str
    url: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Response:
    """What came back; `body` is cut at 64 KiB, header names are lower case."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ServiceAnswer:
    """What a response means."""

    state: AnswerState
    text: str
    """One clean line: the service's own words where it has some."""
    retry_after: float | None = None
    """Seconds the service asks us to wait."""
    receipt: str = ""
    """With which the service can be asked later whether a person has seen it."""
