"""Looking for a text in a host's transcripts: literal, in any case, within a bound of bytes.

On a POSIX host its own `grep` names the files that can hold the text, so that the others are not
read at all; those are then read in slices, newest first, and what people, agents and tools said is
looked at, not the copies of the system prompt that transcripts also hold.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from fleet_tui.handoff.catalogue import find_threads, read_heads
from fleet_tui.handoff.entries import BrokenLine, read_entry
from fleet_tui.handoff.slices import Purse, lines_of
from fleet_tui.model.text import one_line
from fleet_tui.model.threads import HostHits, Said, ThreadHit
from fleet_tui.transport.shell import posix_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_tui.handoff.places import Places
    from fleet_tui.model.threads import Thread
    from fleet_tui.transport.base import Connection, RemoteFiles

MOST_BYTES = 64 << 20
"""What is read of one host's transcripts in one search at most."""
MOST_THREADS = 50
SHOWN_PLACES = 3
GREP_SECONDS = 60.0
_AROUND = 60
GREP_END = "fleet-grep-end"
_GREP = (
    "LC_ALL=C\nexport LC_ALL\n"
    "command -v find >/dev/null && command -v grep >/dev/null || exit 127\n"
    'find "$2/projects" "$3/sessions" -name "*.jsonl" -type f '
    '-exec grep -l -i -F -e "$1" {} + 2>/dev/null\n'
    f"echo {GREP_END}"
)


async def search(
    connection: Connection,
    files: RemoteFiles,
    places: Places,
    text: str,
    *,
    most_bytes: int = MOST_BYTES,
) -> HostHits:
    """Return the threads in which `text` was said, newest first; raises Unreachable."""
    host = connection.host.name
    found = await find_threads(host, files, places)
    named = await _grep(connection, places, text)
    wanted = found if named is None else [one for one in found if one.path in named]
    purse = Purse(most_bytes)
    hits: list[ThreadHit] = []
    broken = looked = 0
    for thread in wanted:
        if purse.left <= 0 or len(hits) >= MOST_THREADS:
            break
        looked += 1
        places_found, bad = await _look(files, thread, text, purse)
        broken += bad
        if places_found:
            (head,) = await read_heads(files, [thread])
            hits.append(ThreadHit(head.thread, tuple(places_found)))
    left = len(wanted) - looked
    return HostHits(
        host,
        tuple(hits),
        searched=len(found) - left,
        cut=_cut(left, purse, most_bytes, len(hits)),
        broken_lines=broken,
    )


def _cut(left: int, purse: Purse, most_bytes: int, hits: int) -> str:
    if not left and not purse.is_spent:
        return ""
    unread = f"{left} older transcripts not searched" if left else "the last one not to its end"
    if hits >= MOST_THREADS:
        return f"{unread}: {MOST_THREADS} threads were found already"
    return f"{unread}: {most_bytes >> 20} MB were read"


async def _look(
    files: RemoteFiles, thread: Thread, text: str, purse: Purse
) -> tuple[list[Said], int]:
    folded = text.casefold()
    found: list[Said] = []
    broken = 0
    try:
        async for line in lines_of(files, thread.path, purse):
            if not line.strip():
                continue
            try:
                entry = read_entry(thread.agent, line)
            except BrokenLine:
                broken += 1
                continue
            found += [
                _around(said, folded) for said in entry.said if folded in said.text.casefold()
            ]
    except OSError:  # gone meanwhile: what was found before still stood in it
        return found[:SHOWN_PLACES], broken
    return found[:SHOWN_PLACES], broken


def _around(said: Said, folded: str) -> Said:
    """Return what was said, cut to the words around the first place."""
    place = said.text.casefold().find(folded)
    start = max(0, place - _AROUND)
    cut = one_line(said.text[start : place + len(folded) + _AROUND], 400)
    return Said(said.speaker, ("…" if start else "") + cut, said.at)


async def _grep(connection: Connection, places: Places, text: str) -> frozenset[str] | None:
    """Return the paths that can hold `text`, None when the host's `grep` cannot say."""
    if connection.host.shell != "posix" or not text.isascii():
        return None
    needle = json.dumps(text)[1:-1]
    words = ("/bin/sh", "-c", _GREP, "fleet", needle, places.claude, places.codex)
    try:
        answer = await connection.run(posix_line(argv=words), timeout=GREP_SECONDS, limit=4 << 20)
    except TimeoutError:
        return None
    *paths, end = _lines(answer.stdout)
    return frozenset(paths) if end == GREP_END else None


def _lines(output: bytes) -> Sequence[str]:
    return output.decode("utf-8", "surrogateescape").splitlines() or [""]
