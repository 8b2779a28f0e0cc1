"""The core's own thread and event loop, and the handle by which a screen reaches it.

A terminal that stops reading blocks the loop that paints it for seconds. Connections, timers and
the journal live on this loop instead, and never feel it. What the fleet consists of is imported
there too, so that the first picture does not wait for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import threading
from concurrent.futures import Future
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from fleet_tui.clock import SystemClock
from fleet_tui.desks.desk_set import DeskSet
from fleet_tui.mailbox import Mailbox
from fleet_tui.model.errors import FleetError
from fleet_tui.model.host import LinkStatus
from fleet_tui.model.snapshot import DispatchView, FleetView, HostView

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from fleet_tui.board import Board
    from fleet_tui.fleet import Fleet
    from fleet_tui.model.config import FleetConfig
    from fleet_tui.model.control import Changes, GatheredGroup
    from fleet_tui.model.lines import LineSource, TimelineSource
    from fleet_tui.model.question import Answer
    from fleet_tui.model.request import DispatchRequest, Preview

T = TypeVar("T")

OTHERS_SECONDS = 1.0
"""How often the store is asked what other programs do."""


class CoreThread(DeskSet):
    """A fleet on its own thread; implements `model.control.FleetControl` for the screen."""

    def __init__(
        self,
        config: FleetConfig,
        *,
        is_demo: bool = False,
        is_read_only: bool = False,
        prepare: Callable[[], None] | None = None,
    ) -> None:
        """Make the handle; `prepare` is called on the core's thread before anything connects."""
        self._config = config
        self._is_demo = is_demo
        self._is_read_only = is_read_only
        self._prepare = prepare
        self._mailbox = Mailbox()
        now = SystemClock().time()
        unknown = (HostView(h, LinkStatus(h.name, "unknown", now)) for h in config.hosts)
        self._mailbox.put(hosts={view.host.name: view for view in unknown})
        self._made: Fleet | None = None
        self._making = threading.Lock()
        self._board: Board | None = None
        self._loop = asyncio.new_event_loop()
        self._opened: Future[None] = Future()
        self._connecting: asyncio.Task[object] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._is_closing = False
        self._thread = threading.Thread(target=self._work, name="fleet-core", daemon=True)

    @property
    def config(self) -> FleetConfig:
        """The fleet as configured."""
        return self._config

    @property
    def _fleet(self) -> Fleet:
        """The fleet; made by whichever thread is first to need it, the core's as a rule."""
        with self._making:
            if self._made is None:
                from fleet_tui.fleet import Fleet

                self._made = Fleet(self._config, is_read_only=self._is_read_only)
            return self._made

    def start(self) -> Future[None]:
        """Start the thread; the future resolves when journal and store are open, or raises."""
        self._thread.start()
        return self._opened

    def raise_if_not_opened(self) -> None:
        """Raise what kept the fleet from being opened, if anything did."""
        if self._opened.done():
            self._opened.result()

    def stop(self) -> None:
        """End open runs by the ladder, close everything, and wait for the thread."""
        if not self._thread.is_alive():
            self._give_up_unstarted()
            return
        if self._opened.exception() is None:
            asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def keep_connected(self) -> None:
        """Connect to every host and keep it so; call it after the first paint."""
        self._call(self._keep_connected())

    def drain(self) -> Changes:
        """Take what changed since the last call."""
        return self._mailbox.drain()

    def preview(self, request: DispatchRequest) -> Preview:
        """Say what `request` would do."""
        if not self._opened.done():
            from fleet_tui.model.request import Preview

            return Preview((), "", problem="the journal is being opened")
        return self._fleet.preview(request)

    def dispatch(self, request: DispatchRequest) -> Future[str]:
        """Start it; resolves to the dispatch id once it is in the log."""
        return self._call(self._dispatch(replace(request, can_ask=True)))

    def cancel(self, run_ids: Sequence[str]) -> Future[int]:
        """End these runs by the ladder."""
        return self._call(self._fleet.cancel(list(run_ids)))

    def retry(self, run_ids: Sequence[str]) -> Future[str]:
        """Send the same prompt again to the hosts of these runs."""
        return self._call(self._retry(list(run_ids)))

    def connect(self, hosts: Sequence[str]) -> Future[None]:
        """Open connections now instead of after the back-off."""
        return self._call(self._connect(list(hosts)))

    def answer(self, run_id: str, question_id: str, answer: Answer) -> Future[None]:
        """Answer what an agent asked."""
        return self._call(self._fleet.answer(run_id, question_id, answer))

    def terminal(self, host: str, run_id: str | None = None) -> Future[tuple[str, ...]]:
        """Return the command that opens a terminal on a host, or takes up a run's session."""
        return self._call(self._fleet.terminal(host, run_id))

    def resume(self, run_id: str, prompt: str) -> Future[str]:
        """Go on with a finished run's agent session."""
        return self._call(self._resume(run_id, prompt))

    def lines(self, run_id: str) -> LineSource:
        """Return the view of a run."""
        return self._fleet.archive.lines(run_id)

    def timeline(self, dispatch_id: str) -> TimelineSource:
        """Return a dispatch's merged order."""
        return self._fleet.archive.timeline(dispatch_id)

    def gather(self, dispatch_id: str) -> Future[tuple[GatheredGroup, ...]]:
        """Fold equal answers."""
        return self._call(asyncio.to_thread(self._fleet.archive.gather, dispatch_id))

    def open_dispatch(self, dispatch_id: str) -> Future[DispatchView]:
        """Load a past dispatch."""
        return self._call(self._open_dispatch(dispatch_id))

    def recent(self, limit: int = 100) -> Future[tuple[DispatchView, ...]]:
        """Return past dispatches, newest first."""
        return self._call(self._recent(limit))

    def prompt_history(self, limit: int = 200) -> Future[tuple[str, ...]]:
        """Return what was dispatched before."""
        return self._call(self._prompt_history(limit))

    # --- on the core's thread ---------------------------------------------------------------

    def _work(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._open())
        except FleetError as error:
            self._opened.set_exception(error)
        except BaseException as bug:
            self._opened.set_exception(bug)
            raise
        else:
            self._opened.set_result(None)
        self._loop.run_forever()
        self._loop.run_until_complete(_cancel_others())
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    def _give_up_unstarted(self) -> None:
        """Close the loop of a core that never ran, or has ended; what waits for it is told so."""
        if self._loop.is_closed():
            return
        if not self._opened.done():
            self._opened.set_exception(FleetError("the fleet was closed before it was opened"))
        self._loop.run_until_complete(_others_end())
        self._loop.close()

    async def _open(self) -> None:
        from fleet_tui.board import Board

        fleet = self._fleet
        await fleet.open()
        self._board = Board(
            self._config,
            self._mailbox,
            fleet.clock,
            status=self._first_status(),
            is_read_only=fleet.is_read_only,
            spending=fleet.spending,
            task=fleet.task,
            lines=lambda run: fleet.archive.lines(run).count,
            facts=fleet.facts,
        )
        fleet.bus.subscribe(self._board.heard)
        fleet.on_output(self._board.output_grew)
        for view, runs in reversed(fleet.archive.recent(1)):
            self._board.show(view, runs)
        for notice in fleet.recovery.notices():
            self._board.heard(notice)
        self._board.publish()

    def _first_status(self) -> FleetView:
        config = self._config
        standing = self._fleet.standing
        here = standing.this_host
        why = standing.why_observer(self._fleet.clock.time())
        return FleetView(
            name=config.name,
            this_host=here.name if here else "",
            role=standing.role,
            epoch=self._fleet.epoch,
            hosts_total=len(config.hosts),
            hosts_up=0,
            open_runs=0,
            cost_today_usd=0.0,
            cost_is_complete=True,
            cap_today_usd=config.budget.usd_per_day,
            is_demo=self._is_demo,
            is_read_only=self._fleet.is_read_only or bool(why),
            log_path=str(self._fleet.log_path),
            notes=(f"{why}; {standing.mend()}",) if why else (),
            why_not_kept=self._fleet.told_not_kept,
        )

    async def _close(self) -> None:
        self._is_closing = True
        mine = [task for task in (self._connecting, self._watching) if task is not None]
        for task in mine:  # else they would start, or read, what has been closed
            task.cancel()
        await asyncio.gather(*mine, return_exceptions=True)
        await self._fleet.close()
        if self._board is not None:
            self._board.close()

    async def _keep_connected(self) -> None:
        if self._is_closing:
            return
        self._connecting = asyncio.current_task()
        if self._prepare is not None:
            try:
                await asyncio.to_thread(self._prepare)
            except FleetError as error:
                self._fleet.notice("prepare", "error", "start-failed", "fleet", str(error))
        self._fleet.keep_connected()
        self._watching = asyncio.create_task(self._watch_others())
        await self._learn_who_leads()
        await self._fleet.recovery.find_left_open()
        gc.freeze()

    async def _watch_others(self) -> None:
        """Show what other programs that share the state folder do."""
        while True:
            await asyncio.sleep(OTHERS_SECONDS)
            try:
                await self._look_at_others()
            except FleetError as error:
                self._fleet.notice("others", "warning", "journal", "fleet", str(error))

    async def _look_at_others(self) -> None:
        """Show their runs as the store has them: whoever follows a run writes it there."""
        board, fleet = self._board, self._fleet
        assert board is not None
        owned = await asyncio.to_thread(fleet.store.open_runs)
        dispatches, theirs = board.behind(item.run for item in owned)
        for dispatch in dispatches:
            board.show(*await asyncio.to_thread(fleet.archive.past, dispatch))
        if theirs:
            board.output_grew(theirs)

    async def _learn_who_leads(self) -> None:
        """Ask the mirror's remote, before runs of this machine are followed again."""
        if self._fleet.standing.has_mirror and not self._fleet.why_not_kept:
            try:
                await self._fleet.parts.roles.ready()
            except FleetError as error:
                self._fleet.notice("roles/failed", "error", "roles", "fleet", str(error))

    async def _dispatch(self, request: DispatchRequest) -> str:
        return (await self._fleet.dispatch(request)).dispatch.id

    async def _resume(self, run_id: str, prompt: str) -> str:
        return (await self._fleet.resume(run_id, prompt)).dispatch.id

    async def _retry(self, run_ids: list[str]) -> str:
        return (await self._fleet.retry(run_ids)).dispatch.id

    async def _connect(self, hosts: list[str]) -> None:
        async def one(host: str) -> None:
            with contextlib.suppress(FleetError):  # the pool tells it as the host's state
                await self._fleet.pool.reconnect(host)

        await asyncio.gather(*(one(host) for host in hosts))

    async def _open_dispatch(self, dispatch_id: str) -> DispatchView:
        view, runs = self._fleet.archive.past(dispatch_id)
        assert self._board is not None
        self._board.show(view, runs)
        self._board.publish()
        return view

    async def _recent(self, limit: int) -> tuple[DispatchView, ...]:
        assert self._board is not None
        found = self._fleet.archive.recent(limit)
        for view, runs in reversed(found):
            self._board.show(view, runs)
        self._board.publish()
        return tuple(view for view, _ in found)

    async def _prompt_history(self, limit: int) -> tuple[str, ...]:
        return tuple(self._fleet.store.prompt_history(limit))

    def _call(self, work: Coroutine[None, None, T]) -> Future[T]:
        """Run `work` on the core's loop once the fleet is open."""

        async def when_open() -> T:
            try:
                await asyncio.wrap_future(self._opened)
            except BaseException:
                work.close()
                raise
            return await work

        return asyncio.run_coroutine_threadsafe(when_open(), self._loop)


async def _others_end() -> None:
    """Let what was called on this loop begin, and wait for its end."""
    await asyncio.sleep(0)
    others = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.gather(*others, return_exceptions=True)


async def _cancel_others() -> None:
    """Cancel what is still under way on this loop, and wait for its end."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for other in others:
        other.cancel()
    await asyncio.gather(*others, return_exceptions=True)
