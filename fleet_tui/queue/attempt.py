"""One try of one task: inspect it, start its run, show life, and make its result the task's."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_tui.journal import LogEntry, log_message
from fleet_tui.model.errors import FleetError, Refused
from fleet_tui.model.request import DispatchRequest
from fleet_tui.model.task import Claim, LeaseLost, Owner, QueueError, Result
from fleet_tui.model.text import one_line
from fleet_tui.queue import spent
from fleet_tui.queue.ending import MINUTE, decide
from fleet_tui.queue.inspecting import digest
from fleet_tui.queue.ledger import Attempt

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from fleet_tui.context import FleetContext
    from fleet_tui.journal.entry import EventName, FieldValue
    from fleet_tui.model.run import Run
    from fleet_tui.model.task import Task
    from fleet_tui.queue.ending import Decision
    from fleet_tui.queue.inspecting import Inspection, Inspector
    from fleet_tui.queue.ledger import Ledger
    from fleet_tui.queue.run_watch import RunWatch
    from fleet_tui.queue.store import TaskStore

GATE_REST = MINUTE
"""How long a worker rests after a gate that may open again said no (budget, standing)."""
RETRY_SECONDS = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Pauses between tries to tell the queue how a run ended, while the queue is away."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What all attempts of a program share."""

    context: FleetContext
    store: TaskStore
    ledger: Ledger
    inspector: Inspector
    watch: RunWatch


@dataclass(frozen=True, slots=True)
class Rest:
    """How long the worker takes nothing new, and why."""

    seconds: float = 0.0
    why: str = ""


