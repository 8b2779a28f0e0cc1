"""The shared queue as a part of the fleet: its picture, its orders, and its workers here."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from fleet_tui.model.beats_view import BeatsView
from fleet_tui.model.errors import FleetError
from fleet_tui.model.events import PartChanged
from fleet_tui.model.queue_view import QueueView
from fleet_tui.model.task import TASK_STATES, QueueError
from fleet_tui.model.text import one_line
from fleet_tui.queue import pause as pausing
from fleet_tui.queue.attempt import Bench
from fleet_tui.queue.explain import why_stalled
from fleet_tui.queue.fitting import Ability
from fleet_tui.queue.inspecting import Inspector
from fleet_tui.queue.ledger import Ledger
from fleet_tui.queue.orders import Orders
from fleet_tui.queue.picture import Ages, Results, task_row, worker_rows
from fleet_tui.queue.run_watch import RunWatch
from fleet_tui.queue.settings import queue_settings
from fleet_tui.queue.signing import Signers
from fleet_tui.queue.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_tui.context import FleetContext
    from fleet_tui.model.events import Event
    from fleet_tui.model.queue_view import TaskRow, WorkerRow
    from fleet_tui.model.task import Beat, Reaped
    from fleet_tui.queue.pause import Pause
    from fleet_tui.queue.report import Report
    from fleet_tui.queue.store import TaskStore

SHOWN = 300
"""Tasks of each state that the picture holds."""
_UNREAD = ("pending", "held", "running")
LOOK_SECONDS = 2.0
REAP_SECONDS = 5.0
PICTURE_SECONDS = 0.25
"""Time between two pictures at least, however much changes."""


class Queue:
    """The queue part. `store` is opened with the first thing that is asked."""

    def __init__(self, context: FleetContext, store: TaskStore) -> None:
        self._context = context
        self.settings = queue_settings(context.config)
        self.store = store
        self.workers: list[Worker] = []
        self._opening: asyncio.Task[None] | None = None
        self._finding = asyncio.Lock()
        self._is_found = self._was_sought = False
        self.unfit: QueueError | None = None
        """Why it cannot be used, as far as a look shows; known once it is found."""
        self._pause: Pause | None = None
        """As the queue last said."""
        is_same_clock = str(store.place).startswith("/")
        self._ages = Ages(is_same_clock=is_same_clock)
        self._results = Results(store)
        self._view = QueueView(store.place, {})
        self._titles: dict[str, str] = {}
        """What tasks were about while they waited: of ended ones a store may know less."""
        self._pulses: dict[str, str] = {}
        self._hurry = asyncio.Event()
        self._is_watching = False
        self._is_heeding = False
        self._has_warned = False
        self._unsubscribe = context.bus.subscribe(self._heard)

    @cached_property
    def bench(self) -> Bench:
        """What attempts share; opens the ledger. Raises JournalError."""
        ledger = Ledger(self._context.data_dir, only_looks=bool(self._context.why_not_kept))
        signers = Signers(self.settings.allowed_signers)
        must = self.settings.require_signature
        inspector = Inspector(signers, ledger, require_signature=must)
        return Bench(self._context, self.store, ledger, inspector, RunWatch(self._context))

    @cached_property
    def orders(self) -> Orders:
        """What an operator may order."""
        return Orders(self.bench)

    @property
    def view(self) -> QueueView:
        """The newest picture."""
        return self._view

    @property
    def is_paused(self) -> bool:
        """True while the workers of this queue, wherever they are, are to take nothing."""
        return self._pause is not None

    async def open(self) -> None:
        """Find the queue; raises QueueError, and tries again when asked again."""
        if self._opening is None or (self._opening.done() and self._opening.exception()):
            self._opening = asyncio.create_task(self._make())
        await asyncio.shield(self._opening)

    async def _make(self) -> None:
        async with self._finding:
            await self.store.open()

    @property
    def _is_open(self) -> bool:
        opening = self._opening
        return opening is not None and opening.done() and not opening.exception()

    async def find(self) -> None:
        """Find the queue to look at it as it is, unless it is open: nothing is made or changed.

        Raises QueueMissing where there is none, QueueError when it cannot be reached.
        """
        if self._opening is not None and not self._opening.done():
            await self.open()
        async with self._finding:
            if not (self._is_open or self._is_found):
                self._was_sought = True
                self.unfit = await self.store.find()
                self._is_found = True

    async def start(self) -> None:
        """Show the queue, and unless we only look: look after it, and work for named hosts."""
        if self._is_watching:
            return
        self._is_watching = True
        self._context.spawn(self._watch())
        if self._context.is_read_only:
            return
        self._context.spawn(self._look_after())
        if self._context.dispatch is not None:
            for name in self.settings.workers:
                worker = self.worker(name, slots=self.settings.slots)
                self._context.spawn(self.work(worker))

    def leave(self) -> None:
        """Note that the fleet is about to be closed, before any run is ended for that."""
        for worker in self.workers:
            worker.leave()

    async def close(self) -> None:
        """Let the queue go; workers were ended before."""
        self._unsubscribe()
        if "bench" in self.__dict__:
            self.bench.watch.close()
            self.bench.ledger.close()
        if self._opening is not None:
            if not self._opening.done():
                self._opening.cancel()
            with contextlib.suppress(FleetError, asyncio.CancelledError):
                await self._opening
        if self._opening is not None or self._was_sought:
            with contextlib.suppress(FleetError):
                await self.store.close()

    # --- workers ------------------------------------------------------------------------------

    def worker(
        self, host: str, *, slots: int, labels: Sequence[str] = (), name: str = ""
    ) -> Worker:
        """Return a new worker for a host of the fleet; raises KeyError."""
        entry = self._context.config.host(host)
        machine = self._context.by.rpartition("@")[2]
        is_here = entry.connection == "local"
        return Worker(
            self.bench,
            Ability.of(entry, labels),
            name=name or (host if is_here else f"{host}.{machine}"),
            slots=slots,
            is_paused=lambda: self.is_paused or not self._may_work_for(host),
            changed=self._hurry.set,
        )

    def _may_work_for(self, host: str) -> bool:
        """Tell whether this machine may take tasks: it leads, or works for itself, and no newer
        primary is known of than the one it acts under."""
        standing = self._context.standing
        if standing is None:
            return True
        now = self._context.clock.time()
        return standing.verdict(now, is_own_work=host == standing.name) == "leads"

    async def work(self, worker: Worker, *, once: bool = False) -> None:
        """Let a worker work until it is drained; waits for the queue if it is away."""
        self.workers.append(worker)
        try:
            while True:
                try:
                    await self.open()
                    await self.learn_pause()
                    break
                except QueueError as error:
                    if once:
                        raise
                    self._fail(error)
                    await asyncio.sleep(REAP_SECONDS)
            self._warn()
            if not self._is_heeding:
                self._is_heeding = True
                self._context.spawn(self._heed_pauses())
            await worker.run(once=once)
        finally:
            self.workers.remove(worker)

    async def tend(self) -> None:
        """Look after the queue without showing it: what a worker does beside its work."""
        self._context.spawn(self._look_after())

    async def tell_report(self, report: Report) -> None:
        """Raise a report as a notice."""
        severity = "warning" if len(report.of("fine")) < len(report.findings) else "info"
        key, text = self._context.new_id("n"), f"queue report: {report.summary}"
        self._context.notice(key, severity, "queue-report", "fleet", text)  # type: ignore[arg-type]

    async def pause(self, is_paused: bool) -> Pause | None:
        """Tell all workers of the queue to take nothing, or to go on; raises QueueError.

        Returns the pause that is in force: an earlier one of somebody else stays.
        """
        await self.open()
        await self.orders.note("pause" if is_paused else "resume")
        if is_paused:
            now = datetime.fromtimestamp(self._context.clock.time()).astimezone()
            await pausing.pause(self.store, self._context.by, now.isoformat(timespec="seconds"))
        else:
            await pausing.resume(self.store)
        await self.learn_pause()
        self._hurry.set()
        return self._pause

    async def learn_pause(self) -> None:
        """Ask the queue whether it is paused; raises QueueError."""
        self._pause = await pausing.pause_of(self.store)

    async def _heed_pauses(self) -> None:
        """Ask again and again, for workers here while no picture is made."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            with contextlib.suppress(QueueError):  # the worker tells that the queue is away
                await self.learn_pause()

    # --- looking ------------------------------------------------------------------------------

    async def heartbeats(self) -> Sequence[Beat]:
        """Return the heartbeats on the queue; raises QueueError."""
        await self.find()
        return await self.store.heartbeats()

    async def look(self) -> QueueView:
        """Make the picture anew, and publish it when it differs; raises QueueError."""
        await self.find()
        await self.learn_pause()
        listing = await self.store.listing(TASK_STATES, limit=SHOWN)
        await self._results.read(listing.entries)
        beats = await self.store.heartbeats()
        open_attempts = await asyncio.to_thread(self.bench.ledger.open_attempts)
        runs = {attempt.name: attempt.run for attempt in open_attempts}
        clock = self._context.clock
        monotonic, wall = clock.monotonic(), clock.time()
        self._ages.take(listing.entries, monotonic, wall)
        rows: list[TaskRow] = []
        self._titles.update({e.name: e.title for e in listing.entries if e.state in _UNREAD})
        for entry in listing.entries:
            run = runs.get(entry.name, "") if entry.state == "running" else ""
            age, stored = self._ages.of(entry, monotonic), self._results.get(entry)
            entry = replace(entry, title=self._titles.get(entry.name) or entry.title)
            rows.append(task_row(entry, age, stored, run, self._context.store.get_run))
        workers = worker_rows(beats, [worker.row() for worker in self.workers], self._pulses)
        pending = [entry for entry in listing.entries if entry.state == "pending"]
        abilities = [(row, self._ability(row)) for row in workers]
        self._show(
            QueueView(
                self.store.place,
                listing.counts,
                tuple(rows),
                workers,
                why_stalled(pending, abilities, self._context.config.hosts),
                made_at=wall,
                is_paused=self.is_paused,
                paused_by=self._pause.by if self._pause else "",
                paused_since=self._pause.since if self._pause else "",
                weaknesses=self.store.weaknesses,
            )
        )
        return self._view

    def hurry(self) -> None:
        """Make the next picture at once: an order was carried out."""
        self._hurry.set()

    def _ability(self, row: WorkerRow) -> Ability:
        try:
            return Ability.of(self._context.config.host(row.host), row.labels)
        except KeyError:
            return Ability(row.host, labels=frozenset(row.labels))

    async def _watch(self) -> None:
        while True:
            self._hurry.clear()
            try:
                if not self._context.is_read_only:
                    await self.open()
                await self.look()
                self._warn()
            except FleetError as error:
                self._fail(error)
            await asyncio.sleep(PICTURE_SECONDS)
            await self._news()

    async def _news(self) -> None:
        """Return when something may have changed, or ages have grown."""
        if self._hurry.is_set():
            return
        if not (self._is_open or self._is_found):
            await asyncio.sleep(LOOK_SECONDS)
            return
        waits = [
            asyncio.create_task(self.store.wait(LOOK_SECONDS)),
            asyncio.create_task(self._hurry.wait()),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            ended = await asyncio.gather(*waits, return_exceptions=True)
        if any(isinstance(end, QueueError) for end in ended):
            await asyncio.sleep(LOOK_SECONDS)

    async def _look_after(self) -> None:
        """Return the tasks of silent owners, and tell of those that have used up their tries."""
        while True:
            await asyncio.sleep(REAP_SECONDS)
            with contextlib.suppress(QueueError):  # `_watch` tells that the queue is away
                await self.open()
                for reaped in await self.store.reap():
                    self._tell(reaped)

    def _tell(self, reaped: Reaped) -> None:
        if reaped.kind == "completed":
            return
        host = reaped.owner.host or "fleet"
        key = f"queue/{reaped.name}/{reaped.attempt}"
        reason = one_line(reaped.reason, 200)
        if reaped.kind == "dead":
            text = f"task {reaped.name} has used up its {reaped.attempt} tries: {reason}"
            self._context.notice(key, "error", "task-failed", host, text)
        else:
            text = f"task {reaped.name} was taken back from {host}: {reason}"
            self._context.notice(key, "warning", "task-returned", host, text)

    def _warn(self) -> None:
        """Tell once what the queue's server lacks: it is open now."""
        if not self._has_warned:
            self._has_warned = True
            for number, weakness in enumerate(self.store.weaknesses):
                key = f"queue/weak/{self.store.place}/{number}"
                self._context.notice(key, "warning", "queue-weak", "fleet", weakness)

    def _fail(self, error: FleetError) -> None:
        problem = one_line(str(error), 300)
        self._show(replace(self._view, problem=problem, made_at=self._context.clock.time()))

    def _show(self, view: QueueView) -> None:
        self._view = view
        self._context.bus.publish(PartChanged(view))

    def _heard(self, event: Event) -> None:
        if isinstance(event, PartChanged) and isinstance(event.view, BeatsView):
            self._pulses = {pulse.name: pulse.state for pulse in event.view.pulses}
