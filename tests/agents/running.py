"""Runs a real agent program on this machine, as the dispatch would on a host."""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fleet_tui.transport.base import ExitStatus

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fleet_tui.agents.base import AgentAdapter, StreamParser
    from fleet_tui.model.agent import AgentActivity, AgentEvent, AgentRequest, Verdict

LINE_LIMIT = 32 << 20


@dataclass(slots=True)
class Finished:
    """What came of a run."""

    verdict: Verdict
    events: list[AgentEvent] = field(default_factory=list)
    activities: set[AgentActivity] = field(default_factory=set)
    out: list[bytes] = field(default_factory=list)
    err: list[bytes] = field(default_factory=list)

    def texts(self, kind: str) -> list[str]:
        """Return the texts of all events of one kind."""
        return [event.text for event in self.events if event.kind == kind]

    @property
    def answer_shown(self) -> str:
        """The answer as its deltas and blocks spell it."""
        return "".join(self.texts("text-delta") + self.texts("text"))


async def run_agent(
    adapter: AgentAdapter,
    request: AgentRequest,
    *,
    env: dict[str, str],
    cwd: Path,
    stop_after: Callable[[], object] | None = None,
    stop_with: signal.Signals = signal.SIGINT,
) -> Finished:
    """Run `request` to its end; when `stop_after` returns (it may wait) it gets a signal."""
    command = adapter.command(request)
    process = await asyncio.create_subprocess_exec(
        *command.argv,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**command.env, **env},
        cwd=cwd,
        limit=LINE_LIMIT,
        start_new_session=True,
    )
    parser = adapter.parser(request)
    finished = Finished(parser.finish(ExitStatus(reason="not run")))
    parser = adapter.parser(request)

    assert process.stdin
    assert process.stdout
    assert process.stderr
    process.stdin.write(command.stdin or b"")
    process.stdin.close()
    reading = asyncio.gather(
        _read(process.stdout, parser, parser.feed, finished.out, finished),
        _read(process.stderr, parser, parser.feed_error, finished.err, finished),
    )
    if stop_after:
        await asyncio.to_thread(stop_after)
        os.kill(process.pid, stop_with)
    await reading
    code = await process.wait()
    finished.verdict = parser.finish(
        ExitStatus(code=code)
        if code >= 0
        else ExitStatus(signal=signal.Signals(-code).name.removeprefix("SIG"))
    )
    return finished


async def _read(
    stream: asyncio.StreamReader,
    parser: StreamParser,
    feed: Callable[[bytes], list[AgentEvent]],
    lines: list[bytes],
    finished: Finished,
) -> None:
    async for raw in stream:
        line = raw.rstrip(b"\n")
        lines.append(line)
        for event in feed(line):
            finished.events.append(event)
            finished.activities.add(parser.activity)