class AttemptRun:
    """Carries one claim to its end. `run_id` names its run once there is one."""

    def __init__(self, bench: Bench, claim: Claim, worker: str) -> None:
        self._bench = bench
        self.claim = claim
        self._worker = worker
        self.run_id = ""
        self.is_handing_back = False

    @property
    def task(self) -> Task:
        """The task."""
        return self.claim.task

    @property
    def is_over(self) -> bool:
        """True when its run has ended, whatever the queue knows of it."""
        run = self._bench.context.store.get_run(self.run_id) if self.run_id else None
        return run is not None and not run.is_open

    async def carry_out(self) -> Rest:
        """Do all of it; raises JournalError, and nothing else of ours."""
        bench, context = self._bench, self._bench.context
        now = context.clock.time()
        try:
            inspection = await asyncio.to_thread(bench.inspector.admit, self.task, now)
            inspection = await self._accepted(inspection)
            if inspection.refusal:
                await self._refuse(inspection)
                return Rest()
            attempt = await self._begin()
            return await self._start(attempt, inspection)
        except LeaseLost as error:
            await self._lost(error)
            return Rest()

    async def take_up(self, attempt: Attempt) -> Rest:
        """Go on where a program that is gone stopped: its run is found again, never doubled."""
        self.run_id = attempt.run
        run = self._bench.context.store.get_run(attempt.run)
        try:
            try:
                await self._surely(lambda: self._bench.store.resume(self.claim))
            except LeaseLost:
                if run is None or run.is_open:
                    raise
                # its run is over: perhaps the commit was made, and only our note of it was not
            if run is None:
                return await self.carry_out()
            return await self._follow(attempt)
        except LeaseLost as error:
            await self._lost(error)
            return Rest()

    async def hand_back(self) -> None:
        """End the run and give the task to whoever wants it."""
        self.is_handing_back = True
        await self._cancel_run()

    async def _accepted(self, inspection: Inspection) -> Inspection:
        """Ask the queue whether a worker of another machine has taken this signed task before."""
        verdict = inspection.verdict
        if inspection.refusal or not verdict.holds:
            return inspection
        why = ""

        async def accept() -> None:
            nonlocal why
            store, task = self._bench.store, self.task
            why = await spent.accept(store, verdict.id, task.name, digest(task))

        await self._surely(accept)
        return inspection.replayed(why) if why else inspection

    # --- steps --------------------------------------------------------------------------------

    async def _begin(self) -> Attempt:
        context = self._bench.context
        claim = self.claim
        attempt = Attempt(
            id=attempt_id(claim),
            run=self.run_id or context.new_id("r"),
            name=claim.task.name,
            host=claim.owner.host,
            claim=written_claim(claim),
            owner=context.owner,
        )
        attempt = await asyncio.to_thread(self._bench.ledger.begin, attempt, context.clock.time())
        self.run_id = attempt.run
        await self._log("claim", {"run": attempt.run, "msg": log_message(self.task.prompt)})
        return attempt

    async def _start(self, attempt: Attempt, inspection: Inspection) -> Rest:
        dispatch = self._bench.context.dispatch
        assert dispatch is not None
        try:
            await dispatch(request_of(self.claim, attempt.run, inspection.is_vouched_for))
        except Refused as error:
            return await self._give_back(attempt, str(error), GATE_REST)
        except FleetError as error:
            return await self._give_back(attempt, str(error), GATE_REST, counts=True)
        return await self._follow(attempt)

    async def _follow(self, attempt: Attempt) -> Rest:
        run, answer = await self._beating(self._bench.watch.end_of(attempt.run))
        if self.is_handing_back and run.state != "succeeded":
            return await self._give_back(attempt, "handed back by its worker", 0.0)
        task, rules = self.task, self._bench.store.rules
        most = task.options.max_attempts or rules.max_attempts
        decision = decide(run, self.claim.attempt, most)
        await self._settle(attempt, run, answer, decision)
        return Rest(decision.rest, decision.why)

    async def _beating(self, ending: Awaitable[tuple[Run, str]]) -> tuple[Run, str]:
        """Wait for `ending` and show life meanwhile; raises LeaseLost."""
        store = self._bench.store
        waiting = asyncio.ensure_future(ending)
        try:
            while True:
                done, _ = await asyncio.wait([waiting], timeout=store.rules.beat_every)
                if done:
                    return waiting.result()
                try:
                    await store.beat(self.claim)
                except LeaseLost:
                    raise
                except QueueError:
                    continue  # the lease decides, not one beat
        finally:
            waiting.cancel()

    async def _settle(self, attempt: Attempt, run: Run, answer: str, decision: Decision) -> None:
        store, claim = self._bench.store, self.claim
        result = result_of(run, answer, claim, self._worker, decision.why)
        if decision.ending == "commit":
            await self._surely(lambda: store.commit(claim, result))
            part = self._bench.inspector.signed_id(self.task)
            if part:
                await asyncio.to_thread(self._bench.ledger.spend, part)
                await self._surely(lambda: spent.spend(store, part))
        elif decision.ending == "fail":
            await self._surely(lambda: store.fail(claim, result))
        else:
            counts = decision.ending == "again"
            why, delay = decision.why, decision.delay
            await self._surely(lambda: store.release(claim, reason=why, delay=delay, counts=counts))
        status = {"commit": "done", "fail": "failed"}.get(decision.ending, "returned")
        fields: dict[str, FieldValue] = {"run": run.id, "status": status, "why": decision.why}
        await self._log("commit", fields)
        await self._end(attempt.id)

    async def _give_back(
        self, attempt: Attempt, why: str, rest: float, *, counts: bool = False
    ) -> Rest:
        store = self._bench.store
        reason = one_line(why, 300)
        await self._surely(
            lambda: store.release(self.claim, reason=reason, delay=rest, counts=counts)
        )
        await self._log("commit", {"run": attempt.run, "status": "returned", "why": reason})
        await self._end(attempt.id)
        return Rest(rest, reason)

    async def _surely(self, tell: Callable[[], Awaitable[object]]) -> None:
        """Tell the queue, again and again while it is away; raises LeaseLost."""
        tries = 0
        while True:
            try:
                await tell()
            except LeaseLost:
                raise
            except QueueError as error:
                if tries == 0:
                    text = f"the end of {self.task.name} cannot be told to the queue: {error}"
                    self._notice("queue-away", "warning", text)
                await asyncio.sleep(RETRY_SECONDS[min(tries, len(RETRY_SECONDS) - 1)])
                tries += 1
            else:
                return

    async def _refuse(self, inspection: Inspection) -> None:
        why = one_line(inspection.refusal, 300)
        fields: dict[str, FieldValue] = {
            "origin": "queue",
            "mode": self.task.options.mode or "read",
            "signature": inspection.verdict.fault or "valid",
            "why": why,
            "msg": log_message(self.task.prompt),
        }
        await self._log("refused", fields)
        await self._surely(lambda: self._bench.store.refuse(self.claim, why))
        self._notice("task-refused", "warning", f"task {self.task.name} was refused: {why}")

    async def _lost(self, error: LeaseLost) -> None:
        await self._cancel_run()
        await self._log("commit", {"run": self.run_id, "status": "lost", "why": error.what})
        await self._end(attempt_id(self.claim))

    async def _cancel_run(self) -> None:
        cancel = self._bench.context.cancel
        if self.run_id and cancel is not None:
            await cancel([self.run_id])

    async def _end(self, attempt: str) -> None:
        now = self._bench.context.clock.time()
        await asyncio.to_thread(self._bench.ledger.end, attempt, now)

    async def _log(self, event: EventName, fields: dict[str, FieldValue]) -> None:
        context, claim = self._bench.context, self.claim
        about: dict[str, FieldValue] = {
            "task": claim.task.name,
            "attempt": claim.attempt,
            "host": claim.owner.host,
            "worker": self._worker,
            "by": context.by,
            "epoch": context.epoch(),
        }
        told = {key: value for key, value in fields.items() if value != ""}
        await context.log.append([LogEntry(event, {**about, **told})], durable=True)

    def _notice(self, event: str, severity: str, text: str) -> None:
        key = f"queue/{event}/{self.task.name}/{self.claim.owner.fence}"
        host = self.claim.owner.host
        self._bench.context.notice(key, severity, event, host, text)  # type: ignore[arg-type]


