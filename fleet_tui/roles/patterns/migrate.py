"""Moves one surface from one pattern to another: steps that are checked, and gone on with."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, Protocol

from fleet_tui.model.errors import FleetError, UsageError
from fleet_tui.model.target import fold
from fleet_tui.roles.patterns.conflicts import conflict_copies
from fleet_tui.roles.patterns.copies import back_up, carry, digests
from fleet_tui.roles.patterns.record import Migration, read_migration, write_migration
from fleet_tui.roles.patterns.surfaces import (
    MAX_IN_A_MESH,
    MAX_ON_ONE_PRIMARY,
    Pattern,
    Surface,
    chosen,
    hub_of,
    primary_of,
    surface_of,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
    from pathlib import Path

    from fleet_tui.model.clock import Clock
    from fleet_tui.model.config import FleetConfig
    from fleet_tui.roles.patterns.survey import Surveys
    from fleet_tui.transport.base import Connection

StepState = Literal["done", "already", "planned", "waits", "blocked"]
"""`waits` for a person; `blocked` by what was found, nothing was changed."""


class Machines(Protocol):
    """The machines of the fleet, as a migration needs them."""

    async def survey(self) -> Surveys:
        """Ask every machine what its agent's home looks like."""

    async def connection(self, host: str) -> Connection:
        """Return a connection; raises Unreachable."""


@dataclass(frozen=True, slots=True)
class StepResult:
    """What became of one step."""

    step: str
    state: StepState
    text: str
    mend: str = ""


@dataclass(frozen=True, slots=True)
class _Step:
    name: str
    told: str
    """What it does, for the plan."""
    work: Callable[[], Awaitable[StepResult]]


