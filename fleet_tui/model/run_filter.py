"""The words by which runs are found: `host:web* state:failed since:2h cost>0.1 some text`. Pure.

A word with a known name and `:` (or `cost` with `>` or `<`) narrows; every other word, or a text in
double quotes, must stand in the prompt, the answer or the reason, in any case. Lists are written
with commas: `state:failed,lost`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, get_args

from fleet_tui.model.errors import UsageError
from fleet_tui.model.nearest import nearest
from fleet_tui.model.run import AgentName, Mode, Origin, Outcome, RunState
from fleet_tui.model.target import resolve
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_tui.model.host import Host

NAMES = ("host", "agent", "state", "outcome", "mode", "origin", "since", "until", "cost")
EXAMPLE = 'host:web* state:failed since:2h cost>0.1 "some text"'

_WORD = re.compile(r'(?:[^\s"]|"[^"]*"?)+')
_NAMED = re.compile(r"^([a-z]+)(:|>=|>|<=|<)(.*)$", re.DOTALL)
_AGO = re.compile(r"^(\d{1,6}(?:\.\d{1,3})?)([smhdw])$")
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
_ALLOWED: dict[str, tuple[str, ...]] = {
    "agent": get_args(AgentName),
    "state": get_args(RunState),
    "outcome": get_args(Outcome),
    "mode": get_args(Mode),
    "origin": get_args(Origin),
}
_ALSO = {"done": "succeeded", "timeout": "timed-out", "ok": "succeeded"}
"""Other words for states, as the screen and people say them."""
_EXPRESSION = re.compile(r"[@%^&!()\[]|^all$")


@dataclass(frozen=True, slots=True)
class RunFilter:
    """What runs must be like; an empty field asks for nothing."""

    text: tuple[str, ...] = ()
    """Each must be said somewhere."""
    hosts: tuple[str, ...] = ()
    """Names, globs or target expressions; `with_hosts` leaves names and globs."""
    agents: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    min_cost: float | None = None
    """US dollars; runs whose cost is not known do not fit."""
    max_cost: float | None = None
    since: float | None = None
    """Unix seconds; when the run was asked for."""
    until: float | None = None

    @property
    def is_empty(self) -> bool:
        """True when every run fits."""
        return self == RunFilter()


def parse_filter(line: str, now: float) -> RunFilter:
    """Return the filter that a line of words means; raises UsageError naming the word."""
    found = RunFilter()
    for word in _WORD.findall(line):
        named = _NAMED.match(word)
        if named is not None and named[1] in NAMES and not word.startswith('"'):
            found = _narrowed(found, named[1], named[2], named[3].replace('"', ""), now)
        elif text := word.replace('"', "").strip():
            found = replace(found, text=(*found.text, text))
    return found


def time_of(word: str, now: float) -> float:
    """Return the Unix time of `2h` (ago), `2026-11-20` or `2026-11-20T14:30`; raises UsageError."""
    if ago := _AGO.match(word):
        return now - float(ago[1]) * _UNITS[ago[2]]
    try:
        return datetime.fromisoformat(word).timestamp()
    except (ValueError, OverflowError, OSError):
        raise UsageError(
            f"{one_line(word, 40)!r} is no time",
            mend="write 30m, 2h, 3d, 2026-11-20 or with T14:30",
        ) from None


def with_hosts(found: RunFilter, hosts: Sequence[Host]) -> RunFilter:
    """Return the filter with target expressions replaced by the names they select.

    Plain names and globs stay, so that runs of hosts that are gone are found. Raises TargetError.
    """
    names: list[str] = []
    for pattern in found.hosts:
        names += resolve(pattern, hosts) if _EXPRESSION.search(pattern) else [pattern]
    return replace(found, hosts=tuple(dict.fromkeys(names)))


def _narrowed(found: RunFilter, name: str, sign: str, value: str, now: float) -> RunFilter:
    if name == "cost":
        return _cost(found, sign, value)
    if sign != ":":
        raise UsageError(f"{name}{sign}: only cost is compared", mend=f"write {name}:{value}")
    if not value:
        raise UsageError(f"{name}: is empty", mend=f"for example {EXAMPLE}")
    if name in ("since", "until"):
        at = time_of(value, now)
        return replace(found, since=at) if name == "since" else replace(found, until=at)
    if name == "host":
        values = (value,) if _EXPRESSION.search(value) else tuple(filter(None, value.split(",")))
        return replace(found, hosts=found.hosts + values)
    for one in value.split(","):
        found = _one_of(found, name, one)
    return found


def _one_of(found: RunFilter, name: str, value: str) -> RunFilter:
    """Add one value; a state may also be named by the outcome that made it."""
    if name == "state":
        value = _ALSO.get(value, value)
    if name == "state" and value in _ALLOWED["outcome"] and value not in _ALLOWED["state"]:
        name = "outcome"
    allowed = _ALLOWED[name]
    if value not in allowed:
        near = nearest(value, allowed)
        raise UsageError(
            f"{name}:{one_line(value, 40)} is not known",
            mend=f"did you mean {near}?" if near else f"there are {', '.join(allowed)}",
        )
    match name:
        case "agent":
            return replace(found, agents=(*found.agents, value))
        case "state":
            return replace(found, states=(*found.states, value))
        case "outcome":
            return replace(found, outcomes=(*found.outcomes, value))
        case "mode":
            return replace(found, modes=(*found.modes, value))
    return replace(found, origins=(*found.origins, value))


def _cost(found: RunFilter, sign: str, value: str) -> RunFilter:
    try:
        usd = float(value.removeprefix("$"))
    except ValueError:
        usd = -1.0
    if not 0 <= usd < 1e9 or sign == ":":
        raise UsageError(
            f"cost{sign}{one_line(value, 40)} is no amount", mend="write cost>0.1 or cost<1"
        )
    return replace(found, min_cost=usd) if sign.startswith(">") else replace(found, max_cost=usd)
