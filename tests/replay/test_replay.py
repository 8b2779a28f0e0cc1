"""A past hour is seen again as it was, at speed, from the log and the spools."""

from __future__ import annotations

import threading
from datetime import UTC
from typing import TYPE_CHECKING

import pytest

from fleet_tui.config import data_dir, log_path
from fleet_tui.journal import LogFilter, read
from fleet_tui.model.errors import UsageError
from fleet_tui.model.events import DispatchFinished
from fleet_tui.model.host import Host
from fleet_tui.model.request import DispatchRequest
from fleet_tui.replay.clock import SILENCE, ReplayClock
from fleet_tui.replay.control import ReplayControl
from fleet_tui.replay.moments import last_hours, moments_of
from fleet_tui.runtime import CoreThread
from fleet_tui.tui.app import FleetApp
from tests.support.stage import fleet_file
from tests.tui.desk import Desk
from tests.tui.fake_control import FakeControl
from tests.tui.fixed_clock import FixedClock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PATIENCE = 60
HERE = Host("here", connection="local", roles=frozenset({"primary"}))


class Hand:
    """A monotonic time that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_clock_runs_at_speed_and_cuts_silences_short() -> None:
    hand = Hand()
    clock = ReplayClock([1000.0, 1040.0, 9000.0, 9001.0], 20.0, hand)
    assert clock.time() == 1000.0
    hand.now += 1.0
    assert clock.time() == 1020.0
    hand.now += 1.0
    assert clock.time() == 1040.0
    hand.now += SILENCE
    assert clock.time() == 9000.0
    hand.now += 1.0
    assert clock.is_over
    assert clock.time() >= 9001.0
    assert clock.monotonic() == hand.now


@pytest.fixture
def past(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let two dispatches happen; return the folder of the fleet."""
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "home" / "state"))
    monkeypatch.setenv("SHELL", "/bin/sh")
    core = CoreThread(fleet_file(tmp_path, [HERE]))
    try:
        core.start().result(PATIENCE)
        for command in ("seq 3", "echo no >&2; exit 4"):
            ended = core_event(core)
            core.dispatch(DispatchRequest("here", command, agent="shell")).result(PATIENCE)
            ended()
    finally:
        core.stop()
    return tmp_path


def core_event(core: CoreThread) -> Callable[[], bool]:
    """Return what waits for the next dispatch to end."""
    over = threading.Event()
    core._fleet.bus.subscribe(lambda e: over.set() if isinstance(e, DispatchFinished) else None)
    return lambda: over.wait(PATIENCE)


def test_the_clock_stands_still_and_changes_its_speed_where_it_is() -> None:
    hand = Hand()
    clock = ReplayClock([1000.0, 1040.0, 1080.0], 20.0, hand)
    assert clock.time() == 1000.0
    hand.now += 1.0
    clock.pause(True)
    hand.now += 50.0
    assert clock.time() == 1020.0
    assert clock.share == 0.25
    clock.play_at(10.0)
    assert clock.time() == 1020.0
    clock.pause(False)
    hand.now += 1.0
    assert clock.time() == 1030.0
    clock.play_at(8.0)
    assert clock.time() == 1030.0
    clock.play_at(1.0)
    assert clock.time() == 1040.0, "the rest of a silence longer than five seconds is left out"
    hand.now += 100.0
    clock.play_at(5.0)
    assert clock.is_over
    assert clock.share == 1.0


async def test_the_screen_shows_it_again(past: Path, tmp_path: Path) -> None:
    config = fleet_file(past, [HERE])
    (tmp_path / "aside").mkdir()
    inner = CoreThread(fleet_file(tmp_path / "aside", [HERE]), is_read_only=True)
    inner.start().result(PATIENCE)
    before = log_path(config).read_bytes()
    try:
        control = ReplayControl(inner, log_path(config), data_dir(config), hours=1, speed=1000)
        hand = Hand()
        control.clock._monotonic = hand
        app = FleetApp(control, clock=control.clock, zone=UTC, paints_itself=False, read_only=True)
        async with app.run_test(size=(120, 40), notifications=True) as pilot:
            desk = Desk(app, pilot, FixedClock(0), FakeControl())
            await desk.settle()
            assert "READ-ONLY" in desk.text()
            assert "0/1" in desk.text()
            hand.now += 1_000
            await desk.settle()
            hand.now += 1
            await desk.settle()
            assert "failed" in desk.text()
            await desk.press("5", "[")
            assert "seq 3" in desk.text()
            assert [row.text for row in desk.app.main.output.view.source.read(0, 9)] == [
                "1", "2", "3",
            ]  # fmt: skip
            await desk.press("d")
            assert "read-only" in desk.toasts()[-1]
    finally:
        inner.stop()
    assert log_path(config).read_bytes() == before


def test_a_run_that_is_not_closed_stays_open_and_bad_words_do_no_harm(tmp_path: Path) -> None:
    log = tmp_path / "fleet.log"
    log.write_text(
        "2026-05-18T14:00:00+00:00  dispatch  host=old msg=long ago\n"
        "2026-05-18T16:22:01+00:00  dispatch  id=d-1 run=r-1 host=nas1 agent=evil mode=x msg=hi\n"
        "2026-05-18T16:22:02+00:00  promote  host=nas1 epoch=8\n"
        "2026-05-18T16:22:03+00:00  result  run=r-9 status=succeeded\n"
        "no line at all\n"
    )
    lines = list(read(log, LogFilter()))
    moments = moments_of(last_hours(lines, 1))
    assert [m.run.host for m in moments if m.run] == ["nas1"]
    assert moments[0].run is not None
    assert (moments[0].run.agent, moments[0].run.mode, moments[0].run.state) == (
        "claude", "read", "running",
    )  # fmt: skip
    assert [m.notice.event for m in moments if m.notice] == ["promote"]


def test_an_empty_log_says_so(tmp_path: Path) -> None:
    (tmp_path / "fleet.log").write_text("")
    with pytest.raises(UsageError, match="nothing that can be shown"):
        last_hours(list(read(tmp_path / "fleet.log")), 1)