class Migrator:
    """Carries out one migration; a second call goes on where the first one stopped."""

    def __init__(
        self, config: FleetConfig, machines: Machines, data_dir: Path, clock: Clock
    ) -> None:
        self._config = config
        self._machines = machines
        self._data_dir = data_dir
        self._clock = clock
        self._surveys: Surveys | None = None

    def plan(self, surface: Surface, source: Pattern, target: Pattern) -> tuple[str, ...]:
        """Return what would be done, a sentence a step; raises UsageError."""
        migration = self._begin(surface, source, target)
        return tuple(step.told for step in self._steps(migration, frozenset()))

    async def run(
        self,
        surface: Surface,
        source: Pattern,
        target: Pattern,
        confirmed: frozenset[str] = frozenset(),
    ) -> AsyncIterator[StepResult]:
        """Go on with the migration until it is over or a step cannot be done yet.

        `confirmed` names steps that a person says are done. Raises UsageError, FleetError, OSError.
        """
        migration = self._begin(surface, source, target)
        await asyncio.to_thread(write_migration, self._data_dir, migration)
        for step in self._steps(migration, confirmed):
            if step.name in migration.done:
                yield StepResult(step.name, "already", step.told)
                continue
            try:
                result = await step.work()
            except FleetError as error:
                result = StepResult(step.name, "blocked", error.what, error.mend or "")
                if error.where:
                    result = replace(result, text=f"{error.where}: {error.what}")
            if result.state == "done":
                migration = replace(migration, done=(*migration.done, step.name))
                await asyncio.to_thread(write_migration, self._data_dir, migration)
            yield result
            if result.state != "done":
                return
        await asyncio.to_thread(write_migration, self._data_dir, None)

    def abandon(self) -> str:
        """Forget the unfinished migration; files and backups stay. Raises UsageError."""
        known = read_migration(self._data_dir)
        if known is None:
            raise UsageError("no migration is under way")
        write_migration(self._data_dir, None)
        return known.name

    def _begin(self, surface: Surface, source: Pattern, target: Pattern) -> Migration:
        known = read_migration(self._data_dir)
        if known is not None:
            if (known.surface, known.source, known.target) == (surface, source, target):
                return known
            raise UsageError(
                f"another migration is under way: {known.name}",
                mend="finish it, or give it up with `fleet-tui patterns migrate --abandon`",
            )
        if source == target:
            raise UsageError(f"{surface} would stay as it is: {source}")
        current = chosen(self._config)[surface]
        if current != source:
            raise UsageError(
                f"{surface} follows {current}, not {source}", mend="see `fleet-tui patterns check`"
            )
        machines = len(self._members())
        most = {"mesh": MAX_IN_A_MESH, "primary": MAX_ON_ONE_PRIMARY}.get(target)
        if most is not None and machines > most:
            raise UsageError(f"{machines} machines are too many for {target}, which takes {most}")
        if target == "hub" and hub_of(self._config) is None:
            raise UsageError("no host is the hub", mend='give one roles = ["hub"] in fleet.toml')
        return Migration(surface, source, target, self._clock.time())

    def _members(self) -> list[str]:
        return [host.name for host in self._config.hosts if host.roles != {"hub"}]

    def _steps(self, migration: Migration, confirmed: frozenset[str]) -> list[_Step]:
        surface, target = migration.surface, migration.target
        switch = _Step(
            "switch",
            f'you write [surfaces] {surface} = "{target}" into fleet.toml',
            lambda: self._switch(migration),
        )
        if surface == "queue":
            return [
                self._by_hand(
                    "move",
                    "`fleet-tui queue migrate` moves the tasks, none lost",
                    "run `fleet-tui queue migrate`",
                    confirmed,
                ),
                switch,
            ]
        steps = [
            _Step("reach", "every machine answers", lambda: self._reach(migration)),
            _Step(
                "quiet",
                f"no machine has unsaved changes or conflict copies in {surface}",
                lambda: self._quiet(migration),
            ),
            _Step(
                "same",
                f"every machine that has {surface} has the same files",
                lambda: self._same(migration, "same"),
            ),
            _Step(
                "backup",
                f"an archive of {surface} is made on every machine, in its state folder",
                lambda: self._backup(migration),
            ),
        ]
        if target == "hub":
            steps.append(_Step("seed", "the hub gets a copy", lambda: self._seed(migration)))
        if target == "cloud":
            steps.append(
                self._by_hand(
                    "upload",
                    "you put the files into the service",
                    "upload them from the primary",
                    confirmed,
                )
            )
        if target == "mesh":
            steps.append(
                self._by_hand(
                    "sync",
                    "you set up the file sync on every machine",
                    "share the folders, and leave .git and *.json out",
                    confirmed,
                )
            )
        return [
            *steps,
            switch,
            _Step(
                "after",
                "every machine still has the same files",
                lambda: self._same(migration, "after"),
            ),
        ]

    def _by_hand(self, name: str, told: str, how: str, confirmed: frozenset[str]) -> _Step:
        async def work() -> StepResult:
            if name in confirmed:
                return StepResult(name, "done", f"{told}: confirmed")
            return StepResult(name, "waits", told, f"{how}, then say --confirm {name}")

        return _Step(name, told, work)

    # --- steps ------------------------------------------------------------------------------

    async def _reach(self, migration: Migration) -> StepResult:
        silent = (await self._asked()).silent
        if silent:
            first = next(iter(silent))
            return StepResult(
                "reach",
                "blocked",
                f"{fold(silent)} did not answer ({first}: {silent[first]})",
                f"`fleet-tui doctor {first}`",
            )
        return StepResult("reach", "done", f"{len(self._members())} machines answer")

    async def _quiet(self, migration: Migration) -> StepResult:
        homes = (await self._asked()).homes
        for host, home in homes.items():
            unsaved = sorted(
                path
                for path in home.changed | home.unpushed
                if surface_of(path) == migration.surface
            )
            if unsaved:
                return StepResult(
                    "quiet",
                    "blocked",
                    f"{host} has changes that nobody else has: {', '.join(unsaved[:5])}",
                    f"`fleet-tui mirror edits {host}`",
                )
            machines = {host.name for host in self._config.hosts} | {home.machine}
            copies = [
                copy
                for copy in conflict_copies(home.files, machines)
                if surface_of(copy.original) == migration.surface
            ]
            if copies:
                return StepResult(
                    "quiet",
                    "blocked",
                    f"{host} has conflict copies: {', '.join(copy.path for copy in copies[:5])}",
                    "compare each with its original, and delete it",
                )
        return StepResult("quiet", "done", "no unsaved changes, no conflict copies")

    async def _same(self, migration: Migration, step: str) -> StepResult:
        self._surveys = None
        found = await self._digests(migration)
        owners = {host: files for host, files in found.items() if files}
        if not owners:
            return StepResult(step, "done", f"no machine has {migration.surface} yet")
        owner = primary_of(self._config)
        first = owner.name if owner is not None and owner.name in owners else next(iter(owners))
        for host, files in owners.items():
            differing = sorted(
                path
                for path in files.keys() | owners[first].keys()
                if files.get(path) != owners[first].get(path)
            )
            if differing:
                return StepResult(
                    step,
                    "blocked",
                    f"{host} and {first} differ in {', '.join(differing[:5])}"
                    + (f" and {len(differing) - 5} more" if len(differing) > 5 else ""),
                    f"`fleet-tui mirror pull {host}`, or compare them by hand",
                )
        count = len(owners[first])
        return StepResult(step, "done", f"{count} files, the same on {fold(owners)}")

    async def _backup(self, migration: Migration) -> StepResult:
        homes = (await self._asked()).homes
        made = []
        for host, home in homes.items():
            paths = [path for path in home.files if surface_of(path) == migration.surface]
            if paths:
                connection = await self._machines.connection(host)
                made.append(
                    await back_up(connection, self._config.agent_home, paths, migration.archive)
                )
        where = f", {made[0]} on each" if made else ""
        return StepResult("backup", "done", f"{len(made)} archives{where}")

    async def _seed(self, migration: Migration) -> StepResult:
        hub = hub_of(self._config)
        assert hub is not None, "refused at the beginning"
        found = await self._digests(migration)
        owner = primary_of(self._config)
        source = owner.name if owner is not None and found.get(owner.name) else None
        source = source or next((host for host, files in found.items() if files), None)
        if source is None or source == hub.name:
            return StepResult("seed", "done", f"{hub.name} has all there is")
        await carry(
            await self._machines.connection(source),
            await self._machines.connection(hub.name),
            self._config.agent_home,
            migration.archive,
        )
        there = await digests(
            await self._machines.connection(hub.name), self._config.agent_home, found[source]
        )
        wrong = sorted(path for path, digest in found[source].items() if there.get(path) != digest)
        if wrong:
            return StepResult(
                "seed",
                "blocked",
                f"{hub.name} has other files of these names: {', '.join(wrong[:5])}",
                f"compare them on {hub.name}; nothing there was overwritten",
            )
        return StepResult("seed", "done", f"{len(there)} files of {source} are on {hub.name}")

    async def _switch(self, migration: Migration) -> StepResult:
        if chosen(self._config)[migration.surface] == migration.target:
            return StepResult("switch", "done", f"fleet.toml says {migration.target}")
        line = f'{migration.surface} = "{migration.target}"'
        return StepResult(
            "switch", "waits", "fleet.toml is yours to write", f"put `{line}` under [surfaces]"
        )

    async def _asked(self) -> Surveys:
        if self._surveys is None:
            self._surveys = await self._machines.survey()
        return self._surveys

    async def _digests(self, migration: Migration) -> dict[str, Mapping[str, str]]:
        found: dict[str, Mapping[str, str]] = {}
        for host, home in (await self._asked()).homes.items():
            paths = [path for path in home.files if surface_of(path) == migration.surface]
            found[host] = {}
            if paths:
                connection = await self._machines.connection(host)
                found[host] = await digests(connection, self._config.agent_home, paths)
        return found
