"""Claims over NATS: the lease is JetStream's, the fence is the record's revision."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import nats.errors

from fleet_tui.model.task import (
    Claim,
    LeaseLost,
    NoSuchTask,
    Owner,
    Reaped,
    Result,
    TaskState,
    TaskTextError,
)
from fleet_tui.queue.names import Fences
from fleet_tui.queue.nats_turns import Turns
from fleet_tui.queue.resultfile import write_result

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_tui.model.clock import Clock
    from fleet_tui.model.task import Task
    from fleet_tui.queue.nats_leases import Leases
    from fleet_tui.queue.nats_records import Record
    from fleet_tui.queue.nats_texts import Texts
    from fleet_tui.queue.nats_view import Known, View
    from fleet_tui.queue.store import Rules

HEAD_TEXT = 400


class Claims:
    """Takes, keeps, ends and gives back tasks."""

    def __init__(
        self, view: View, leases: Leases, texts: Texts, rules: Rules, clock: Clock
    ) -> None:
        self._view = view
        self._leases = leases
        self._texts = texts
        self._rules = rules
        self._clock = clock
        self.fences = Fences()
        self._turns = Turns(view)
        self._rests_until: dict[str, float] = {}

    async def claim(self, accepts: Callable[[Task], bool], host: str) -> Claim | None:
        """Take the first waiting task that is accepted and that nobody else holds."""
        known = await self._view.all()

        def fits(record: Record) -> bool:
            return not self.waits(record, known) and accepts(record.outline())

        for record in self._turns.candidates(fits):
            claim = await self._take(record.name, accepts, host)
            if claim is not None:
                self._turns.won()
                return claim
            self._turns.missed()
        return None

    def waits(self, record: Record, known: dict[str, Known]) -> str:
        """Return why nobody can take a task yet."""
        options = record.options
        if options.not_before is not None and self._clock.time() < options.not_before:
            return f"for its time, in {options.not_before - self._clock.time():.0f} s"
        for other in options.depends_on:
            if other not in known or known[other].record.state != "done":
                return f"for {other}"
        until = self._rests_until.get(record.name)
        if until is not None and self._clock.monotonic() < until:
            return f"after a failed try, {until - self._clock.monotonic():.0f} s more"
        return ""

    async def beat(self, claim: Claim) -> None:
        """Extend the lease; raises LeaseLost when the record is not ours any more."""
        revision, reply = _token(claim)
        await self._leases.keep(reply)
        known = await self._view.get(claim.task.name)
        if known is None or known.revision != revision:
            raise _lost(claim, known)

    async def finish(self, claim: Claim, state: TaskState, result: Result) -> None:
        """End the task in one compare-and-swap of its record; raises LeaseLost."""
        revision, reply = _token(claim)
        name, fence = claim.task.name, claim.owner.fence
        chunks = await self._texts.put_result(name, fence, write_result(result, fence))
        known = self._view.latest(name)
        if known is None or known.revision != revision:
            known = await self._view.get(name)
        if known is not None and known.revision == revision:
            end = ended(known.record, state, result, fence, chunks)
            known = await self._view.swap(end, revision) or await self._view.get(name)
        if known is None or known.record.is_open or known.record.fence != fence:
            raise _lost(claim, known)
        await self._clean_up(name, reply)

    async def release(self, claim: Claim, *, reason: str, delay: float, counts: bool) -> Reaped:
        """Give the task back; raises LeaseLost."""
        revision, reply = _token(claim)
        known = await self._view.get(claim.task.name)
        if known is None or known.revision != revision:
            raise _lost(claim, known)
        if counts:
            return await self.hand_back(known, reply, reason, delay)
        back = replace(known.record, state="pending", reason=reason)
        if await self._view.swap(back, revision) is None:
            raise _lost(claim, await self._view.get(claim.task.name))
        await self._leases.give_back(reply, delay)
        self._rest(claim.task.name, delay)
        return Reaped(claim.task.name, "returned", claim.owner, claim.attempt, reason)

    async def hand_back(self, known: Known, reply: str, why: str, delay: float = 0.0) -> Reaped:
        """Return a running task whose attempt is used up, or end it; raises LeaseLost."""
        record = known.record
        owner, attempt = Owner(record.host, record.fence), record.attempt
        if attempt >= (record.options.max_attempts or self._rules.max_attempts):
            reason = f"no attempt left after {attempt}: {why}"
            await self.give_up(known, reason, reply)
            return Reaped(record.name, "dead", owner, attempt, reason)
        back = replace(record, state="pending", tries=attempt, reason=why)
        if await self._view.swap(back, known.revision) is None:
            raise LeaseLost("somebody else has changed the task", where=record.name)
        await self._leases.give_back(reply, delay)
        self._rest(record.name, delay)
        return Reaped(record.name, "returned", owner, attempt, why)

    async def give_up(self, known: Known, reason: str, reply: str | None) -> None:
        """End a task as failed in nobody's name; raises LeaseLost when it changed meanwhile."""
        record, fence = known.record, self.fences.next()
        result = Result("", outcome="error", reason=reason, attempt=record.attempt)
        await self.end_as(known, "failed", result, fence, reply)

    async def end_as(
        self, known: Known, state: TaskState, result: Result, fence: str, reply: str | None
    ) -> None:
        """End a task that is not ours; raises LeaseLost when it changed meanwhile."""
        name = known.record.name
        chunks = await self._texts.put_result(name, fence, write_result(result, fence))
        end = ended(known.record, state, result, fence, chunks)
        if await self._view.swap(end, known.revision) is None:
            raise LeaseLost("somebody else has changed the task", where=name)
        await self._clean_up(name, reply)

    async def _take(self, name: str, accepts: Callable[[Task], bool], host: str) -> Claim | None:
        reply = await self._leases.take(name)
        known = await self._view.get(name)
        if reply is None:
            if known is None or not known.record.is_open:
                await self._leases.drop_consumer(name)
            return None
        if known is None or not known.record.is_open:
            await self._clean_up(name, reply)
            return None
        if known.record.state != "pending":
            await self._leases.give_back(reply)
            return None
        task = await self._read(known, reply)
        if task is None:
            return None
        if not accepts(task):
            await self._leases.give_back(reply)
            return None
        owner = Owner(host, self.fences.next())
        attempt = known.record.tries + 1
        running = replace(
            known.record, state="running", attempt=attempt, host=host, fence=owner.fence
        )
        swapped = await self._view.swap(running, known.revision)
        if swapped is None:
            await self._leases.give_back(reply)
            return None
        token = json.dumps({"revision": swapped.revision, "reply": reply})
        return Claim(task, owner, attempt, token)

    async def _read(self, known: Known, reply: str) -> Task | None:
        try:
            task = await self._texts.get_task(known.record)
            why = "its text is gone"
        except TaskTextError as error:
            task, why = None, str(error)
        if task is None:
            with contextlib.suppress(LeaseLost):
                result = Result("", outcome="error", reason=why)
                await self.end_as(known, "quarantined", result, self.fences.next(), reply)
        return task

    async def _clean_up(self, name: str, reply: str | None) -> None:
        """The task has ended; what is left is swept up later when it cannot be now."""
        with contextlib.suppress(nats.errors.Error, TimeoutError):
            await self._leases.end(name, reply)

    def _rest(self, name: str, delay: float) -> None:
        if delay > 0:
            self._rests_until[name] = self._clock.monotonic() + delay


def _token(claim: Claim) -> tuple[int, str]:
    try:
        said = json.loads(claim.token)
        return int(said["revision"]), str(said["reply"])
    except (ValueError, KeyError, TypeError):
        raise LeaseLost("this is no claim of this queue", where=claim.task.name) from None


def ended(record: Record, state: TaskState, result: Result, fence: str, chunks: int) -> Record:
    """Return a record with its end."""
    short = replace(result, text=result.text[:HEAD_TEXT])
    return replace(
        record,
        state=state,
        reason=result.reason,
        fence=fence,
        chunks=chunks,
        head=write_result(short, fence).decode("utf-8", "replace"),
    )


def _lost(claim: Claim, known: Known | None) -> LeaseLost:
    name = claim.task.name
    if known is not None and known.record.state == "cancelled":
        return LeaseLost("the task was cancelled", where=name)
    return LeaseLost(
        "the task was taken from this worker, which was silent for too long",
        where=name,
        mend="its result is kept as a late one; another worker has the task",
    )


def gone(name: str, why: str = "no task is called so") -> NoSuchTask:
    """Return the error for a task that is not there, or not as asked."""
    return NoSuchTask(why, where=name)
