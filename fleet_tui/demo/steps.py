"""The vocabulary of a scripted piece of work: think, say, use a tool."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Think:
    """A thought, streamed before what follows it."""

    text: str


@dataclass(frozen=True, slots=True)
class Say:
    """Text of the answer, streamed."""

    text: str


@dataclass(frozen=True, slots=True)
class Use:
    """One tool call and what came of it."""

    tool: str
    """Its wire name: Read, Grep, Glob, Bash, Edit."""
    arguments: Mapping[str, str] = field(default_factory=dict)
    output: str = ""
    seconds: float = 0.8
    is_denied: bool = False
    """True when permission is refused; `output` is then the refusal."""
    is_error: bool = False
    without: str = ""
    """What the agent says at the end when it is not let do this; empty for the usual words."""


Step = Think | Say | Use
Scene = tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Powers:
    """What this run may do; it decides how a scene is played."""

    can_run: bool = False
    """Commands."""
    can_edit: bool = False
    """Files."""
