"""A demo host's answers to the programs by which runs live on their hosts.

What a POSIX host does with `sh` (`transport/durable_script.py`) is done here by hand, byte for byte
as `transport/durable_process.py` and `durable_control.py` expect it.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING

from fleet_tui.demo.runs import HostRun
from fleet_tui.transport.durable_lines import AWAITS_ORDERS, LAUNCH, ORDER_LINES, launch_order

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from fleet_tui.demo.inbox import Inbox
    from fleet_tui.demo.runs import RunKeeper
    from fleet_tui.demo.streams import Streams
    from fleet_tui.transport.durable_lines import LaunchOrder, ProgramCall

    Play = Callable[[LaunchOrder, Streams], Awaitable[int]]

_BLOCK = 256 * 1024
_QUICK_SECONDS = 0.02
"""A run that ends within this is answered without being followed live."""


class DurableHost:
    """Serves one call of a program; `serve` returns when its channel is to be closed."""

    def __init__(self, keeper: RunKeeper, play: Play, on_start: Callable[[], None]) -> None:
        self._keeper = keeper
        self._play = play
        self._on_start = on_start
        """Called when a run was started that was not there before."""

    async def serve(self, call: ProgramCall, inbox: Inbox, streams: Streams) -> None:
        """Answer `call`; `inbox` is the channel's input, `streams` its output."""
        if call.name == LAUNCH:
            await self._launch(call.args, inbox, streams)
        elif call.name == "follow":
            run, mark, out, err = call.args
            await self._follow(run, mark, (int(out), int(err)), inbox, streams)
        else:
            lines = await self._answer(call, inbox)
            mark = call.args[1]
            text = "".join(f"{line}\n" for line in ("", mark, *lines))
            await streams.write(text.encode())

    # Starting and following.

    async def _launch(self, args: Sequence[str], inbox: Inbox, streams: Streams) -> None:
        if tuple(args) == AWAITS_ORDERS:
            lines = [await inbox.read_line() for _ in range(ORDER_LINES)]
            if not lines[-1].endswith(b"\n"):
                return
            args = [line.decode("utf-8", "replace").removesuffix("\n") for line in lines]
        order = launch_order(args)
        keeper = self._keeper
        if order.epoch < keeper.epoch:
            await _fail(order.mark, f"epoch {keeper.epoch}", streams)
            return
        keeper.epoch = order.epoch
        stdin = b""
        if order.stdin.isdecimal() and order.run not in keeper.runs:
            stdin = await inbox.read_exactly(int(order.stdin))
            if len(stdin) < int(order.stdin):
                await _fail(order.mark, "stdin", streams)
                return
        known = keeper.runs.get(order.run)
        run = known or self._start(order, stdin)
        word = "old" if known else "new"
        await self._deliver(run, order.mark, word, (0, 0), inbox, streams)

    def _start(self, order: LaunchOrder, stdin: bytes) -> HostRun:
        run = self._keeper.runs[order.run] = HostRun(order, stdin)
        run.start(lambda streams: self._play(order, streams))
        self._on_start()
        return run

    async def _follow(
        self, run: str, mark: str, offsets: tuple[int, int], inbox: Inbox, streams: Streams
    ) -> None:
        found = self._keeper.runs.get(run)
        if found is None:
            await _fail(mark, "unknown", streams)
        else:
            await self._deliver(found, mark, "old", offsets, inbox, streams)

    async def _deliver(
        self,
        run: HostRun,
        mark: str,
        word: str,
        offsets: tuple[int, int],
        inbox: Inbox,
        streams: Streams,
    ) -> None:
        """Send what there is of a run that is over, and end; else send what it writes as it comes.

        A live channel is open until its input ends: nobody listens after that.
        """
        await streams.write(f"{mark}\n".encode())
        await streams.write_error(f"{mark} head {word} {run.fed}\n".encode())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_QUICK_SECONDS):
                await run.over.wait()
        if run.is_over:
            await _send(run, mark, offsets, streams)
            return
        sending = asyncio.create_task(_send_live(run, mark, offsets, streams))
        try:
            await inbox.ended()
        finally:
            sending.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await sending

    # Short commands.

    async def _answer(self, call: ProgramCall, inbox: Inbox) -> list[str]:
        run, _, *rest = call.args
        if call.name == "inventory":
            return self._inventory()
        if call.name == "collect":
            return [*(name for name in rest if self._keeper.remove(name)), "done"]
        found = self._keeper.runs.get(run)
        if call.name == "kill-tree":
            if found is not None:
                found.signal("KILL")
            return [self._keeper.look(run), "0"]
        if found is None or found.is_over:
            return [self._keeper.look(run)]
        if call.name == "signal":
            found.signal(rest[0])
            return ["sent"]
        if call.name == "close-input":
            found.inbox.end()
            return [found.fate]
        return await _feed(found, int(rest[0]), int(rest[1]), inbox)

    def _inventory(self) -> list[str]:
        lines = [str(int(time.time()))]
        for name, run in self._keeper.runs.items():
            changed = run.began_at if run.ended_at is None else run.ended_at
            lines += [
                f"run {name} {run.fate}",
                f"command {run.order.line.partition(chr(10))[0]}",
                f"meta {run.order.meta.partition(chr(10))[0]}",
                f"size {len(run.out)} {name}/out",
                f"size {len(run.err)} {name}/err",
                f"time {int(run.began_at)} {name}/umask",
                f"time {int(changed)} {name}/status",
            ]
        return lines


async def _send_live(run: HostRun, mark: str, offsets: tuple[int, int], streams: Streams) -> None:
    while not run.is_over:
        change = run.change
        offsets = await _pass_on(run, offsets, streams)
        if change is run.change and not run.is_over:
            await change.wait()
    await _pass_on(run, offsets, streams)
    end = f"{mark} end {len(run.out)} {len(run.err)} {run.fate}\n"
    await streams.write_error(end.encode())


async def _send(run: HostRun, mark: str, offsets: tuple[int, int], streams: Streams) -> None:
    await _pass_on(run, offsets, streams)
    await streams.write_error(f"{mark} end - - {run.fate}\n".encode())


async def _pass_on(run: HostRun, offsets: tuple[int, int], streams: Streams) -> tuple[int, int]:
    """Write all there is from `offsets`; returns where that ends."""
    out, err = offsets
    while block := bytes(run.out[out : out + _BLOCK]):
        out += len(block)
        await streams.write(block)
    while block := bytes(run.err[err : err + _BLOCK]):
        err += len(block)
        await streams.write_error(block)
    return out, err


async def _feed(run: HostRun, offset: int, size: int, inbox: Inbox) -> list[str]:
    data = await inbox.read_exactly(size)
    if len(data) == size and offset <= run.fed < offset + size:
        run.inbox.feed(data[run.fed - offset :])
        run.fed = offset + size
    return [run.fate, str(run.fed)]


async def _fail(mark: str, words: str, streams: Streams) -> None:
    await streams.write(f"{mark}\n".encode())
    await streams.write_error(f"{mark} fail {words}\n".encode())
