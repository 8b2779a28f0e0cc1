"""Prompts to the fleet: gate, log, then every host at once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fleet_tui.dispatch.asking import asked_with, keep_request
from fleet_tui.dispatch.moved_gate import refuse_if_elsewhere
from fleet_tui.dispatch.opening import (
    dispatch_entries,
    dispatch_record,
    refused_entry,
    run_record,
)
from fleet_tui.dispatch.plan import make_plans, plan_again
from fleet_tui.dispatch.recorder import RunRecorder
from fleet_tui.dispatch.runtask import RunTask
from fleet_tui.journal import Spool, Timeline
from fleet_tui.journal.moved import MovedSessions
from fleet_tui.model.errors import EmptyTarget, JournalError, Refused, UsageError
from fleet_tui.model.events import DispatchFinished, DispatchStarted, NoticeRaised
from fleet_tui.model.notice import Notice
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
    from pathlib import Path

    from fleet_tui.dispatch.admission import Admission
    from fleet_tui.dispatch.closing import Closer
    from fleet_tui.dispatch.output import OutputDesk
    from fleet_tui.dispatch.plan import RunPlan
    from fleet_tui.dispatch.runtask import RunServices
    from fleet_tui.journal import FleetLog, RunStore
    from fleet_tui.model.errors import FleetError
    from fleet_tui.model.host import Host
    from fleet_tui.model.question import Question
    from fleet_tui.model.request import DispatchRequest, Preview
    from fleet_tui.model.run import Dispatch, Run


@dataclass(slots=True)
class LiveDispatch:
    """A dispatch that is being carried out."""

    dispatch: Dispatch
    tasks: dict[str, RunTask]
    timeline: Timeline
    finished: asyncio.Task[tuple[Run, ...]]


@dataclass(frozen=True, slots=True)
class DispatchServices:
    """What the dispatcher needs of the core, beyond what each run does."""

    log: FleetLog
    store: RunStore
    closer: Closer
    desk: OutputDesk
    data_dir: Path
    owner: str
    by: str
    epoch: Callable[[], int]
    new_id: Callable[[str], str]


class Dispatcher:
    """Starts dispatches and holds the ones that are running."""

    def __init__(
        self, admission: Admission, services: DispatchServices, run_services: RunServices
    ) -> None:
        self._admission = admission
        self._services = services
        self._run_services = run_services
        self._live: dict[str, LiveDispatch] = {}
        self._moved = MovedSessions(services.data_dir)

    @property
    def live(self) -> tuple[LiveDispatch, ...]:
        """The dispatches that still have open runs."""
        return tuple(self._live.values())

    def preview(self, request: DispatchRequest) -> Preview:
        """Say what `request` would do, from what is known without I/O."""
        return self._admission.preview(request)

    async def dispatch(self, request: DispatchRequest) -> LiveDispatch:
        """Start `request`; returns once it is in the log, before any host has answered.

        Raises TargetError, UsageError, Refused (which leaves a `refused` line), JournalError.
        """
        services = self._services
        identifier = request.dispatch_id or services.new_id("d")
        try:
            hosts = self._admission.admit(request)
            names = [host.name for host in hosts]
            refuse_if_elsewhere(self._moved, request.session, names)
        except (Refused, EmptyTarget) as error:
            await self._log_refusal(identifier, request, error)
            raise
        now = self._run_services.clock.time()
        before = services.store.thread_tokens(request.session, now)
        config, grants = self._admission.config, self._admission.grants
        plans = make_plans(request, hosts, config, services.new_id, before, grants)
        for plan in plans:  # what cannot be written down must fail before it is logged
            plan.adapter.command(replace(plan.request, binary=plan.adapter.name))
        by, epoch = services.by, services.epoch()
        dispatch = dispatch_record(identifier, request, plans, by=by, epoch=epoch, now=now)
        runs = tuple(run_record(dispatch, plan) for plan in plans)
        try:
            services.store.add_dispatch(
                dispatch, runs, services.owner, check=lambda: self._admission.admit(request)
            )
        except Refused as error:  # another program was faster, and took what was left of the day
            await self._log_refusal(identifier, request, error)
            raise
        try:
            await services.log.append(dispatch_entries(dispatch, runs, request), durable=True)
        except JournalError as error:
            self._withdraw(runs, error)
            raise
        return self._start(dispatch, plans, runs)

    async def tell(self, run_id: str, identifier: str, text: str) -> None:
        """Say something to a run that is led by a dialogue here; raises UsageError."""
        task = self.task(run_id)
        if task is None or task.conversation is None:
            raise UsageError("this run listens to nobody here")
        await task.conversation.say(identifier, text)

    def has_echoed(self, run_id: str, identifier: str) -> bool:
        """Tell whether an open run said back what it was told under this identifier."""
        task = self.task(run_id)
        return bool(task and task.conversation and task.conversation.has_echoed(identifier))

    def cancel(self, run_ids: Iterable[str]) -> list[RunTask]:
        """Ask these runs to end; returns those that were open and not being ended yet."""
        wanted = frozenset(run_ids)
        asked = []
        for live in self.live:
            for identifier in wanted.intersection(live.tasks):
                task = live.tasks[identifier]
                if task.request_stop("cancelled"):
                    asked.append(task)
        return asked

    def task(self, run_id: str) -> RunTask | None:
        """Return the task of an open run of this program."""
        for live in self.live:
            if run_id in live.tasks:
                return live.tasks[run_id]
        return None

    def questions(self, run_id: str) -> tuple[Question, ...]:
        """Return what an open run of this program waits to be told."""
        task = self.task(run_id)
        return task.conversation.questions() if task and task.conversation else ()

    async def _log_refusal(
        self, identifier: str, request: DispatchRequest, error: FleetError
    ) -> None:
        agent = request.agent or self._admission.config.defaults.agent
        by, epoch = self._services.by, self._services.epoch()
        entry = refused_entry(identifier, request, error, agent=agent, by=by, epoch=epoch)
        await self._services.log.append([entry], durable=True)

    def _withdraw(self, runs: Sequence[Run], error: JournalError) -> None:
        """Close the store's rows of runs that never made it into the log."""
        now = self._run_services.clock.time()
        closed = [
            replace(run, state="failed", outcome="refused", reason=error.what, finished_at=now)
            for run in runs
        ]
        self._services.store.finish_runs([(run, "") for run in closed])

    def adopt(self, dispatch: Dispatch, runs: Sequence[Run], hosts: Mapping[str, Host]) -> None:
        """Follow those of `runs`, all of `dispatch`, whose host is in `hosts`, to their end.

        They were started by a program that is gone.
        """
        timeline = Timeline.load(self._timeline_path(dispatch))
        tasks: dict[str, RunTask] = {}
        for position, run in enumerate(runs):
            if run.id in hosts:
                folder = self._services.data_dir / "runs" / run.id
                plan = self._plan_again(dispatch, run, hosts[run.id])
                is_events = plan.adapter.speaks == "events"
                spool = Spool.reopen(folder, show=not is_events, on_fault=self._disk_refused)
                task = self._task(plan, run, spool)
                task.recorder.counted_lines = timeline.known_lines(position)
                self._services.desk.add(task.recorder, timeline, position)
                task.replay(folder)
                tasks[run.id] = task
        self._run_services.publish(DispatchStarted(dispatch, tuple(runs)))
        self._follow(dispatch, tasks, timeline, RunTask.adopt)

    def _plan_again(self, dispatch: Dispatch, run: Run, host: Host) -> RunPlan:
        asked = asked_with(self._services.data_dir / "runs" / run.id)
        before = self._services.store.thread_tokens(run.session, run.created_at)
        return plan_again(dispatch, run, host, asked, self._admission.config, before)

    def _start(
        self, dispatch: Dispatch, plans: Sequence[RunPlan], runs: Sequence[Run]
    ) -> LiveDispatch:
        timeline = Timeline(self._timeline_path(dispatch))
        tasks: dict[str, RunTask] = {}
        for position, (plan, run) in enumerate(zip(plans, runs, strict=True)):
            folder = self._services.data_dir / "runs" / run.id
            task = self._task(plan, run, Spool(folder, on_fault=self._disk_refused))
            if task.can_ask:
                keep_request(folder, plan.request)
            self._services.desk.add(task.recorder, timeline, position)
            tasks[run.id] = task
        self._run_services.publish(DispatchStarted(dispatch, tuple(runs)))
        return self._follow(dispatch, tasks, timeline, RunTask.execute)

    def _disk_refused(self, error: JournalError) -> None:
        """Tell that output is being lost here; the runs themselves go on."""
        text = one_line(str(error), 500)
        now = self._run_services.clock.time()
        self._run_services.publish(
            NoticeRaised(Notice("output-disk", now, "error", "output-lost", "fleet", text))
        )

    def _timeline_path(self, dispatch: Dispatch) -> Path:
        return self._services.data_dir / "dispatches" / f"{dispatch.id}.timeline"

    def _task(self, plan: RunPlan, run: Run, spool: Spool) -> RunTask:
        dialogue = plan.adapter.dialogue(plan.request)
        recorder = RunRecorder(
            run.id,
            run.host,
            spool=spool,
            parser=dialogue or plan.adapter.parser(plan.request),
            speaks_events=plan.adapter.speaks == "events",
            clock=self._run_services.clock,
            publish=self._run_services.publish,
            mark=self._services.desk.mark,
        )
        return RunTask(plan, run, recorder, self._run_services, dialogue)

    def _follow(
        self,
        dispatch: Dispatch,
        tasks: dict[str, RunTask],
        timeline: Timeline,
        carry_out: Callable[[RunTask], Awaitable[tuple[Run, str]]],
    ) -> LiveDispatch:
        work = self._carry_out(dispatch, tasks, timeline, carry_out)
        live = LiveDispatch(dispatch, tasks, timeline, asyncio.create_task(work))
        self._live[dispatch.id] = live
        # a screen awaits no end: the notice told it, and asyncio must not print on its terminal
        live.finished.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
        return live

    async def _carry_out(
        self,
        dispatch: Dispatch,
        tasks: dict[str, RunTask],
        timeline: Timeline,
        carry_out: Callable[[RunTask], Awaitable[tuple[Run, str]]],
    ) -> tuple[Run, ...]:
        services = self._services
        try:
            await self._all(dispatch, [self._one(task, carry_out) for task in tasks.values()])
            runs = tuple(task.run for task in tasks.values())
            everything = tuple(services.store.runs_of(dispatch.id))
            if not any(run.is_open for run in everything):
                finished = replace(dispatch, finished_at=self._run_services.clock.time())
                services.store.finish_dispatch(finished)
                await services.log.sync()
                self._run_services.publish(DispatchFinished(finished, everything))
            return runs
        finally:
            timeline.close()
            self._live.pop(dispatch.id, None)

    async def _all(self, dispatch: Dispatch, work: Sequence[Coroutine[None, None, None]]) -> None:
        """Carry out every run; one that cannot be closed ends no other. Raises JournalError."""
        ended = await asyncio.gather(*work, return_exceptions=True)
        broken = next((error for error in ended if error is not None), None)
        if broken is not None:
            now, told = self._run_services.clock.time(), one_line(str(broken), 500)
            notice = Notice(f"{dispatch.id}/journal", now, "error", "journal", "fleet", told)
            self._run_services.publish(NoticeRaised(notice))
            raise broken

    async def _one(
        self, task: RunTask, carry_out: Callable[[RunTask], Awaitable[tuple[Run, str]]]
    ) -> None:
        try:
            run, answer = await carry_out(task)
            self._services.desk.remove(task.recorder)
            await self._services.closer.close(run, answer)
        finally:  # whoever waits for the run must not wait for ever
            task.closed.set()
