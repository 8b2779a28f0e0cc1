"""The audit log as the core uses it: awaited, written by one thread, fsyncs shared.

Callers that append in the same turn of the loop, or while an fsync is under way, share one write
and one fsync (group commit).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fleet_tui.journal.appender import DEFAULT_MAX_BYTES, Appender
from fleet_tui.journal.entry import LogEntry
from fleet_tui.model.errors import JournalError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fleet_tui.model.clock import Clock


@dataclass(frozen=True, slots=True)
class _Request:
    entries: tuple[LogEntry, ...]
    durable: bool
    future: asyncio.Future[None]
    loop: asyncio.AbstractEventLoop


class FleetLog:
    """An append-only, hash-chained log at `path` (mode 0600, its folder made 0700).

    `epoch` is written into every line that does not say its own.

    `head` is a file outside the log in which each durable append leaves the log's end, so that
    `verify` notices when the end is cut off. Several processes may append to one log at once.
    """

    def __init__(
        self,
        path: Path,
        *,
        clock: Clock,
        max_bytes: int = DEFAULT_MAX_BYTES,
        head: Path | None = None,
        epoch: Callable[[], int] | None = None,
    ) -> None:
        self._epoch = epoch
        self.path = Path(os.path.realpath(path.expanduser()))
        self._appender = Appender(self.path, clock=clock, max_bytes=max_bytes, head=head)
        self._pending: list[_Request] = []
        self._lock = threading.Lock()
        self._batches: queue.SimpleQueue[list[_Request] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._is_closed = False

    @property
    def fsyncs(self) -> int:
        """How often the log itself was synced to disk."""
        return self._appender.fsyncs

    @property
    def writes(self) -> int:
        """How many writes there were."""
        return self._appender.writes

    async def append(self, entries: Sequence[LogEntry], *, durable: bool) -> None:
        """Append `entries` in order; returns when they are written, with `durable` on disk.

        Raises JournalError: then none of them may be acted upon.
        """
        await self._submit(tuple(self._dated(entry) for entry in entries), durable)

    def _dated(self, entry: LogEntry) -> LogEntry:
        """Return the entry with the epoch in which it was made."""
        if self._epoch is None or "epoch" in entry.fields:
            return entry
        return LogEntry(entry.event, {**entry.fields, "epoch": self._epoch()})

    async def sync(self) -> None:
        """Return when everything written so far is on disk; raises JournalError."""
        await self._submit((), True)

    def close(self) -> None:
        """Write what is waiting and end the thread. Blocks for as long as that takes."""
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
            pending, self._pending = self._pending, []
        if self._thread is not None:
            self._batches.put(pending)
            self._batches.put(None)
            self._thread.join()
        self._appender.close()

    async def _submit(self, entries: tuple[LogEntry, ...], durable: bool) -> None:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        with self._lock:
            if self._is_closed:
                raise JournalError("the audit log is closed", where=str(self.path))
            self._pending.append(_Request(entries, durable, future, loop))
            if len(self._pending) == 1:
                loop.call_soon(self._hand_over)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._write_batches, name="fleet-log", daemon=True
                )
                self._thread.start()
        await future

    def _hand_over(self) -> None:
        """Give the thread everything that was asked for in this turn of the loop."""
        with self._lock:
            pending, self._pending = self._pending, []
        if pending:
            self._batches.put(pending)

    def _write_batches(self) -> None:
        is_open = True
        while is_open:
            requests: list[_Request] = []
            batch = self._batches.get()
            while True:
                if batch is None:
                    is_open = False
                    break
                requests.extend(batch)
                try:
                    batch = self._batches.get_nowait()
                except queue.Empty:
                    break
            if requests:
                self._write(requests)

    def _write(self, requests: list[_Request]) -> None:
        entries = [entry for request in requests for entry in request.entries]
        error: JournalError | None = None
        try:
            self._appender.append(entries, durable=any(request.durable for request in requests))
        except JournalError as caught:
            error = caught
        except Exception as caught:
            # the thread must live on: whatever it was, nobody may act on these entries
            error = JournalError(f"cannot write the audit log: {caught!r}", where=str(self.path))
        by_loop: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = {}
        for request in requests:
            by_loop.setdefault(request.loop, []).append(request.future)
        for loop, futures in by_loop.items():
            with contextlib.suppress(RuntimeError):  # that loop is closed: nobody waits any more
                loop.call_soon_threadsafe(_resolve, futures, error)


def _resolve(futures: list[asyncio.Future[None]], error: JournalError | None) -> None:
    for future in futures:
        if future.done():
            continue
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(JournalError(error.what, where=error.where, mend=error.mend))
