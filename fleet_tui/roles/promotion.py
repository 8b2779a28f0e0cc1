"""Carrying a promotion out, one step after the other, each written down when it is done.

From `claim` on the remote names the candidate: whoever goes on with a plan that was cut off only
ends it. Before that nothing is changed but `hold`, which ends by itself.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fleet_tui.journal import LogEntry, open_runs
from fleet_tui.journal.head_place import head_path
from fleet_tui.model.errors import FleetError, Refused, Unreachable, UsageError
from fleet_tui.model.roles_view import RoleRecord
from fleet_tui.model.text import one_line
from fleet_tui.roles.claim import LostRace, claim
from fleet_tui.roles.mirrors import MirrorFailed
from fleet_tui.roles.office import go_on
from fleet_tui.roles.plan import STEPS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from fleet_tui.journal.entry import FieldValue
    from fleet_tui.roles.case import Case
    from fleet_tui.roles.plan import Plan, PlanBook

HOLD_SECONDS = 120
"""How long a primary waits for the promotion that asked it to begin nothing."""


class LeftOut(Exception):
    """A step that there is nothing to do for, or that waits for its host; the text says which."""


class Promotion:
    """Takes a plan to its end. Every step may be done again."""

    def __init__(self, case: Case, book: PlanBook, tell: Callable[[Plan, str, str], None]) -> None:
        self._case = case
        self._book = book
        self._tell = tell
        self._steps: dict[str, Callable[[Plan], Awaitable[str]]] = {
            "hold": self._hold,
            "save": self._save,
            "claim": self._claim,
            "log": self._log,
            "fence": self._fence,
            "office": self._office,
            "mirror": self._mirror,
            "runs": self._runs,
            "confirm": self._confirm,
        }

    async def carry_out(self, plan: Plan) -> Plan:
        """Do what is left of `plan`; raises FleetError, LostRace when another one came first.

        A plan that lost, or failed before its claim, is taken back.
        """
        with self._book.alone():
            self._book.write(plan)
            for name in STEPS:
                if name not in plan.notes:
                    plan = await self._step(plan, name)
            self._tell(plan, "", "")
            return plan

    async def _step(self, plan: Plan, name: str) -> Plan:
        self._tell(plan, name, "")
        is_left_out = False
        try:
            note = await self._steps[name](plan)
        except LeftOut as reason:
            note, is_left_out = str(reason), True
        except FleetError as error:
            self._tell(plan, name, one_line(str(error), 300))
            if not plan.is_claimed:
                await self._take_back(plan)
            raise
        plan = plan.after(name, note, is_left_out=is_left_out)
        self._book.write(plan)
        return plan

    async def _take_back(self, plan: Plan) -> None:
        """Let the old primary go on, and forget the plan."""
        if plan.old and plan.old != plan.candidate:
            try:
                await self._case.mirrors.call(plan.old, "release", plan.id)
            except FleetError as error:
                # it goes on by itself after HOLD_SECONDS
                self._case.context.notice(
                    f"{plan.id}/release", "warning", "promotion", plan.old, str(error)
                )
        self._book.forget()

    # --- the steps --------------------------------------------------------------------------

    async def _hold(self, plan: Plan) -> str:
        if plan.kind == "failover" or not plan.old:
            raise LeftOut("nobody is there to be asked" if plan.old else "nobody leads yet")
        epoch = str(max(plan.from_epoch, 1))
        try:
            await self._case.mirrors.call(plan.old, "hold", plan.id, str(HOLD_SECONDS), epoch)
        except MirrorFailed as error:
            raise LeftOut(str(error)) from error  # who was promoted meanwhile, the claim says
        return f"for {HOLD_SECONDS} s, unless it is done before"

    async def _save(self, plan: Plan) -> str:
        if plan.kind == "failover" or not plan.old or plan.old == plan.candidate:
            raise LeftOut("it is not reached" if plan.old else "nobody leads yet")
        case = self._case
        view = await case.mirrors.status(plan.old)
        if view.state != "ok":
            raise LeftOut(view.why)
        said = []
        if view.edits or view.has_diverged:
            branch = f"rescue/{plan.old}/{case.stamp}"
            commit, _ = await case.mirrors.keep(plan.old, branch)
            if commit:
                said.append(f"edits are in {branch}")
        if view.ahead and not view.behind:
            await case.mirrors.call(plan.old, "push")
            said.append(f"{view.ahead} commits pushed")
        return ", ".join(said) or "it has nothing that the remote lacks"

    async def _claim(self, plan: Plan) -> str:
        case = self._case
        record = RoleRecord(plan.candidate, plan.epoch, case.iso_now, case.context.by, plan.id)
        try:
            commit = await claim(case.git, case.branch, record, expected_epoch=plan.from_epoch)
        except LostRace as lost:
            case.standing.learn(lost.winner, case.now)
            raise
        case.standing.learn(record, case.now)
        return f"epoch {plan.epoch}, commit {commit[:9]}"

    async def _log(self, plan: Plan) -> str:
        case = self._case
        if plan.candidate == case.here:
            return await self._fetch_log(plan)
        if plan.old != case.here:
            raise LeftOut(f"{plan.candidate} fetches it from the others when it opens")
        fields = self._about(plan, host=plan.old, to=plan.candidate)
        await case.context.log.append([LogEntry("demote", fields)], durable=True)
        before = max(plan.from_epoch, 1)
        try:
            shipped = await case.shipper.ship(plan.candidate, epoch=before, stamp=case.stamp)
        except FleetError as error:
            raise LeftOut(f"{error}; {plan.candidate} fetches it when it opens") from error
        return f"{shipped.total:,} bytes are on {plan.candidate}"

    async def _fetch_log(self, plan: Plan) -> str:
        """Bring what the copy here lacks, from the old primary and from whoever keeps a copy."""
        case = self._case
        came, asked = 0, []
        sources = [(plan.old, "live", case.log_there)] if plan.old != case.here else []
        sources += [(name, "copy", case.shipper.fleet) for name in case.receivers()]
        for host, kind, place in sources:
            try:
                async with asyncio.timeout(10.0):
                    came += await case.shipper.fetch(host, kind, place, case.copy)
                asked.append(host)
            except (FleetError, TimeoutError, KeyError):
                continue  # who is not reached is named by its absence
        named = ", ".join(dict.fromkeys(asked)) or "nobody was reached"
        return f"{came:,} bytes came; asked: {named}"

    async def _fence(self, plan: Plan) -> str:
        """Tell every host that can be reached; the others learn it with their next run."""
        hosts = [host.name for host in self._case.context.config.hosts if host.shell == "posix"]
        told = await asyncio.gather(*(self.fence(host, plan.epoch) for host in hosts))
        missing = [host for host, done in zip(hosts, told, strict=True) if not done]
        if not missing:
            return f"all {len(hosts)} hosts know"
        named = ", ".join(missing[:8]) + (" …" if len(missing) > 8 else "")
        return f"{len(hosts) - len(missing)} of {len(hosts)} hosts know; not reached: {named}"

    async def fence(self, host: str, epoch: int) -> bool:
        """Tell one host; returns whether it knows now."""
        try:
            async with asyncio.timeout(10.0):
                answer = await self._case.mirrors.call(host, "fence", str(epoch))
        except (FleetError, TimeoutError):
            return False
        return (answer.number("epoch") or 0) >= epoch

    async def _office(self, plan: Plan) -> str:
        case = self._case
        if plan.candidate != case.here:
            raise LeftOut(f"{plan.candidate} does so when fleet-tui is opened there")
        known = case.standing.known
        if known.office >= plan.epoch:
            return "done before"
        log = case.context.log.path
        head = head_path(case.context.data_dir, log)
        stamp = f"{case.here}-{case.stamp}"
        done = await asyncio.to_thread(go_on, log, case.copy, head, stamp)
        fields = self._about(plan, host=plan.candidate, of=plan.old or None, kind=plan.kind)
        fields |= {"last": done.tip.hash, "lines": done.tip.sequence}
        if done.aside:
            fields["aside"] = ",".join(done.aside)
        if done.why:
            fields["copy"] = done.why
        await case.context.log.append([LogEntry("promote", fields)], durable=True)
        case.standing.took_office(plan.epoch)
        return f"after line {done.tip.sequence}: {RELATIONS[done.relation]}"

    async def _mirror(self, plan: Plan) -> str:
        try:
            return f"at {(await self._case.mirrors.pull(plan.candidate))[:9]}"
        except FleetError as error:
            raise LeftOut(str(error)) from error

    async def _runs(self, plan: Plan) -> str:
        """Follow what the old primary started and the log has not closed."""
        case = self._case
        adopt = case.context.adopt
        if plan.candidate != case.here or adopt is None:
            raise LeftOut(f"{plan.candidate} follows them when fleet-tui is opened there")
        begun = await asyncio.to_thread(open_runs, case.context.log.path, is_whole=True)
        find = case.context.find_left_open
        taken, gone = (await find() if find is not None else 0), 0
        later = []
        for run, line in begun.items():
            if case.context.store.get_run(run) is not None:
                continue
            host = line.text("host")
            try:
                async with asyncio.timeout(15.0):
                    await adopt(host, run)
                taken += 1
            except (Unreachable, TimeoutError):
                later.append(host)
            except (UsageError, KeyError):
                gone += 1
        said = [f"{taken} followed"]
        said += [f"{gone} are not on their hosts any more"] if gone else []
        said += [f"not reached: {', '.join(sorted(set(later)))}"] if later else []
        return ", ".join(said)

    async def _confirm(self, plan: Plan) -> str:
        case = self._case
        whom = plan.old if plan.candidate == case.here else plan.candidate
        if not whom or whom == case.here:
            raise LeftOut("nobody else has to know")
        if not await self.fence(whom, plan.epoch):
            raise LeftOut(f"{whom} is told when it can be reached; until then its hosts refuse it")
        if plan.candidate == case.here:
            fields = self._about(plan, host=whom, to=plan.candidate)
            await case.context.log.append([LogEntry("demote", fields)], durable=True)
        return f"{whom} has seen epoch {plan.epoch}"

    def _about(self, plan: Plan, **more: FieldValue) -> dict[str, FieldValue]:
        given = {key: value for key, value in more.items() if value is not None}
        return {**given, "epoch": plan.epoch, "by": self._case.context.by, "plan": plan.id}


RELATIONS = {
    "none": "there is no copy of an older one",
    "broken": "the copy is damaged, so our own goes on",
    "ours-is-newer": "ours holds all that was shipped",
    "copy-is-newer": "the shipped log is ours now",
    "diverged": "the shipped log is ours now; our own is kept beside it",
}


def refuse_unless_typed(typed: str, wanted: str) -> None:
    """Raise Refused unless the name was typed again."""
    if typed.strip() != wanted:
        raise Refused(
            f"the name {wanted!r} was not typed", mend=f"type it, or give --yes-promote {wanted}"
        )
