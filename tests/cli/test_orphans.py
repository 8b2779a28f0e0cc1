"""The list of runs that no record here knows."""

from __future__ import annotations

from fleet_tui.cli.orphans import SHOWN_ENDED, newest
from fleet_tui.transport.durable_inventory import RemoteRun
from fleet_tui.transport.durable_state import RunFate


def test_what_runs_comes_first_and_of_the_ended_the_newest_stay() -> None:
    ended = [RemoteRun(f"r-{age:03}", RunFate("finished"), age=float(age)) for age in range(99)]
    timeless = RemoteRun("r-timeless", RunFate("finished"))
    running = RemoteRun("r-runs", RunFate("running"), age=500.0)
    shown = newest([timeless, *reversed(ended), running])
    assert shown == [running, *ended[:SHOWN_ENDED]]
