"""The host that loses contact: its runs go on, and not a byte of them is lost."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from fleet_tui.demo import DemoFleet
from fleet_tui.demo.outage import Outage
from fleet_tui.demo.pace import Pace
from fleet_tui.fleet import Fleet
from fleet_tui.model.events import LinkChanged, RunChanged
from fleet_tui.model.request import DispatchRequest
from tests.demo.fleet_file import LIKE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet_tui.model.events import Event

HURRY = 10
"""Times human speed: contact is lost within half a second, for half a second."""


@pytest.fixture
def hurried() -> Iterator[DemoFleet]:
    with DemoFleet.start(speed=HURRY, like=LIKE) as fleet:
        fleet.wait_ready()
        yield fleet


async def test_a_run_is_on_its_own_for_a_while_and_is_complete(hurried: DemoFleet) -> None:
    assert hurried.wavering == "web03"
    fleet = Fleet(hurried.config)
    await fleet.open()
    heard: list[Event] = []
    contact: list[bool] = []
    try:
        fleet.bus.subscribe(heard.append)
        script = "for i in $(seq 60); do echo line $i; sleep 0.05; done"
        live = await fleet.dispatch(
            DispatchRequest(target="web03,web02", prompt=script, agent="shell")
        )

        (task,) = (task for task in live.tasks.values() if task.plan.host.name == "web03")

        def note(event: Event) -> None:
            is_there = task.contact_lost_at is None
            if isinstance(event, RunChanged) and contact[-1:] != [is_there]:
                contact.append(is_there)

        fleet.bus.subscribe(note)
        runs = await live.finished
        assert [run.state for run in runs] == ["succeeded", "succeeded"]
        whole = "".join(f"line {number}\n" for number in range(1, 61))
        for ended in runs:
            spool = fleet.data_dir / "runs" / ended.id / "out"
            assert spool.read_text() == whole
    finally:
        await fleet.close()
    assert contact[-2:] == [False, True]
    links = [event.status for event in heard if isinstance(event, LinkChanged)]
    assert "down" in {status.state for status in links if status.host == "web03"}
    assert "down" not in {status.state for status in links if status.host == "web02"}


class _Wire:
    def __init__(self) -> None:
        self.is_cut = False

    def abort(self) -> None:
        self.is_cut = True


async def test_an_outage_cuts_what_is_there_and_what_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    steps: asyncio.Queue[asyncio.Event] = asyncio.Queue()

    async def wait(self: Pace, seconds: float) -> None:
        passed = asyncio.Event()
        await steps.put(passed)
        await passed.wait()

    monkeypatch.setattr(Pace, "wait", wait)
    outage = Outage(Pace())
    early, gone, late, after = _Wire(), _Wire(), _Wire(), _Wire()
    outage.entered(early)
    outage.entered(gone)
    outage.left(gone)
    outage.work_began()
    outage.work_began()
    (await steps.get()).set()
    lasts = await steps.get()
    outage.entered(late)
    assert (early.is_cut, gone.is_cut, late.is_cut, outage.is_on) == (True, False, True, True)
    lasts.set()
    calm = await steps.get()
    outage.entered(after)
    assert (after.is_cut, outage.is_on) == (False, False)
    outage.work_began()
    assert steps.empty()
    calm.set()
