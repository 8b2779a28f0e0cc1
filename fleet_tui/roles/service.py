"""Roles as a part of the fleet: learning who leads, promoting, and keeping mirrors and log."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from fleet_tui.model.errors import FleetError, UsageError
from fleet_tui.model.events import LinkChanged, PartChanged, RunFinished
from fleet_tui.model.roles_view import RolesView
from fleet_tui.roles import replaced
from fleet_tui.roles.case import Case
from fleet_tui.roles.claim import read_role
from fleet_tui.roles.mirrors import beat
from fleet_tui.roles.plan import Plan, PlanBook
from fleet_tui.roles.preflight import look
from fleet_tui.roles.promotion import Promotion, refuse_unless_typed
from fleet_tui.roles.shipping import Outranked

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable, Mapping

    from fleet_tui.context import FleetContext
    from fleet_tui.model.events import Event
    from fleet_tui.model.roles_view import MirrorView, Preflight, StepView

ASK_SECONDS = 60.0
"""How often the remote is asked who leads, while the screen is open."""
FRESH_SECONDS = 150.0
"""How old its answer may be when something is begun."""
SHIP_SECONDS = 1.0
"""How often the log is looked at for lines to ship."""
REST_SECONDS = 30.0
"""How long a host that could not be reached is left alone by the shipping."""
_SEEN_EPOCH = re.compile(r"has seen epoch (\d{1,15})")
LEARN_WITHIN = 5.0
"""Seconds that the remote may take to say who leads before something is begun."""


class Roles:
    """Who is primary; methods raise FleetError and its kin."""

    def __init__(self, context: FleetContext) -> None:
        self.case = Case.of(context)
        self._context = context
        self._book = PlanBook(context.data_dir)
        self._mirrors: dict[str, MirrorView] = {}
        self._shipped: dict[str, str] = {}
        self._rests: dict[str, float] = {}
        self._steps: tuple[StepView, ...] = ()
        self._unknown = ""
        self._learned_at: float | None = None
        self._learning = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []
        context.bus.subscribe(self._heard)

    async def start(self) -> None:
        """Learn who leads, look at the mirrors and ship the log, until closed."""
        if not self.case.standing.has_mirror:
            self.publish()
            return
        for work in (self._keep_learning(), self._keep_shipping()):
            self._tasks.append(asyncio.create_task(work))

    async def close(self) -> None:
        """End what runs by itself."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # --- who leads --------------------------------------------------------------------------

    async def ready(self) -> None:
        """Learn who leads unless that was just asked, and end what a promotion left to do.

        To be awaited before anything is begun; a remote that does not answer is stated.
        """
        now = self._context.clock.monotonic()
        if self._learned_at is None or now - self._learned_at > FRESH_SECONDS:
            await self.learn()

    async def learn(self, *, timeout: float = LEARN_WITHIN) -> None:
        """Ask the remote who leads, and act on it: demote this machine, or take office."""
        case = self.case
        if not case.standing.has_mirror or not case.git.is_repository:
            return
        async with self._learning:
            before = case.standing.primary
            try:
                record = await read_role(case.git, case.branch, timeout=timeout)
                self._unknown = ""
            except FleetError as error:
                self._unknown = (
                    f"it is not known whether {before or 'anybody'} still leads: {error}"
                )
                self._context.notice(
                    "roles/unknown", "warning", "role-unknown", "fleet", self._unknown
                )
                record = None
            self._learned_at = self._context.clock.monotonic()
            if record is not None:
                is_news = case.standing.learn(record, case.now)
                if is_news and case.here == before != record.primary:
                    await replaced.replaced(case, record)
            if why := await replaced.rescue_if_owed(case):
                self._context.notice("roles/rescue", "error", "rescue", case.here, why)
            if case.standing.owes_office:
                await self._take_office()
        self.publish()

    async def _take_office(self) -> None:
        """End our own promotion, or begin to lead because another machine handed over."""
        case = self.case
        record = case.standing.record
        assert record is not None
        plan = self._book.read()
        if plan is None or plan.id != record.plan:
            plan = Plan(
                record.plan or f"{record.primary}-{record.epoch}",
                case.here,
                "",
                "switchover",
                record.epoch - 1,
                record.since,
                record.by,
                notes={"hold": "", "save": ""},
                left_out=("hold", "save"),
            )
        if "claim" not in plan.notes:
            plan = plan.after("claim", f"epoch {record.epoch}, by {record.by}")
        await self._promotion().carry_out(plan)

    # --- promotion --------------------------------------------------------------------------

    async def preflight(self, candidate: str) -> Preflight:
        """Look at what a promotion of `candidate` depends on; changes nothing."""
        seen = await look(self.case, candidate, self._book.read())
        self._mirrors[candidate] = seen.candidate
        if seen.old is not None:
            self._mirrors[seen.old.host] = seen.old
        self.publish()
        return seen.preflight

    async def promote(self, candidate: str, typed: str) -> Plan:
        """Make `candidate` the primary, or go on with a promotion of it that was cut off.

        Raises Refused when the name was not typed, LostRace when another one came first.
        """
        refuse_unless_typed(typed, candidate)
        begun = self._book.read()
        is_same = begun is not None and begun.candidate == candidate and not begun.is_over
        if begun is not None and is_same and begun.is_claimed:
            return await self._promotion().carry_out(begun)
        seen = await look(self.case, candidate, begun)
        found = seen.preflight
        if found.refusal:
            raise UsageError(found.refusal, mend="see `fleet-tui promote HOST --dry-run`")
        from_epoch = seen.record.epoch if seen.record is not None else 0
        plan = Plan(
            id=self._context.new_id("p"),
            candidate=candidate,
            old=found.old_primary,
            kind=found.kind,
            from_epoch=from_epoch,
            begun=self.case.iso_now,
            by=self._context.by,
        )
        if begun is not None and is_same:
            is_ours = seen.record is not None and seen.record.plan == begun.id
            plan = begun if is_ours or begun.from_epoch == from_epoch else plan
        done = await self._promotion().carry_out(plan)
        self._learned_at = self._context.clock.monotonic()
        self.publish()
        return done

    def _promotion(self) -> Promotion:
        return Promotion(self.case, self._book, self._told)

    def _told(self, plan: Plan, doing: str, failed: str) -> None:
        self._steps = plan.steps(doing, failed)
        self.publish()

    # --- mirrors ----------------------------------------------------------------------------

    async def look_at_mirrors(
        self, hosts: Iterable[str] | None = None, *, ask_remote: bool = True
    ) -> Mapping[str, MirrorView]:
        """Return how mirrors stand, those of `hosts` or all; never raises for a host."""
        names = list(hosts) if hosts is not None else self.case.members()
        found = await self.case.mirrors.statuses(names, ask_remote=ask_remote)
        self._mirrors.update(found)
        for view in found.values():
            leads = view.host == self.case.standing.primary
            folder, now = self._context.data_dir, self.case.now
            await asyncio.to_thread(beat, folder, view, now, leads=leads)
        self._heed_epochs(found)
        self.publish()
        return found

    def _heed_epochs(self, found: Mapping[str, MirrorView]) -> None:
        """Tell when a host has seen a later epoch than the one we know of."""
        for view in found.values():
            if self.case.standing.heard_of(view.seen_epoch):
                self._outranked(view.host, view.seen_epoch)

    def _outranked(self, host: str, epoch: int) -> None:
        """A host has seen a later epoch than ours: say so, and ask who leads before acting."""
        text = f"{host} has seen epoch {epoch}: another machine leads"
        self._context.notice("roles/outranked", "error", "demoted", host, text)
        self._learned_at = None
        self.publish()

    def _heard(self, event: Event) -> None:
        """Tell a host that came up our epoch; heed a run that its host refused because of it."""
        if isinstance(event, LinkChanged) and event.status.state == "up" and self._tasks:
            self._context.spawn(self._compare_epochs(event.status.host))
        if isinstance(event, RunFinished) and event.run.outcome == "refused":
            found = _SEEN_EPOCH.search(event.run.reason)
            if found is not None and self.case.standing.heard_of(int(found[1])):
                self._outranked(event.run.host, int(found[1]))

    async def _compare_epochs(self, host: str) -> None:
        """Tell a host our epoch, and heed it when it has seen a later one."""
        standing = self.case.standing
        if standing.record is None or self._context.config.host(host).shell != "posix":
            return
        try:
            answer = await self.case.mirrors.call(host, "fence", str(standing.epoch))
        except FleetError:
            return  # it learns the epoch with its next run
        seen = answer.number("epoch") or 0
        if standing.heard_of(seen):
            self._outranked(host, seen)

    # --- by itself --------------------------------------------------------------------------

    async def _keep_learning(self) -> None:
        await self._quietly(self.ready())
        while True:
            await self._quietly(self.look_at_mirrors())
            await asyncio.sleep(ASK_SECONDS)
            await self._quietly(self.learn())

    async def _quietly(self, work: Awaitable[object]) -> None:
        """Do something whose failure is a notice."""
        try:
            await work
        except FleetError as error:
            self._context.notice("roles/failed", "error", "roles", "fleet", str(error))

    async def _keep_shipping(self) -> None:
        shipped: tuple[int, int] | None = None
        while True:
            await asyncio.sleep(SHIP_SECONDS)
            if self.case.standing.seen() > self.case.standing.epoch and self._has_rested():
                await self._quietly(self.learn())
            try:
                found = await asyncio.to_thread(self._context.log.path.stat)
            except FileNotFoundError:
                continue
            now = (found.st_ino, found.st_size)
            if now != shipped or self._rests:
                shipped = now
                await self.ship()

    def _has_rested(self) -> bool:
        """Tell whether the remote was not asked a moment ago."""
        now = self._context.clock.monotonic()
        return self._learned_at is None or now - self._learned_at > REST_SECONDS

    async def ship(self) -> Mapping[str, str]:
        """Bring the log to every host that keeps a copy; returns how far each one is.

        Only the primary ships. Who cannot be reached is left alone for a while.
        """
        case = self.case
        if not case.here or case.standing.verdict(case.now) != "leads" or case.standing.owes_office:
            return self._shipped
        clock = self._context.clock.monotonic
        due = [host for host in case.receivers() if self._rests.get(host, 0.0) <= clock()]
        for host, said in zip(due, await asyncio.gather(*map(self._ship_to, due)), strict=True):
            self._shipped[host] = said
        if due:
            self.publish()
        return self._shipped

    async def _ship_to(self, host: str) -> str:
        case = self.case
        try:
            done = await case.shipper.ship(host, epoch=case.standing.epoch, stamp=case.stamp)
        except Outranked as error:
            found = _SEEN_EPOCH.search(error.what)
            if found is not None and case.standing.heard_of(int(found[1])):
                self._outranked(host, int(found[1]))
            self._rests[host] = self._context.clock.monotonic() + REST_SECONDS
            return str(error)
        except FleetError as error:
            self._rests[host] = self._context.clock.monotonic() + REST_SECONDS
            return str(error)
        self._rests.pop(host, None)
        return f"{done.total:,} bytes"

    # --- what is shown ----------------------------------------------------------------------

    def view(self) -> RolesView:
        """Return the newest picture."""
        case = self.case
        standing, now = case.standing, case.now
        record = standing.record
        why = standing.why_observer(now)
        unknown = (self._unknown,) if self._unknown else ()
        return RolesView(
            this_host=case.here,
            role=standing.role,
            primary=standing.primary,
            epoch=standing.epoch,
            since=record.since if record else "",
            by=record.by if record else "",
            proof=_proof(standing.known.asked_at, now) if record else "as fleet.toml says",
            why_observer=why,
            mend=standing.mend() if why else "",
            notes=(*unknown, *replaced.notes(case)),
            mirrors=dict(self._mirrors),
            shipped=dict(self._shipped),
            steps=self._steps,
        )

    def publish(self) -> None:
        """Hand the newest picture to the screen."""
        self._context.bus.publish(PartChanged(self.view()))


def _proof(asked_at: float | None, now: float) -> str:
    if asked_at is None:
        return "as it was remembered"
    return f"the mirror's remote said so {max(0.0, now - asked_at):,.0f} s ago"
