"""Closing lines: each finished run gets exactly one, written in batches."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fleet_tui.journal import LogEntry
from fleet_tui.model.events import RunFinished

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_tui.journal import FleetLog, RunStore
    from fleet_tui.model.events import Event
    from fleet_tui.model.run import Run


def closing_entry(run: Run) -> LogEntry:
    """Return the `result` line of a finished run."""
    fields: dict[str, str | int | float | None] = {
        "id": run.dispatch,
        "run": run.id,
        "host": run.host,
        "status": run.state,
        "outcome": run.outcome,
        "exit": run.exit_status,
        "signal": run.exit_signal,
        "cost": None if run.cost_usd is None else round(run.cost_usd, 6),
        "session": run.session,
        "bytes": run.out_bytes + run.err_bytes,
        "msg": run.reason or None,
    }
    if run.started_at is not None and run.finished_at is not None:
        fields["seconds"] = round(run.finished_at - run.started_at, 3)
    return LogEntry("result", {key: value for key, value in fields.items() if value is not None})


def cancel_entry(run: Run, by: str, epoch: int) -> LogEntry:
    """Return the `cancel` line of a run whose end was asked for."""
    about = {"id": run.dispatch, "run": run.id, "host": run.host}
    return LogEntry("cancel", {**about, "by": by, "epoch": epoch})


class Closer:
    """Writes results to log and store, then tells the bus. One writer, many waiting runs."""

    def __init__(self, log: FleetLog, store: RunStore, publish: Callable[[Event], None]) -> None:
        self._log = log
        self._store = store
        self._publish = publish
        self._waiting: list[tuple[Run, str, asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def close(self, run: Run, answer: str) -> None:
        """Return when the closing line of `run` is written; raises JournalError."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((run, answer, done))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())
        await done

    async def _write(self) -> None:
        try:
            while self._waiting:
                await asyncio.sleep(0)  # runs that end in this turn of the loop share a batch
                batch, self._waiting = self._waiting, []
                await self._write_batch(batch)
        finally:
            self._writer = None

    async def _write_batch(self, batch: list[tuple[Run, str, asyncio.Future[None]]]) -> None:
        try:
            self._store.finish_runs([(run, answer) for run, answer, _ in batch])
            await self._log.append([closing_entry(run) for run, _, _ in batch], durable=False)
        except Exception as error:
            for _, _, done in batch:
                if not done.done():
                    done.set_exception(error)
            return
        for run, answer, done in batch:
            self._publish(RunFinished(run, answer))
            if not done.done():
                done.set_result(None)
