"""Moves a queue to another store. May be cut short at any point and begun again; loses nothing.

A waiting task is held at its source before it appears at the target, so that it cannot be run in
both, and cancelled there ("moved to …") after that. Ended tasks are copied and stay where they are.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from fleet_tui.journal import disk
from fleet_tui.model.errors import FleetError
from fleet_tui.model.task import NoSuchTask
from fleet_tui.queue import spent

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fleet_tui.model.task import TaskEntry, TaskState
    from fleet_tui.queue.store import TaskStore

_EVERYTHING = 10**9
_WAITING: tuple[TaskState, ...] = ("held", "pending")
_ENDED: tuple[TaskState, ...] = ("done", "failed", "cancelled", "quarantined")
_MOVED = "moved to "


@dataclass(slots=True)
class Migration:
    """What was done."""

    moved: list[str] = field(default_factory=list)
    """Waiting tasks that are now at the target alone."""
    copied: list[str] = field(default_factory=list)
    """Ended tasks that are now at the target, too."""
    left: dict[str, str] = field(default_factory=dict)
    """Task to the reason why it stays at the source."""


async def migrate(
    source: TaskStore,
    target: TaskStore,
    journal: Path,
    *,
    history: bool = True,
    tell: Callable[[str], None] = lambda name: None,
) -> Migration:
    """Move what waits, copy what ended; both stores are open.

    `journal` is a file of ours: which tasks we have held at the source, should we be cut short.
    `tell` is called with each name. Raises FleetError of either store; run it again then.
    """
    held = await asyncio.to_thread(_read, journal)
    done = Migration()
    await spent.copy(source, target)
    listing = await source.listing(list(_WAITING), limit=_EVERYTHING)
    for entry in listing.entries:
        was_pending = entry.state == "pending" or entry.name in held
        if entry.state == "pending":
            held.add(entry.name)
            await asyncio.to_thread(_write, journal, held)
            try:
                await source.hold(entry.name)
            except NoSuchTask:
                done.left[entry.name] = "a worker took it just now"
                continue
        state: TaskState = "pending" if was_pending else "held"
        if await _move(source, target, replace(entry, state=state), done):
            done.moved.append(entry.name)
        elif was_pending:
            with contextlib.suppress(NoSuchTask):
                await source.unhold(entry.name)
        tell(entry.name)
    if history:
        await _copy_ended(source, target, done, tell)
    for entry in (await source.listing(["running"], limit=_EVERYTHING)).entries:
        done.left[entry.name] = "it is running: begin again when it has ended, or take it back"
    await asyncio.to_thread(journal.unlink, missing_ok=True)
    return done


async def _move(source: TaskStore, target: TaskStore, entry: TaskEntry, done: Migration) -> bool:
    try:
        task = await source.read(entry.name)
    except FleetError as error:
        done.left[entry.name] = str(error)
        return False
    if not await target.adopt(task, entry, ()) and not await _has(target, entry.name, task.text):
        done.left[entry.name] = f"another task is called so at {target.place}"
        return False
    await source.cancel(entry.name, reason=f"{_MOVED}{target.place}")
    return True


async def _copy_ended(
    source: TaskStore, target: TaskStore, done: Migration, tell: Callable[[str], None]
) -> None:
    listing = await source.listing(list(_ENDED), limit=_EVERYTHING)
    for entry in listing.entries:
        if entry.state == "cancelled" and entry.reason.startswith(_MOVED):
            continue
        try:
            task = await source.read(entry.name)
            ends = [one for one in await source.results(entry.name) if one.state is not None]
        except FleetError as error:
            done.left[entry.name] = str(error)
            continue
        if await target.adopt(task, entry, ends):
            done.copied.append(entry.name)
        elif not await _has(target, entry.name, task.text):
            done.left[entry.name] = f"another task is called so at {target.place}"
        tell(entry.name)


async def _has(store: TaskStore, name: str, text: bytes) -> bool:
    """Tell whether a task is there already, from a time when this was cut short."""
    try:
        return (await store.read(name)).text == text
    except FleetError:
        return False


def _read(journal: Path) -> set[str]:
    try:
        names = json.loads(journal.read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return set()
    return {str(name) for name in names} if isinstance(names, list) else set()


def _write(journal: Path, names: set[str]) -> None:
    journal.parent.mkdir(parents=True, exist_ok=True)
    beside = journal.with_name(f"{journal.name}.new")
    with beside.open("wb") as file:
        file.write(json.dumps(sorted(names)).encode())
        file.flush()
        disk.sync_file(file.fileno())
    beside.replace(journal)
    disk.sync_folder(journal.parent)
