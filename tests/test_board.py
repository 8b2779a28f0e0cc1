from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from fleet_tui.board import COST_SECONDS, Board
from fleet_tui.dispatch.spending import Spending
from fleet_tui.journal import RunStore
from fleet_tui.mailbox import Mailbox
from fleet_tui.model.config import FleetConfig
from fleet_tui.model.events import (
    DispatchFinished,
    DispatchStarted,
    HostProbed,
    LinkChanged,
    NoticeRaised,
    OutputArrived,
    PartChanged,
    RunChanged,
    RunFinished,
)
from fleet_tui.model.host import Host, HostFacts, LinkStatus
from fleet_tui.model.notice import Notice
from fleet_tui.model.parking_view import ParkedRun, ParkingView
from fleet_tui.model.run import Dispatch, Run
from fleet_tui.model.snapshot import DispatchView, FleetView

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fleet_tui.model.control import Changes
    from fleet_tui.model.events import Event


class HandClock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1_779_132_121.0

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now


STATUS = FleetView("mine", "desk", "primary", 1, 2, 0, 0, 0.0, True)
FACTS = HostFacts(1.0, "web", "Linux", "/root", {})


@dataclass
class Room:
    """A board, with the mailbox it fills."""

    board: Board
    mailbox: Mailbox
    store: RunStore
    clock: HandClock
    grown: dict[str, int]

    def after(self, *events: Event) -> Changes:
        """Return what the screen would get once these have happened."""
        for event in events:
            self.board.heard(event)
        self.board.publish()
        return self.mailbox.drain()


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    store, mailbox, clock = RunStore(tmp_path), Mailbox(), HandClock()
    grown: dict[str, int] = {}
    board = Board(
        FleetConfig(hosts=(Host("web"), Host("nas"))),
        mailbox,
        clock,
        status=STATUS,
        spending=Spending(store, clock),
        task=lambda _: None,
        lines=lambda run: grown.get(run, 0),
        facts=lambda host: FACTS if host == "nas" else None,
    )
    yield Room(board, mailbox, store, clock, grown)
    board.close()
    store.close()


DISPATCH = Dispatch("d-1", "all", "true", "claude", "read", "operator", "me", 1, 1_779_132_100.0)
RUNS = tuple(
    Run(f"r-{host}", "d-1", host, "claude", "read", created_at=1_779_132_100.0)
    for host in ("web", "nas")
)


async def test_the_first_picture_shows_every_host(room: Room) -> None:
    first = room.after()
    assert {name: view.link.state for name, view in first.hosts.items()} == {
        "web": "unknown",
        "nas": "unknown",
    }
    assert first.hosts["nas"].facts == FACTS
    assert first.fleet == STATUS
    assert room.after().hosts == {}


async def test_only_what_changed_is_shown_again(room: Room) -> None:
    room.after()
    changes = room.after(LinkChanged(LinkStatus("web", "up", 5.0)))
    assert list(changes.hosts) == ["web"]
    assert changes.fleet is not None
    assert changes.fleet.hosts_up == 1
    assert list(room.after(HostProbed("web", FACTS)).hosts) == ["web"]


async def test_a_dispatch_is_counted_while_it_runs_and_after(room: Room) -> None:
    room.after()
    begun = room.after(DispatchStarted(DISPATCH, RUNS))
    assert begun.dispatches["d-1"].run_ids == ("r-web", "r-nas")
    assert begun.fleet is not None
    assert begun.fleet.open_runs == 2
    assert begun.hosts["web"].open_runs == 1
    ended = replace(RUNS[0], state="succeeded", outcome="ok", finished_at=9.0)
    half = room.after(RunChanged(replace(RUNS[1], state="running")), RunFinished(ended))
    assert half.fleet is not None
    assert half.fleet.open_runs == 1
    assert half.hosts["web"].open_runs == 0
    assert half.runs["r-web"].activity == "done"
    over = room.after(DispatchFinished(replace(DISPATCH, finished_at=9.0), (ended, RUNS[1])))
    assert over.dispatches["d-1"].dispatch.finished_at == 9.0
    assert over.dispatches["d-1"].run_ids == ("r-web", "r-nas")


async def test_lines_are_counted_when_they_can_be_read(room: Room) -> None:
    room.after(DispatchStarted(DISPATCH, RUNS))
    room.grown["r-web"] = 12
    room.board.output_grew(["r-web", "r-unknown"])
    changes = room.after()
    assert {run: view.lines for run, view in changes.runs.items()} == {"r-web": 12}


async def test_bytes_alone_make_no_picture(room: Room) -> None:
    room.after(DispatchStarted(DISPATCH, RUNS))
    changes = room.after(OutputArrived("r-web", "web", "stdout", 0, b"x" * 1000))
    assert changes.runs == {}


async def test_todays_cost_is_added_up_when_a_run_has_ended(room: Room) -> None:
    room.store.add_dispatch(DISPATCH, RUNS, "o-1")
    room.after(DispatchStarted(DISPATCH, RUNS))
    ended = replace(
        RUNS[0],
        state="succeeded",
        outcome="ok",
        cost_usd=0.25,
        started_at=room.clock.now,
        finished_at=room.clock.now,
    )
    room.store.finish_runs([(ended, "")])
    room.clock.now += COST_SECONDS
    changes = room.after(RunFinished(ended))
    assert changes.fleet is not None
    assert changes.fleet.cost_today_usd == 0.25
    assert changes.hosts["web"].cost_today_usd == 0.25
    again = replace(ended, id="r-nas", host="nas", cost_usd=1.0)
    room.store.finish_runs([(again, "")])
    early = room.after(RunFinished(again))
    assert early.fleet is not None
    assert early.fleet.cost_today_usd == 0.25, "it is not added up at every end"
    room.clock.now += COST_SECONDS
    late = room.after()
    assert late.fleet is not None
    assert late.fleet.cost_today_usd == 1.25


async def test_notices_and_past_dispatches_get_through(room: Room) -> None:
    notice = Notice("n", 1.0, "info", "x", "web", "text")
    room.board.show(DispatchView(DISPATCH, ("r-web",)), [replace(RUNS[0], state="failed")])
    changes = room.after(NoticeRaised(notice))
    assert changes.notices == (notice,)
    assert changes.runs["r-web"].activity == "stopped"
    assert list(changes.dispatches) == ["d-1"]


async def test_what_is_of_no_host_of_the_fleet_is_no_error(room: Room) -> None:
    stranger = replace(RUNS[0], id="r-x", host="gone")
    changes = room.after(
        LinkChanged(LinkStatus("gone", "up", 1.0)),
        HostProbed("gone", FACTS),
        RunChanged(stranger),
    )
    assert "gone" not in changes.hosts
    assert list(changes.runs) == ["r-x"]


async def test_a_parked_run_says_when_it_goes_on(room: Room) -> None:
    ended = replace(RUNS[0], state="failed", outcome="overloaded")
    room.after(RunChanged(ended))
    parked = ParkedRun("r-web", "web", 90.0, 1, 1.0, "overloaded")
    view = room.after(PartChanged(ParkingView({"r-web": parked}))).runs["r-web"]
    assert (view.parked_until, view.activity) == (90.0, "blocked-limit")
    view = room.after(PartChanged(ParkingView())).runs["r-web"]
    assert (view.parked_until, view.activity) == (None, "stopped")
