"""What an agent asks before it goes on, and what a person may answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

QuestionKind = Literal["command", "tool", "choice"]
"""`command`: may this shell command run; `tool`: may this tool be called; `choice`: the agent wants
to know something."""


@dataclass(frozen=True, slots=True)
class Option:
    """One answer that the agent offers; strings are sanitized."""

    label: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing an agent wants to know; strings are sanitized."""

    question: str
    header: str = ""
    options: tuple[Option, ...] = ()
    takes_many: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """A call that waits for a person. Every string is sanitized; the agent waits without limit."""

    id: str
    """The agent's own, unique within its run."""
    run: str
    tool: str
    kind: QuestionKind
    text: str
    """The command in full; of other tools the arguments in full, as indented JSON."""
    is_exact: bool = True
    """False when `text` is not all of it, or had characters that must not reach a terminal."""
    details: str = ""
    """Arguments beside the command, as JSON; empty when there are none."""
    description: str = ""
    """What the call is for, in the agent's own words: a claim, not a fact."""
    cwd: str = ""
    why: str = ""
    """The rule by which the agent must ask; empty when it does not say."""
    path: str = ""
    """What the call reaches that it may not; empty when it is not about a path."""
    tool_use: str = ""
    choices: tuple[Choice, ...] = ()
    """What is asked, when `kind` is `choice`."""
    is_subagent: bool = False
    host: str = ""
    """Filled in by whoever drives the run."""
    asked_at: float = 0.0
    """Unix seconds, filled in by whoever drives the run."""


@dataclass(frozen=True, slots=True)
class Allow:
    """Let the call run as it stands, this once."""


@dataclass(frozen=True, slots=True)
class AllowEdited:
    """Let this run instead. The agent holds it against none of its rules: what is typed, runs."""

    text: str
    """A command for a `command`; the arguments as a JSON object for a `tool`."""


@dataclass(frozen=True, slots=True)
class Choose:
    """Answer a `choice`."""

    answers: tuple[str, ...]
    """One for each of the question's choices, in order; several labels are joined by `, `."""


@dataclass(frozen=True, slots=True)
class Deny:
    """Refuse the call; the agent reads the reason and goes on without, unless it `stops`."""

    reason: str = ""
    stops: bool = False


Answer: TypeAlias = Allow | AllowEdited | Choose | Deny
