from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, cast

from fleet_tui.model.errors import FleetError, Unreachable
from fleet_tui.model.host import Host, LinkStatus
from fleet_tui.transport import kept_door
from fleet_tui.transport.kept_door import LOOK_SECONDS, RETRY_SECONDS, UNREACHED, KeptDoors
from fleet_tui.transport.loopback_http import HttpAnswer, HttpServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import pytest

    from fleet_tui.transport.base import Connection
    from fleet_tui.transport.pool import ConnectionPool

PATIENCE = 60.0


class Contact:
    """A connection that is there until it is cut."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.is_open = True


class Stage:
    """A machine called `there`, a pool that leads to it, and a clock that we push on."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.state = "up"
        self.reached_by: list[Contact] = []
        self.unreachable = False
        self.taken = False
        self.furnished: list[Contact] = []
        self.refusals: list[str] = []
        self.deals_with_it = False
        self.forwards: list[tuple[int, int]] = []
        self.open_forwards = 0
        self.slept: asyncio.Queue[tuple[float, asyncio.Event]] = asyncio.Queue()
        self.server = HttpServer(self._answer, lambda door, refusal: None)
        self.doors = KeptDoors(
            cast("ConnectionPool", self),
            self.server,
            7899,
            furnish=self._furnish,
            refused=self._refuse,
            changed=lambda: None,
            sleep=self._sleep,
        )

    def status(self, host: str) -> LinkStatus:
        return LinkStatus(host, "up" if self.state == "up" else "down", 0.0)

    async def connection(self, host: str) -> Contact:
        if self.unreachable:
            raise Unreachable("no route", host=host, fault="connect-timeout")
        self.reached_by.append(Contact(self.host))
        return self.reached_by[-1]

    @asynccontextmanager
    async def forward(self, contact: Contact, outer: int, inner: int) -> AsyncIterator[int]:
        if self.taken:
            raise FleetError("the port is taken", where=contact.host.name)
        self.forwards.append((outer, inner))
        self.open_forwards += 1
        try:
            yield outer
        finally:
            self.open_forwards -= 1

    async def wakes(self) -> float:
        """Wait until the keeper sleeps, let it go on; returns how long it would have slept."""
        async with asyncio.timeout(PATIENCE):
            seconds, awake = await self.slept.get()
        awake.set()
        return seconds

    async def sleeps(self) -> float:
        """Wait until the keeper sleeps, and leave it so until `wakes`."""
        async with asyncio.timeout(PATIENCE):
            seconds, awake = await self.slept.get()
        self.slept.put_nowait((seconds, awake))
        return seconds

    async def _answer(self, request: object) -> HttpAnswer:
        return HttpAnswer("")

    async def _furnish(self, connection: Connection) -> None:
        self.furnished.append(cast("Contact", connection))

    async def _refuse(self, host: str, error: FleetError) -> bool:
        self.refusals.append(f"{host}: {error.what}")
        return self.deals_with_it

    async def _sleep(self, seconds: float) -> None:
        awake = asyncio.Event()
        self.slept.put_nowait((seconds, awake))
        await awake.wait()


@asynccontextmanager
async def kept(
    monkeypatch: pytest.MonkeyPatch, host: Host | None = None, **fields: bool
) -> AsyncIterator[Stage]:
    """Keep the door of a machine."""
    stage = Stage(host or Host("there"))
    for name, value in fields.items():
        setattr(stage, name, value)
    monkeypatch.setattr(kept_door, "forward_from_port", stage.forward)
    stage.doors.keep(stage.host.name)
    try:
        yield stage
    finally:
        await stage.doors.close()
        await stage.server.close()
        assert stage.open_forwards == 0


async def test_a_door_is_opened_furnished_and_opened_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with kept(monkeypatch) as stage:
        assert await stage.sleeps() == LOOK_SECONDS
        inner = stage.server.port("there")
        assert stage.forwards == [(7899, inner)]
        assert stage.doors.reached == {"there"}
        stage.reached_by[0].is_open = False
        await stage.wakes()
        assert await stage.sleeps() == LOOK_SECONDS
        assert stage.doors.reached == set()
        assert stage.open_forwards == 0
        await stage.wakes()
        await stage.sleeps()
        assert stage.doors.reached == {"there"}
        assert stage.forwards == [(7899, inner)] * 2
        assert stage.furnished == stage.reached_by


async def test_who_refuses_a_door_is_asked_again_after_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with kept(monkeypatch, taken=True) as stage:
        assert await stage.sleeps() == RETRY_SECONDS
        assert stage.refusals == ["there: the port is taken"]
        assert stage.doors.problems == {"there": "the port is taken"}
        stage.taken = False
        await stage.wakes()
        assert await stage.sleeps() == LOOK_SECONDS
        assert stage.doors.problems == {}
        assert stage.doors.reached == {"there"}


async def test_a_refusal_that_was_dealt_with_is_no_problem(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with kept(monkeypatch, taken=True, deals_with_it=True) as stage:
        assert await stage.sleeps() == LOOK_SECONDS
        assert stage.doors.problems == {}
        assert stage.doors.reached == set()


async def test_who_cannot_be_reached_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    async with kept(monkeypatch, unreachable=True) as stage:
        assert await stage.sleeps() == RETRY_SECONDS
        assert stage.doors.problems == {"there": UNREACHED}
        assert stage.refusals == []


async def test_nobody_dials_for_a_door_while_there_is_no_contact(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with kept(monkeypatch) as stage:
        await stage.sleeps()
        stage.state = "down"
        stage.reached_by[0].is_open = False
        await stage.wakes()
        await stage.wakes()
        assert await stage.sleeps() == LOOK_SECONDS
        assert len(stage.reached_by) == 1
        assert stage.doors.reached == set()


async def test_this_machine_is_furnished_and_needs_no_forward(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with kept(monkeypatch, Host("here", connection="local")) as stage:
        await stage.sleeps()
        assert stage.forwards == []
        assert len(stage.furnished) == 1
        assert stage.doors.reached == {"here"}
