"""`fleet-tui worker`: takes tasks from the shared queue, here or over SSH."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from fleet_tui.cli import console
from fleet_tui.cli.console import complain
from fleet_tui.cli.context import load_config, open_fleet, run_async
from fleet_tui.cli.telling import keep_telling, tell_before_leaving
from fleet_tui.config.durations import parse_duration
from fleet_tui.model.errors import UsageError
from fleet_tui.model.events import NoticeRaised
from fleet_tui.queue import install

if TYPE_CHECKING:
    import argparse

    from fleet_tui.model.config import FleetConfig
    from fleet_tui.model.events import Event
    from fleet_tui.queue.worker import Worker


def say(text: str) -> None:
    """Write one line at once, also into a pipe: a worker runs for days."""
    console.say(text)
    sys.stdout.flush()


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare `worker`."""
    parser = commands.add_parser("worker", help="take tasks from the shared queue and run them")
    parser.add_argument("--host", help="work for this host, over SSH if it is another machine")
    parser.add_argument("--once", action="store_true", help="end when nothing can be taken")
    parser.add_argument("--concurrency", type=int, default=1, metavar="N", help="tasks at once")
    parser.add_argument("--label", action="append", default=[], metavar="L", help="offer a label")
    parser.add_argument("--name", help="its name on the queue; else made from the host's")
    parser.add_argument(
        "--drain", default="2m", metavar="TIME", help="how long a stop waits for what runs"
    )
    parser.add_argument("--install", action="store_true", help="print what starts it by itself")
    parser.add_argument("--write", action="store_true", help="with --install: write the file")
    parser.add_argument("--manager", choices=("systemd", "launchd", "cron"), help="for which one")
    parser.set_defaults(handler=worker_command)


def worker_command(options: argparse.Namespace) -> int:
    """Work, or print the unit that does."""
    if options.install:
        return _install(options)
    if not 1 <= options.concurrency <= 64:
        raise UsageError(f"{options.concurrency} tasks at once", mend="--concurrency is 1 to 64")
    seconds = parse_duration(options.drain)
    if seconds is None:
        raise UsageError(f"{options.drain!r} is no duration", mend="write it like 90s or 2m")
    return run_async(_work(options, seconds))


async def _work(options: argparse.Namespace, drain: float) -> int:
    async with open_fleet(options) as fleet:
        fleet.require_keeping()
        queue = fleet.parts.queue
        host = host_of(fleet.config, options.host)
        await fleet.recovery.find_left_open()
        worker = queue.worker(
            host, slots=options.concurrency, labels=options.label, name=options.name or ""
        )
        fleet.bus.subscribe(_tell)
        await keep_telling(fleet)
        await queue.tend()
        say(f"{worker.name} works for {host} from {queue.store.place}")
        stop = _Stop(worker, drain)
        stop.listen()
        await queue.work(worker, once=options.once)
        await stop.settled()
        await tell_before_leaving(fleet)
        say(f"{worker.name} took {worker.tally.taken} and has ended")
    return 0


def host_of(config: FleetConfig, wanted: str | None) -> str:
    """Return the host to work for: as asked, else this machine; raises UsageError."""
    names = [host.name for host in config.hosts]
    if wanted is not None:
        if wanted not in names:
            raise UsageError(f"no host is called {wanted}", mend="see `fleet-tui hosts`")
        return wanted
    here = next((host.name for host in config.hosts if host.connection == "local"), None)
    if here is None:
        mend = 'name one with --host, or give this machine connection = "local"'
        raise UsageError("no host of fleet.toml is this machine", mend=mend)
    return here


def _tell(event: Event) -> None:
    if isinstance(event, NoticeRaised):
        complain(f"{event.notice.source}: {event.notice.text}")


class _Stop:
    """The first signal drains, time or the second one hands back what still runs."""

    def __init__(self, worker: Worker, drain: float) -> None:
        self._worker = worker
        self._drain = drain
        self._is_draining = False
        self._ending: asyncio.Task[None] | None = None

    def listen(self) -> None:
        """Take the signals from now on."""
        if os.name != "posix":
            return
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self._signalled)

    async def settled(self) -> None:
        """Return when handing back has ended."""
        if self._ending is not None:
            self._ending.cancel()
            await asyncio.gather(self._ending, return_exceptions=True)

    def _signalled(self) -> None:
        if self._ending is not None:
            self._ending.cancel()
        after = 0.0 if self._is_draining else self._drain
        self._is_draining = True
        self._worker.drain()
        complain("takes nothing more; " + ("hands back now" if not after else "finishes first"))
        self._ending = asyncio.get_running_loop().create_task(self._hand_back(after))

    async def _hand_back(self, after: float) -> None:
        await asyncio.sleep(after)
        await self._worker.hand_back()


def _install(options: argparse.Namespace) -> int:
    config = load_config(options)
    host = host_of(config, options.host)
    assert config.path is not None
    command = [sys.executable, "-m", "fleet_tui", "--config", str(config.path), "worker"]
    command += ["--host", host, "--concurrency", str(options.concurrency)]
    command += [word for label in options.label for word in ("--label", label)]
    unit = install.unit_for(options.manager or install.manager_here(), command, Path.home())
    if not options.write:
        if unit.path is not None:
            complain(f"for {unit.path}; --write puts it there")
        say(unit.text.rstrip("\n"))
        return 0
    path = install.write_unit(unit)
    say(f"written: {path}")
    say("start it with: " + " && ".join(unit.then))
    return 0
