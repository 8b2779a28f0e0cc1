"""What the records say now, kept up to date by a watch that is made anew after each reconnect."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import nats.errors
from nats.js import errors as js_errors
from nats.js.kv import KV_DEL, KV_PURGE

from fleet_tui.queue.nats_listing import first_updates
from fleet_tui.queue.nats_records import Record, key_of, read_record, write_record

if TYPE_CHECKING:
    from nats.js.kv import KeyValue

    from fleet_tui.queue.nats_link import NatsLink

LOAD_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Known:
    """A record and the revision that it has."""

    record: Record
    revision: int
    changed_at: float | None


class View:
    """Every task's record. Reads from memory; writes by compare-and-swap."""

    def __init__(self, link: NatsLink) -> None:
        self._link = link
        self._known: dict[str, Known] = {}
        self._gone: dict[str, int] = {}
        self._watcher: KeyValue.KeyWatcher | None = None
        self._pump: asyncio.Task[None] | None = None
        self._is_stale = True
        self._loading = asyncio.Lock()
        self.changed = asyncio.Event()
        self.arrivals = 0
        """Grows whenever a task begins to wait, or waits with another priority."""

    def forget(self) -> None:
        """Load everything again before the next use: the watch ended with the connection."""
        self._is_stale = True
        self.changed.set()

    async def all(self) -> dict[str, Known]:
        """Return every task by name."""
        async with self._loading:
            if self._is_stale:
                await self._load()
        return self._known

    def latest(self, name: str) -> Known | None:
        """Return a record as far as it was told of."""
        return self._known.get(name)

    def waiting(self, name: str) -> Record | None:
        """Return the record of a task that waits, as far as it was told of."""
        known = self._known.get(name)
        return known.record if known is not None and known.record.state == "pending" else None

    def all_waiting(self) -> list[Record]:
        """Return the records of all tasks that wait, in no order."""
        return [one.record for one in self._known.values() if one.record.state == "pending"]

    async def get(self, name: str) -> Known | None:
        """Ask the server for one record."""
        try:
            entry = await self._link.tasks.get(key_of(name))
        except (js_errors.KeyNotFoundError, js_errors.KeyDeletedError):
            return None
        record = read_record(key_of(name), entry.value or b"")
        return self._learn(record, entry.revision or 0)

    async def create(self, record: Record) -> Known | None:
        """Write a new record; None when there is one of this name."""
        try:
            revision = await self._link.tasks.create(key_of(record.name), write_record(record))
        except js_errors.KeyWrongLastSequenceError:
            return None
        return self._learn(record, revision)

    async def swap(self, record: Record, revision: int) -> Known | None:
        """Write a record if it still has `revision`; None when somebody was first."""
        try:
            new = await self._link.tasks.update(
                key_of(record.name), write_record(record), last=revision
            )
        except js_errors.KeyWrongLastSequenceError:
            return None
        return self._learn(record, new)

    async def delete(self, name: str) -> None:
        """Remove a record."""
        await self._link.tasks.purge(key_of(name))
        self._known.pop(name, None)

    async def close(self) -> None:
        """End the watch."""
        if self._pump is not None:
            self._pump.cancel()
            await asyncio.wait([self._pump])
            self._pump = None
        if self._watcher is not None:
            with contextlib.suppress(nats.errors.Error):  # the connection went, the watch with it
                await self._watcher.stop()  # type: ignore[no-untyped-call]
            self._watcher = None

    def _learn(self, record: Record, revision: int, changed_at: float | None = None) -> Known:
        before = self._known.get(record.name)
        if before is not None and before.revision > revision:
            return before
        if before is not None and before.revision == revision and changed_at is None:
            changed_at = before.changed_at
        known = Known(record, revision, changed_at)
        if record.state == "pending" and not _waits_alike(before, record):
            self.arrivals += 1
        self._known[record.name] = known
        return known

    async def _load(self) -> None:
        await self.close()
        self._is_stale = False
        try:
            async with asyncio.timeout(LOAD_SECONDS):
                watcher = await self._link.tasks.watchall()
                self._watcher = watcher
                self._known = {}
                for entry in await first_updates(watcher):
                    self._apply(entry)
        except BaseException:
            self._is_stale = True
            raise
        self._pump = asyncio.create_task(self._follow(watcher))

    async def _follow(self, watcher: KeyValue.KeyWatcher) -> None:
        async for entry in watcher:
            if entry is not None:
                self._apply(entry)
                self.changed.set()

    def _apply(self, entry: KeyValue.Entry) -> None:
        record = read_record(entry.key, entry.value or b"")
        if entry.operation in (KV_DEL, KV_PURGE):
            known = self._known.get(record.name)
            if known is not None and known.revision <= (entry.revision or 0):
                del self._known[record.name]
            return
        at: Any = entry.created  # a datetime, whatever its annotation says
        self._learn(record, entry.revision or 0, at.timestamp() if at is not None else None)


def _waits_alike(before: Known | None, record: Record) -> bool:
    """Tell whether a task that waits was known to wait as it does now."""
    if before is None or before.record.state != "pending":
        return False
    return before.record.in_force == record.in_force
