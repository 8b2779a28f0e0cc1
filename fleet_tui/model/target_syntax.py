"""The grammar of target expressions, read into a tree.

    expression = operand { operator operand }        read strictly from left to right
    operator   = "," | "&" | "!"                     union, intersection, difference
    operand    = "(" expression ")" | [ "@" | "%" | "^" ] pattern
    pattern    = text with "*", "?" and "[ranges]"

White space may stand around operators, not inside names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, cast

from fleet_tui.model.errors import TargetError
from fleet_tui.model.target_ranges import (
    MAX_NAMES,
    NumberRange,
    RangeSyntaxError,
    count,
    expand,
    parse_bracket,
)
from fleet_tui.model.text import one_line

NAME = re.compile(r"[^\W_][\w.:+-]*")
"""What a host or group may be called, so that it can stand in an expression."""
NAME_RULE = "letters, digits and . _ - + : only, beginning with a letter or digit"
MAX_GLOBS = 1_000
"""How many globs one pattern may stand for; each is tried on every host."""
MAX_NESTING = 50
"""How deep parentheses may go."""

Operator = Literal[",", "&", "!"]
Sigil = Literal["", "@", "%", "^"]
"""What a pattern looks through: host names, groups, roles, tiers."""
SIGIL_KINDS = {"@": "group", "%": "role", "^": "tier"}

_OPERATORS = ",&!"
_TEXT = re.compile(r"[\w.:+*?-]+")


@dataclass(frozen=True, slots=True)
class Operand:
    """A pattern over hosts, groups, roles or tiers, as it was typed."""

    sigil: Sigil
    parts: tuple[str | tuple[NumberRange, ...], ...]
    text: str

    @property
    def names(self) -> tuple[str, ...]:
        """The names or globs it stands for, brackets expanded."""
        return tuple(expand(self.parts))


@dataclass(frozen=True, slots=True)
class Chain:
    """Operands joined from left to right."""

    first: Node
    rest: tuple[tuple[Operator, Node], ...]
    text: str


Node = Operand | Chain


def parse(expression: str) -> Node:
    """Read `expression`; raises TargetError with the position, counted from 1."""
    return _Reader(expression).read()


def syntax_error(expression: str, offset: int, what: str, mend: str | None = None) -> TargetError:
    """Return the error for the character at `offset` (from 0)."""
    shown = one_line(expression, 80)
    return TargetError(f"target '{shown}', position {offset + 1}: {what}", mend=mend)


class _Reader:
    """One pass over an expression."""

    def __init__(self, expression: str) -> None:
        self._source = expression
        self._at = 0

    def read(self) -> Node:
        node = self._chain(0)
        if self._at < len(self._source):
            raise self._fault("found ')' that closes nothing")
        return node

    def _chain(self, depth: int) -> Node:
        start = self._at
        first = self._operand(depth)
        rest: list[tuple[Operator, Node]] = []
        while (operator := self._peek()) and operator in _OPERATORS:
            self._at += 1
            rest.append((cast("Operator", operator), self._operand(depth)))
        if operator and operator != ")":
            raise self._fault(
                "an operator belongs here",
                "join with ',' (and also), '&' (only those in both) or '!' (but not)",
            )
        if not rest:
            return first
        return Chain(first, tuple(rest), self._source[start : self._at].strip())

    def _operand(self, depth: int) -> Node:
        char = self._peek()
        if char != "(":
            return self._pattern(char)
        opened = self._at
        if depth == MAX_NESTING:
            raise self._fault(f"more than {MAX_NESTING} parentheses inside each other")
        self._at += 1
        node = self._chain(depth + 1)
        if self._peek() != ")":
            self._at = opened
            raise self._fault("this '(' is never closed")
        self._at += 1
        return node

    def _pattern(self, char: str) -> Operand:
        if not char or char in _OPERATORS or char == ")":
            raise self._missing(char)
        start = self._at
        sigil: Sigil = cast("Sigil", char) if char in SIGIL_KINDS else ""
        self._at += len(sigil)
        parts: list[str | tuple[NumberRange, ...]] = []
        while True:
            if match := _TEXT.match(self._source, self._at):
                parts.append(match[0])
                self._at = match.end()
            elif self._source.startswith("[", self._at):
                parts.append(self._bracket())
            else:
                break
        if not parts or not self._at_border():
            raise self._stray(sigil if not parts else "")
        has_glob = any(isinstance(part, str) and ("*" in part or "?" in part) for part in parts)
        limit = MAX_GLOBS if has_glob else MAX_NAMES
        if count(parts) > limit:
            self._at = start
            kind = "globs" if has_glob else "names"
            raise self._fault(f"this stands for more than {limit} {kind}")
        return Operand(sigil, tuple(parts), self._source[start : self._at])

    def _bracket(self) -> tuple[NumberRange, ...]:
        end = self._source.find("]", self._at)
        if end < 0:
            raise self._fault("this '[' is never closed", "a range is written web[01-03]")
        try:
            ranges = parse_bracket(self._source[self._at + 1 : end])
        except RangeSyntaxError as error:
            self._at += error.offset
            raise self._fault(one_line(str(error))) from None
        self._at = end + 1
        return ranges

    def _at_border(self) -> bool:
        char = self._source[self._at : self._at + 1]
        return not char or char.isspace() or char in _OPERATORS or char in "()"

    def _missing(self, char: str) -> TargetError:
        found = f"found '{char}'" if char else "the expression ends"
        if not self._source.strip():
            return TargetError(
                "the target is empty", mend="name hosts, @groups, %roles or ^tiers, or write all"
            )
        mend = "'everything but x' is written all!x" if char == "!" else None
        return self._fault(f"{found} where a host, @group, %role or ^tier belongs", mend)

    def _stray(self, sigil: str) -> TargetError:
        char = self._source[self._at : self._at + 1]
        if sigil and (not char or self._at_border()):
            return self._fault(f"the name of a {SIGIL_KINDS[sigil]} is missing after '{sigil}'")
        if char == "@":
            return self._fault(
                "'@' may only begin a group's name",
                "a user stands in fleet.toml or ~/.ssh/config, not in a target",
            )
        if char == "]":
            return self._fault("found ']' that closes nothing")
        return self._fault(f"'{one_line(char) or '?'}' cannot be part of a name")

    def _peek(self) -> str:
        """Return the next character that is not white space, moving up to it; "" at the end."""
        while self._source[self._at : self._at + 1].isspace():
            self._at += 1
        return self._source[self._at : self._at + 1]

    def _fault(self, what: str, mend: str | None = None) -> TargetError:
        return syntax_error(self._source, self._at, what, mend)
