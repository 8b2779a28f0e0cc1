"""Texts, signatures and results in key-value buckets."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from nats.js import errors as js_errors

from fleet_tui.model.task import StoredResult
from fleet_tui.queue.frontmatter import parse_task
from fleet_tui.queue.nats_listing import entries
from fleet_tui.queue.nats_records import key_of
from fleet_tui.queue.resultfile import read_result

if TYPE_CHECKING:
    from fleet_tui.model.task import FinalState, Task
    from fleet_tui.queue.nats_link import NatsLink
    from fleet_tui.queue.nats_records import Record

CHUNK = 512 * 1024
_SIZE = struct.Struct(">I")
_NONE = 0xFFFFFFFF


class Texts:
    """Large things beside the records; each is written once under a name of its own."""

    def __init__(self, link: NatsLink) -> None:
        self._link = link

    async def put_text(self, name: str, version: str, task: Task) -> None:
        """Write a task's text and signature."""
        signature = task.signature
        size = _NONE if signature is None else len(signature)
        data = _SIZE.pack(size) + (signature or b"") + task.text
        await self._link.texts.put(f"{key_of(name)}.{version}", data)

    async def get_text(self, record: Record) -> tuple[bytes, bytes | None] | None:
        """Return a task's text and signature, None when they are gone."""
        try:
            entry = await self._link.texts.get(f"{key_of(record.name)}.{record.text}")
        except (js_errors.KeyNotFoundError, js_errors.KeyDeletedError):
            return None
        data = entry.value or b""
        (size,) = _SIZE.unpack_from(data)
        if size == _NONE:
            return data[_SIZE.size :], None
        end = _SIZE.size + size
        return data[end:], data[_SIZE.size : end]

    async def get_task(self, record: Record) -> Task | None:
        """Return a task, parsed; raises TaskTextError."""
        found = await self.get_text(record)
        return parse_task(record.name, *found) if found else None

    async def drop_text(self, name: str, version: str) -> None:
        """Remove a text that nobody needs any more."""
        await self._link.texts.purge(f"{key_of(name)}.{version}")

    async def put_result(self, name: str, fence: str, data: bytes) -> int:
        """Write a result in pieces; returns how many."""
        pieces = [data[start : start + CHUNK] for start in range(0, len(data), CHUNK)]
        for number, piece in enumerate(pieces):
            await self._link.results.put(f"{key_of(name)}.{fence}.{number}", piece)
        return len(pieces)

    async def results(self, record: Record) -> list[StoredResult]:
        """Return the committed result first, then late ones."""
        by_fence: dict[str, dict[int, bytes]] = {}
        for entry in await entries(self._link.results, f"{key_of(record.name)}.>"):
            _, fence, number = entry.key.rsplit(".", 2)
            by_fence.setdefault(fence, {})[int(number)] = entry.value or b""
        found = []
        for fence, pieces in by_fence.items():
            read = read_result(b"".join(pieces[number] for number in sorted(pieces)))
            if read is None:
                continue
            is_end = not record.is_open and fence == record.fence
            found.append(StoredResult(record.name, read[0], end_of(record) if is_end else None))
        return sorted(found, key=lambda one: one.state is None)

    async def drop_all(self, record: Record) -> None:
        """Remove a task's text and results."""
        await self.drop_text(record.name, record.text)
        for entry in await entries(self._link.results, f"{key_of(record.name)}.>"):
            await self._link.results.purge(entry.key)


def end_of(record: Record) -> FinalState:
    """Return how a finished task ended, of the three ways that a result has."""
    if record.state == "done":
        return "done"
    return "cancelled" if record.state == "cancelled" else "failed"