def request_of(claim: Claim, run_id: str, is_vouched_for: bool) -> DispatchRequest:
    """Return what is dispatched for a claim: at most what a task may ask for."""
    options = claim.task.options
    return DispatchRequest(
        target=claim.owner.host,
        prompt=claim.task.prompt,
        agent=options.agent,
        mode=options.mode or "read",
        origin="queue",
        budget_usd=options.budget_usd,
        timeout_seconds=options.timeout_seconds,
        model=options.model,
        workdir=options.workdir,
        is_vouched_for=is_vouched_for,
        run_id=run_id,
    )


def result_of(run: Run, answer: str, claim: Claim, worker: str, why: str) -> Result:
    """Return what the queue is told of a run."""
    return Result(
        text=answer,
        outcome=run.outcome,
        reason=one_line(run.reason or why, 300) if run.state != "succeeded" else run.reason,
        host=run.host,
        worker=worker,
        agent=run.agent,
        run=run.id,
        session=run.session or "",
        attempt=claim.attempt,
        cost_usd=run.cost_usd,
        started_at=run.started_at,
        finished_at=run.finished_at,
    )


def attempt_id(claim: Claim) -> str:
    """Return what names this try for ever: the fence is another after a retry."""
    return f"{claim.key}.{claim.owner.fence}"


def written_claim(claim: Claim) -> str:
    """Return a claim without its task, as text."""
    owner = claim.owner
    return json.dumps([owner.host, owner.fence, claim.attempt, claim.token])


def read_claim(text: str, task: Task) -> Claim:
    """Return the claim that was written; raises ValueError."""
    host, fence, attempt, token = json.loads(text)
    return Claim(task, Owner(str(host), str(fence)), int(attempt), str(token))
