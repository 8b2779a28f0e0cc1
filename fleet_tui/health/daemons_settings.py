"""`[[daemon]]` and `[[schedule]]` of fleet.toml: prompts that are sent without being typed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_tui.health.daemons_times import DAYS, Daily, Every
from fleet_tui.model.errors import UsageError
from fleet_tui.model.nearest import nearest
from fleet_tui.model.request import DispatchRequest
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from fleet_tui.health.daemons_times import Rhythm
    from fleet_tui.model.config import FleetConfig
    from fleet_tui.model.daemons_view import DutyKind
    from fleet_tui.model.run import AgentName, Mode


@dataclass(frozen=True, slots=True)
class Duty:
    """One prompt and its rhythm."""

    kind: DutyKind
    name: str
    target: str
    prompt: str
    rhythm: Rhythm
    agent: AgentName | None = None
    mode: Mode = "read"
    budget_usd: float | None = None
    timeout: float | None = None
    mcp: tuple[str, ...] = ()
    """The MCP servers that its runs are given."""

    @property
    def digest(self) -> str:
        """What a person confirms: another prompt, target or right is another digest."""
        parts: list[object] = [self.kind, self.target, self.prompt, self.agent, self.mode]
        parts += [self.budget_usd, *([self.mcp] if self.mcp else [])]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]

    @property
    def must_be_confirmed(self) -> bool:
        """True when its runs may change something."""
        return self.mode != "read"

    def request(self, dispatch: str, *, is_confirmed: bool, config: FleetConfig) -> DispatchRequest:
        """Return what one start asks of the fleet, under an id that is written down already."""
        return DispatchRequest(
            target=self.target,
            prompt=self.prompt,
            agent=self.agent,
            mode=self.mode,
            origin=self.kind,
            budget_usd=self.budget_usd,
            timeout_seconds=self.timeout,
            on_limit=config.defaults.on_limit,
            is_vouched_for=is_confirmed,
            mcp=self.mcp,
            name=self.name,
            dispatch_id=dispatch,
        )


def duties_of(config: FleetConfig) -> tuple[Duty, ...]:
    """Return every daemon and schedule, in the order of the file."""
    daemons = [_duty("daemon", entry, config) for entry in _entries(config, "daemon")]
    return (*daemons, *(_duty("schedule", entry, config) for entry in _entries(config, "schedule")))


def has_duties(config: FleetConfig) -> bool:
    """Tell whether fleet.toml has any."""
    return any(config.sections.get(kind) for kind in ("daemon", "schedule"))


def chosen(duties: Sequence[Duty], names: Iterable[str]) -> tuple[Duty, ...]:
    """Return the duties called so, or all without a name; raises UsageError."""
    known = {duty.name: duty for duty in duties}
    wanted = list(names)
    for name in wanted:
        if name not in known:
            close = nearest(name, list(known))
            mend = f"did you mean {close}?" if close else "see `fleet-tui daemon list`"
            raise UsageError(f"no daemon or schedule is called {one_line(name, 60)}", mend=mend)
    return tuple(known[name] for name in dict.fromkeys(wanted)) if wanted else tuple(duties)


def _entries(config: FleetConfig, section: str) -> Iterator[Mapping[str, object]]:
    found = config.sections.get(section)
    for entry in found if isinstance(found, tuple | list) else ():
        if isinstance(entry, Mapping):
            yield entry


def _duty(kind: DutyKind, entry: Mapping[str, object], config: FleetConfig) -> Duty:
    budget, timeout = entry.get("budget_usd"), entry.get("timeout")
    return Duty(
        kind,
        name=str(entry["name"]),
        target=str(entry["target"]),
        prompt=str(entry["prompt"]),
        rhythm=_rhythm(kind, entry),
        agent=entry.get("agent"),  # type: ignore[arg-type]
        mode=entry.get("mode") or config.defaults.mode,  # type: ignore[arg-type]
        budget_usd=float(budget) if isinstance(budget, int | float) else None,
        timeout=float(timeout) if isinstance(timeout, int | float) else None,
        mcp=entry.get("mcp", ()),  # type: ignore[arg-type]
    )


def _rhythm(kind: DutyKind, entry: Mapping[str, object]) -> Rhythm:
    if kind == "daemon":
        return Every(float(str(entry["every"])))
    hour, _, minute = str(entry["at"]).partition(":")
    days = entry.get("days")
    names = [str(day) for day in days] if isinstance(days, tuple | list) else []
    return Daily(int(hour), int(minute), frozenset(map(DAYS.index, names)) or Daily.EVERY_DAY)
