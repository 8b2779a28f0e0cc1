from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from fleet_tui.journal import Collected, collect_old

if TYPE_CHECKING:
    from pathlib import Path

NOW = 1_779_000_000.0
DAY = 86_400.0


@pytest.fixture
def state(tmp_path: Path) -> Path:
    for name, days in (("r-old", 40.0), ("r-mid", 10.0), ("r-new", 1.0), ("r-now", 0.01)):
        folder = tmp_path / "runs" / name
        folder.mkdir(parents=True)
        (folder / "out").write_bytes(b"x" * 8192)
        for path in (folder / "out", folder):
            os.utime(path, (NOW - days * DAY,) * 2)
    (tmp_path / "dispatches").mkdir()
    for name, days in (("d-old", 40.0), ("d-new", 1.0)):
        path = tmp_path / "dispatches" / f"{name}.timeline"
        path.write_bytes(b"x")
        os.utime(path, (NOW - days * DAY,) * 2)
    return tmp_path


def left(state: Path) -> set[str]:
    return {path.name for folder in ("runs", "dispatches") for path in (state / folder).iterdir()}


def collect(state: Path, *, days: float = 30, size: int = 1 << 40, **kept: set[str]) -> Collected:
    bounds = {"open_runs": set[str](), **kept}
    return collect_old(state, now=NOW, keep_days=days, keep_bytes=size, **bounds)


def test_what_is_too_old_goes(state: Path) -> None:
    assert collect(state) == Collected(1, 8192)
    assert left(state) == {"r-mid", "r-new", "r-now", "d-new.timeline"}


def test_what_is_too_much_goes_oldest_first(state: Path) -> None:
    assert collect(state, days=365, size=16_384) == Collected(2, 16_384)
    assert left(state) == {"r-new", "r-now", "d-old.timeline", "d-new.timeline"}


def test_what_belongs_to_an_open_run_stays(state: Path) -> None:
    collect(state, size=0, open_runs={"r-old"}, open_dispatches={"d-old"})
    assert left(state) == {"r-old", "r-now", "d-old.timeline", "d-new.timeline"}


def test_what_was_written_just_now_stays_whatever_the_bounds(state: Path) -> None:
    collect(state, days=0, size=0)
    assert left(state) == {"r-now"}


def test_a_state_folder_that_is_not_there_is_nothing_to_collect(tmp_path: Path) -> None:
    assert collect(tmp_path / "none") == Collected(0, 0)
