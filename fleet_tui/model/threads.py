"""Conversations that agents keep on their hosts, as lists and searches show them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from fleet_tui.model.run import AgentName

DOCUMENT = "SESSION-HANDOFF.md"
"""Name of the file that tells who goes on in a folder what was done before."""
INCLUDE = f"First read {DOCUMENT} in this folder: it says what was done before and what is open."
"""What is put before a prompt, so that the agent takes the document up."""

Speaker = Literal["user", "assistant", "tool", "result"]
"""Who says it: the person, the agent, the agent's call of a tool, what the tool gave back."""


@dataclass(frozen=True, slots=True)
class Said:
    """One thing said in a conversation; the text is sanitized and may hold newlines."""

    speaker: Speaker
    text: str
    at: str = ""
    """ISO 8601, as the agent wrote it."""


@dataclass(frozen=True, slots=True)
class Thread:
    """One transcript; every text is sanitized and on one line."""

    host: str
    agent: AgentName
    session: str
    path: str
    """Where it lies on the host, absolute."""
    size: int
    changed_at: float
    """Unix seconds of the host's clock."""
    folder: str = ""
    """The folder the agent works in; empty where the transcript does not say."""
    branch: str = ""
    title: str = ""
    """What the person asked first."""


@dataclass(frozen=True, slots=True)
class HostThreads:
    """What was found on one host, newest first."""

    host: str
    threads: tuple[Thread, ...] = ()
    total: int = 0
    """How many transcripts the host has; more than are listed when the list was cut."""
    broken_lines: int = 0
    """Lines that could not be read and were passed over."""
    problem: str = ""
    """Why nothing could be read, one sentence."""


@dataclass(frozen=True, slots=True)
class ThreadHit:
    """A thread in which the text was found, and the first places of it."""

    thread: Thread
    said: tuple[Said, ...]
    """Cut to the words around what was found, on one line."""


@dataclass(frozen=True, slots=True)
class HostHits:
    """What a search found on one host, newest thread first."""

    host: str
    hits: tuple[ThreadHit, ...] = ()
    searched: int = 0
    """Transcripts that were looked into."""
    cut: str = ""
    """What was left out and why, one sentence; empty when all was searched."""
    broken_lines: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ThreadPage:
    """The end of one conversation."""

    thread: Thread
    said: tuple[Said, ...]
    is_cut: bool = False
    """True when there is more before it."""
    broken_lines: int = 0


@dataclass(frozen=True, slots=True)
class WaitingDocument:
    """A hand-off document that lies in a folder and can be read by the next run there."""

    host: str
    folder: str
    name: str
    session: str
    origin: str
    """The host the work came from."""
    written_at: float


def with_document(prompt: str) -> str:
    """Return a prompt that makes the agent read the hand-off document first."""
    return prompt if DOCUMENT in prompt else f"{INCLUDE}\n\n{prompt}".rstrip()
