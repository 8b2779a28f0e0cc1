"""What the demo shell's parser makes of a line: words, commands, lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Text:
    """Characters that stand for themselves."""

    text: str
    is_quoted: bool = False


@dataclass(frozen=True, slots=True)
class Variable:
    """`$NAME`, `${NAME}` or `${NAME:-default}`."""

    name: str
    default: str = ""
    is_quoted: bool = False


@dataclass(frozen=True, slots=True)
class Substitution:
    """`$(list)`."""

    body: Sequence
    is_quoted: bool = False


Piece = Text | Variable | Substitution
Word = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Redirect:
    """`2>&1`, `>/dev/null`, `<file`."""

    descriptor: int
    operator: Literal["<", ">", ">>", ">&"]
    target: Word


@dataclass(frozen=True, slots=True)
class Simple:
    """A command with its words."""

    words: tuple[Word, ...]
    redirects: tuple[Redirect, ...] = ()


@dataclass(frozen=True, slots=True)
class For:
    """`for name in words; do body; done`."""

    name: str
    words: tuple[Word, ...]
    body: Sequence


@dataclass(frozen=True, slots=True)
class While:
    """`while condition; do body; done`."""

    condition: Sequence
    body: Sequence


Command = Simple | For | While


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Commands joined by `|`."""

    commands: tuple[Command, ...]


@dataclass(frozen=True, slots=True)
class Sequence:
    """Pipelines, each with the operator before it: `;` always, `&&` after 0, `||` after else."""

    items: tuple[tuple[Literal[";", "&&", "||"], Pipeline], ...]


class NotUnderstood(Exception):
    """A line outside the small language; the text says what."""
