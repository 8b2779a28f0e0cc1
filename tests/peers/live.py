"""Real Claude Code sessions on this machine, in homes of their own, against the mock model API."""

from __future__ import annotations

import asyncio
import json
import os
import time
import uuid
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from fleet_tui.fleet import Fleet
from fleet_tui.model.host import Host
from tests.support.clis import require_cli
from tests.support.model_api import ModelApi
from tests.support.stage import fleet_file

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence
    from pathlib import Path

    from fleet_tui.dispatch.runtask import RunTask
    from fleet_tui.model.peer import Message, Peer, Rung
    from fleet_tui.model.run import Run
    from fleet_tui.peers.service import PeerService

PATIENCE = 60.0


def environment(home: Path, api: ModelApi) -> dict[str, str]:
    """Return all that an agent in `home` gets to see."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(home),
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
        "SHELL": "/bin/sh",
        "ANTHROPIC_BASE_URL": api.url,
        "ANTHROPIC_API_KEY": "sk-ant-none",
        "DISABLE_AUTOUPDATER": "1",
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    }


@pytest.fixture
def api() -> Iterator[ModelApi]:
    with ModelApi() as served:
        yield served


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of this machine's agents, and of whoever looks for them."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("SHELL", "/bin/sh")
    monkeypatch.delenv("CLAUDE_CONFIG_DIR", raising=False)
    return folder


async def found(fleet: Fleet, session: str) -> Peer:
    """Look until a session is there."""
    async with asyncio.timeout(PATIENCE):
        while True:
            await fleet.parts.peers.refresh()
            for peer in fleet.parts.peers.store.peers():
                if peer.session == session and peer.is_live and peer.socket:
                    return peer
            await asyncio.sleep(0.1)


async def session_of(task: RunTask) -> str:
    """Return the session of a run once its agent has told it."""
    async with asyncio.timeout(PATIENCE):
        while True:
            if task.run.session is not None:
                return task.run.session
            await asyncio.sleep(0.02)


async def settled(fleet: Fleet, session: str) -> Run:
    """Return the one run of a session once it is over."""
    async with asyncio.timeout(PATIENCE):
        while True:
            (run,) = fleet.store.runs_of_session(session)
            if not run.is_open:
                return run
            await asyncio.sleep(0.05)


@dataclass
class Worker:
    """A `claude -p` that is spoken with over its standard input."""

    session: str
    process: asyncio.subprocess.Process
    heard: list[dict[str, Any]] = field(default_factory=list)
    _came: asyncio.Event = field(default_factory=asyncio.Event)
    _reader: asyncio.Task[None] | None = None

    def say(self, text: str) -> None:
        """Say something as its user."""
        assert self.process.stdin is not None
        said = {"type": "user", "message": {"role": "user", "content": text}}
        self.process.stdin.write(json.dumps(said).encode() + b"\n")

    async def until(self, fits: Callable[[dict[str, Any]], bool], after: int = 0) -> dict[str, Any]:
        """Return the first event after so many that fits."""
        async with asyncio.timeout(PATIENCE):
            while True:
                for event in self.heard[after:]:
                    if fits(event):
                        return event
                self._came.clear()
                await self._came.wait()

    async def read(self) -> None:
        """Keep what it says."""
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self.heard.append(json.loads(line))
            self._came.set()


@asynccontextmanager
async def worker(
    home: Path, api: ModelApi, *more: str, resume: str = "", first: str = "hello"
) -> AsyncIterator[Worker]:
    """Start one, and wait until it has answered its first prompt."""
    folder = home / "work"
    folder.mkdir(parents=True, exist_ok=True)
    session = resume or str(uuid.uuid4())
    process = await asyncio.create_subprocess_exec(
        require_cli("claude"),
        *("-p", "--output-format", "stream-json", "--verbose", "--input-format", "stream-json"),
        *("--replay-user-messages", "--resume" if resume else "--session-id", session, *more),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=environment(home, api),
        cwd=folder,
        limit=32 << 20,
        start_new_session=True,
    )
    made = Worker(session, process)
    reader = asyncio.create_task(made.read())
    try:
        if first:
            made.say(first)
            await made.until(lambda event: event["type"] == "result")
        yield made
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await reader


@asynccontextmanager
async def local_fleet(
    folder: Path, home: Path, hosts: Sequence[Host] | None = None, **peers: object
) -> AsyncIterator[Fleet]:
    """Open a fleet of one local host whose agents live in `home`."""
    known = hosts or [Host("here", connection="local")]
    config = fleet_file(folder, known)
    fleet = Fleet(replace(config, sections={"peers": peers} if peers else {}))
    await fleet.open()
    try:
        yield fleet
    finally:
        await fleet.close()


async def reach(service: PeerService, identifier: str, *rungs: Rung) -> Message:
    """Carry messages until this one is on one of these rungs."""
    deadline = time.monotonic() + PATIENCE
    while True:
        pause = await service.carry()
        message = service.store.message(identifier)
        assert message is not None
        if message.rung in rungs:
            return message
        assert time.monotonic() < deadline, f"never {rungs}: {message}"
        await asyncio.sleep(min(pause, 0.2))
