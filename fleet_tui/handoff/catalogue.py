"""Which transcripts a host has: newest first, only their beginnings are read."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fleet_tui.handoff.entries import BrokenLine, read_entry
from fleet_tui.handoff.slices import Purse, lines_of
from fleet_tui.model.text import one_line
from fleet_tui.model.threads import HostThreads, Thread

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fleet_tui.handoff.places import Places
    from fleet_tui.model.run import AgentName
    from fleet_tui.transport.base import FileEntry, RemoteFiles

HEAD_BYTES = 1 << 18
"""What is read of a transcript for its title at most; Claude Code's first prompt is within it."""
AT_ONCE = 6
_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_CLAUDE = re.compile(rf"^({_UUID})\.jsonl$")
_CODEX = re.compile(rf"^rollout-.*?({_UUID})\.jsonl$")


@dataclass(frozen=True, slots=True)
class Head:
    """A thread with what its first lines tell, and how many of those could not be read."""

    thread: Thread
    broken_lines: int = 0


async def find_threads(host: str, files: RemoteFiles, places: Places) -> list[Thread]:
    """Return every transcript of both agents, newest first; nothing of them is read yet."""
    claude = await _claude_files(files, f"{places.claude}/projects")
    codex = await _codex_files(files, f"{places.codex}/sessions")
    found = [_thread(host, "claude", _CLAUDE, folder, entry) for folder, entry in claude]
    found += [_thread(host, "codex", _CODEX, folder, entry) for folder, entry in codex]
    return sorted((one for one in found if one), key=lambda one: -one.changed_at)


async def list_threads(host: str, files: RemoteFiles, places: Places, limit: int) -> HostThreads:
    """Return the newest `limit` transcripts with folder, branch and first prompt."""
    found = await find_threads(host, files, places)
    heads = await read_heads(files, found[:limit])
    return HostThreads(
        host,
        tuple(head.thread for head in heads),
        total=len(found),
        broken_lines=sum(head.broken_lines for head in heads),
    )


async def read_heads(files: RemoteFiles, threads: Iterable[Thread]) -> list[Head]:
    """Return these threads with what their first lines tell; one that is gone stays as it is."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(thread: Thread) -> Head:
        async with turns:
            try:
                return await _head(files, thread)
            except OSError:
                return Head(thread)

    return list(await asyncio.gather(*(one(thread) for thread in threads)))


async def _head(files: RemoteFiles, thread: Thread) -> Head:
    folder = branch = title = named = ""
    broken = 0
    async for line in lines_of(files, thread.path, Purse(HEAD_BYTES), slice_size=1 << 16):
        if not line.strip():
            continue
        try:
            entry = read_entry(thread.agent, line)
        except BrokenLine:
            broken += 1
            continue
        folder, branch = folder or entry.folder, branch or entry.branch
        named = named or entry.title
        title = title or next((s.text for s in entry.said if s.speaker == "user"), "")
        if folder and title:
            break
    told = replace(thread, folder=folder, branch=branch, title=one_line(named or title))
    return Head(told, broken)


async def _claude_files(files: RemoteFiles, top: str) -> list[tuple[str, FileEntry]]:
    folders = [f"{top}/{entry.name}" for entry in await _entries(files, top) if entry.is_folder]
    return await _in_folders(files, folders)


async def _codex_files(files: RemoteFiles, top: str) -> list[tuple[str, FileEntry]]:
    folders = [top]
    for _year_month_day in range(3):
        below = await _in_folders(files, folders)
        folders = [f"{folder}/{entry.name}" for folder, entry in below if entry.is_folder]
    return await _in_folders(files, folders)


async def _in_folders(files: RemoteFiles, folders: list[str]) -> list[tuple[str, FileEntry]]:
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(folder: str) -> list[tuple[str, FileEntry]]:
        async with turns:
            return [(folder, entry) for entry in await _entries(files, folder)]

    return [item for items in await asyncio.gather(*map(one, folders)) for item in items]


async def _entries(files: RemoteFiles, folder: str) -> list[FileEntry]:
    """Return what is in a folder; one that is not there, or not ours to read, holds nothing."""
    try:
        return await files.entries(folder)
    except OSError:
        return []


def _thread(
    host: str, agent: AgentName, pattern: re.Pattern[str], folder: str, entry: FileEntry
) -> Thread | None:
    found = pattern.match(entry.name)
    if found is None or entry.is_folder:
        return None
    path = f"{folder}/{entry.name}"
    return Thread(host, agent, found[1], path, entry.size, entry.changed_at)
