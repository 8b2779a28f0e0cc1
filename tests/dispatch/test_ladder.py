from __future__ import annotations

import asyncio

from fleet_tui.dispatch.ladder import Patience, stop
from fleet_tui.transport.base import ExitStatus, SignalName

AT_ONCE = Patience(0.0, 0.0, 0.0)


class FakeProcess:
    """Ends when it receives `dies_of`."""

    def __init__(self, dies_of: SignalName | None) -> None:
        self.dies_of = dies_of
        self.received: list[str] = []
        self.was_aborted = False
        self.ended: asyncio.Future[object] = asyncio.get_running_loop().create_future()

    async def wait(self) -> ExitStatus:
        await self.ended
        return ExitStatus(signal=self.dies_of)

    async def write(self, data: bytes) -> None:
        raise AssertionError("nothing is written to a run that is being ended")

    def close_stdin(self) -> None: ...

    def send_signal(self, name: SignalName) -> None:
        self.received.append(name)
        if name == self.dies_of:
            self.ended.set_result(None)

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def abort(self) -> None:
        self.was_aborted = True


async def test_a_polite_process_gets_one_signal() -> None:
    process = FakeProcess("INT")
    await stop(process, process.ended, first="INT", patience=AT_ONCE)
    assert process.received == ["INT"]


async def test_a_stubborn_one_is_insisted_on_and_then_killed() -> None:
    process = FakeProcess("KILL")
    await stop(process, process.ended, first="INT", patience=AT_ONCE)
    assert process.received == ["INT", "TERM", "KILL"]
    assert not process.was_aborted


async def test_one_that_ignores_everything_is_given_up() -> None:
    process = FakeProcess(None)
    await stop(process, process.ended, first="INT", patience=AT_ONCE)
    assert process.was_aborted


async def test_the_ladder_may_begin_with_term() -> None:
    process = FakeProcess("KILL")
    await stop(process, process.ended, first="TERM", patience=AT_ONCE)
    assert process.received == ["TERM", "KILL"]
