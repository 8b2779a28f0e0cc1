"""The audit log on its way to other machines: append-only, by offset, compared before it grows."""

from __future__ import annotations

import asyncio
import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from fleet_tui.journal.disk import sync_file
from fleet_tui.journal.rotation import close_all, open_all
from fleet_tui.model.errors import Refused
from fleet_tui.roles.log_script import TAIL_BYTES
from fleet_tui.roles.mirrors import MirrorFailed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fleet_tui.roles.mirrors import Mirrors

CHUNK = 1 << 20
_SLUG = re.compile(r"[^A-Za-z0-9_-]+")


class Outranked(Refused):
    """A host has seen a later epoch than ours: another machine leads."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One file of a log."""

    number: int
    size: int
    """Bytes up to the end of its last whole line."""
    tail: bytes
    """Its last bytes, TAIL_BYTES of them at most."""


@dataclass(frozen=True, slots=True)
class Shipped:
    """What one round brought to a host."""

    sent: int
    total: int
    """Bytes that the host's copy now holds, as far as ours go."""


def fleet_slug(name: str) -> str:
    """Return a fleet's name as the name of a folder."""
    return _SLUG.sub("-", name).strip("-") or "fleet"


@contextmanager
def opened(path: Path) -> Iterator[dict[int, tuple[Segment, BinaryIO]]]:
    """Open the log at `path`, live or a copy, as it stands now: number to file."""
    files = open_all(path)
    try:
        found: dict[int, tuple[Segment, BinaryIO]] = {}
        for file, stream in files:
            word = file.name.rpartition(".")[2]
            number = int(word) if word.isdecimal() else max(found, default=0) + 1
            size = _whole_lines(stream)
            found[number] = (
                Segment(number, size, read_part(stream, max(0, size - TAIL_BYTES), size)),
                stream,
            )
        yield found
    finally:
        close_all(files)


def read_part(stream: BinaryIO, begin: int, end: int) -> bytes:
    """Return the bytes from `begin` to `end`."""
    stream.seek(begin)
    return stream.read(end - begin)


def _whole_lines(stream: BinaryIO) -> int:
    size = stream.seek(0, 2)
    while size:
        begin = max(0, size - 8192)
        found = read_part(stream, begin, size).rfind(b"\n")
        if found >= 0:
            return begin + found + 1
        size = begin
    return 0


class LogShipper:
    """Brings one log to the copies of other hosts, and fetches what a copy here lacks."""

    def __init__(self, mirrors: Mirrors, log: Path, fleet: str) -> None:
        self._mirrors = mirrors
        self._log = log
        self.fleet = fleet_slug(fleet)

    async def state(self, host: str, kind: str, place: str) -> dict[int, Segment]:
        """Return the files of a host's log: `copy` and the fleet's name, or `live` and a path."""
        answer = await self._mirrors.call(host, "log-state", kind, place)
        found = {}
        for line in answer.lines.get("seg", ()):
            number, size, *tail = line.split()
            found[int(number)] = Segment(int(number), int(size), bytes.fromhex("".join(tail)))
        return found

    async def ship(self, host: str, *, epoch: int, stamp: str) -> Shipped:
        """Bring what a host's copy lacks; one that does not fit ours is set aside there first.

        Raises Unreachable, MirrorFailed, Outranked when the host has seen a later epoch.
        """
        there = await self.state(host, "copy", self.fleet)
        with opened(self._log) as ours:
            if not await asyncio.to_thread(fits, there, ours):
                await self._mirrors.call(host, "log-aside", self.fleet, stamp)
                there = {}
            sent = 0
            for number in sorted(ours):
                segment, stream = ours[number]
                at = there[number].size if number in there else 0
                while at < segment.size:
                    end = min(at + CHUNK, segment.size)
                    data = await asyncio.to_thread(read_part, stream, at, end)
                    reached = await self._add(host, number, at, data, epoch)
                    if reached <= at:
                        raise MirrorFailed("its copy of the log does not grow", where=host)
                    sent += reached - at
                    at = reached
            return Shipped(sent, sum(segment.size for segment, _ in ours.values()))

    async def _add(self, host: str, number: int, at: int, data: bytes, epoch: int) -> int:
        words = (self.fleet, str(number), str(at), str(len(data)), str(epoch))
        try:
            answer = await self._mirrors.call(host, "log-add", *words, stdin=data)
        except MirrorFailed as error:
            if "has seen epoch" in error.what:
                raise Outranked(error.what, where=host, mend="work from the new primary") from error
            raise
        reached = answer.number("at")
        return at if reached is None else reached

    async def fetch(self, host: str, kind: str, place: str, copy: Path) -> int:
        """Bring what the copy here lacks from a host's log; returns how many bytes came.

        What does not continue the copy is left alone: then nothing comes.
        """
        there = await self.state(host, kind, place)
        with opened(copy) as ours:
            mine = {number: segment for number, (segment, _) in ours.items()}
        came = 0
        for number in sorted(there):
            begin = mine[number].size if number in mine else 0
            if there[number].size <= begin or max(mine, default=0) > number:
                continue
            # a little again, so that it can be compared with what is here
            again = len(mine[number].tail) if number in mine else 0
            raw = await self._mirrors.raw(
                host, "log-read", kind, place, str(number), str(begin - again)
            )
            _, found, data = raw.partition(b"bytes\n")
            if not found or (again and data[:again] != mine[number].tail):
                break
            whole = data[again : data.rfind(b"\n") + 1]
            await asyncio.to_thread(_append, copy.with_name(f"{copy.name}.{number}"), begin, whole)
            came += len(whole)
        return came


def fits(there: dict[int, Segment], ours: dict[int, tuple[Segment, BinaryIO]]) -> bool:
    """Tell whether a copy holds nothing but the beginning of our log."""
    newest = max(there, default=0)
    for number, segment in there.items():
        if number not in ours:
            return False
        mine, stream = ours[number]
        if segment.size > mine.size or (number < newest and segment.size != mine.size):
            return False
        begin = segment.size - len(segment.tail)
        if read_part(stream, begin, segment.size) != segment.tail:
            return False
    return True


def _append(file: Path, at: int, data: bytes) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(file, "ab") as stream:
        if stream.tell() > at:
            stream.truncate(at)  # a torn line of a shipment that was cut off
        stream.write(data)
        stream.flush()
        sync_file(stream.fileno())
