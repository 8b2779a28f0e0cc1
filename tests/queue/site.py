"""A queue in a folder, and a staged fleet that works it off."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from fleet_tui.queue.directory import directory_store
from fleet_tui.queue.service import Queue
from fleet_tui.queue.store import Draft, Rules
from tests.support.stage import fleet_file, staged

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from pathlib import Path

    from fleet_tui.model.config import FleetConfig
    from fleet_tui.model.host import Host
    from fleet_tui.model.run import Run
    from fleet_tui.queue.worker import Worker
    from tests.support.fakes import Script
    from tests.support.stage import Stage

RULES = Rules(lease=20.0, foreign_lease=60.0, max_attempts=2)

ANSWER = (
    b'{"type":"system","subtype":"init","session_id":"s-1","model":"m","tools":[],'
    b'"permissionMode":"dontAsk","mcp_servers":[],"cwd":"/","claude_code_version":"2.1.329"}\n'
    b'{"type":"assistant","message":{"role":"assistant","content":[{"type":"text","text":"fine"}]},'
    b'"session_id":"s-1"}\n'
    b'{"type":"result","subtype":"success","is_error":false,"result":"all is fine","num_turns":1,'
    b'"session_id":"s-1","total_cost_usd":0.01,"duration_ms":1,"usage":{}}\n'
)

BROKEN = (
    ANSWER.replace(b'"success"', b'"error_during_execution"')
    .replace(b'"is_error":false', b'"is_error":true')
    .replace(b"all is fine", b"it broke")
)


class Site:
    """The fleet, its queue part, and what tests do with them."""

    def __init__(self, stage: Stage, queue: Queue) -> None:
        self.stage = stage
        self.queue = queue

    async def add(self, *texts: str) -> list[str]:
        """Put tasks on the queue."""
        drafts = [Draft(text.encode(), f"t{n}") for n, text in enumerate(texts, 1)]
        return await self.queue.store.add(drafts)

    def worker(self, host: str = "box", slots: int = 1, labels: tuple[str, ...] = ()) -> Worker:
        """Return a worker that was not started."""
        return self.queue.worker(host, slots=slots, labels=labels)

    async def work_off(self, host: str = "box", slots: int = 1) -> None:
        """Work until no task is left that fits."""
        await self.queue.work(self.worker(host, slots), once=True)

    async def states(self) -> dict[str, str]:
        """Return every task's state."""
        listing = await self.queue.store.listing()
        return {entry.name: entry.state for entry in listing.entries}

    def runs(self) -> list[Run]:
        """Return all runs of this program as they are now."""
        live = self.stage.fleet._dispatcher.live
        return [task.run for one in live for task in one.tasks.values()]

    def logged(self, event: str) -> list[Mapping[str, object]]:
        """Return the fields of these lines of the audit log."""
        return [line.fields for line in self.stage.log(event)]


def queue_file(folder: Path, hosts: list[str | Host], **section: object) -> FleetConfig:
    """Return a configuration with a queue in `folder`."""
    config = fleet_file(folder, hosts)
    return replace(config, sections=MappingProxyType({"queue": MappingProxyType(dict(section))}))


@asynccontextmanager
async def site(
    folder: Path, scripts: Mapping[str, Script], *, rules: Rules = RULES, **section: object
) -> AsyncIterator[Site]:
    """Open a fleet whose hosts follow `scripts`, with a queue."""
    config = queue_file(folder, list(scripts), **section)
    async with staged(config, scripts) as stage:
        context = stage.fleet._context()
        queue = Queue(context, directory_store(folder / "queue", rules, context.clock))
        await queue.open()
        try:
            yield Site(stage, queue)
        finally:
            await queue.close()


async def until(condition: Callable[[], object]) -> None:
    """Wait until `condition` holds; the test's own time limit ends it otherwise."""
    while True:
        if condition():
            return
        await asyncio.sleep(0.01)
