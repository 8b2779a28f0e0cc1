from __future__ import annotations

import asyncio
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from fleet_tui.clock import SystemClock
from fleet_tui.dispatch.closing import Closer, closing_entry
from fleet_tui.journal import FleetLog, RunStore, read
from fleet_tui.model.errors import JournalError
from fleet_tui.model.events import Event, RunFinished
from fleet_tui.model.run import Dispatch, Run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DISPATCH = Dispatch("d-1", "all", "true", "shell", "unrestricted", "operator", "me@here", 1, 1.0)
RUNS = [Run(f"r-{n}", "d-1", f"web{n}", "shell", "unrestricted") for n in range(50)]
ENDED = [
    replace(run, state="succeeded", outcome="ok", started_at=5.0, finished_at=7.25) for run in RUNS
]


@dataclass
class Desk:
    """A closer on a real journal."""

    log: FleetLog
    store: RunStore
    heard: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.closer = Closer(self.log, self.store, self.heard.append)


@contextmanager
def opened(folder: Path) -> Iterator[Desk]:
    log = FleetLog(folder / "fleet.log", clock=SystemClock())
    store = RunStore(folder)
    store.add_dispatch(DISPATCH, RUNS, "o-1")
    try:
        yield Desk(log, store)
    finally:
        log.close()
        store.close()


def test_a_closing_line_says_all_that_is_known_and_nothing_else() -> None:
    run = replace(
        ENDED[0], cost_usd=0.12345678, session="s", exit_status=0, out_bytes=3, err_bytes=4
    )
    entry = closing_entry(run)
    assert entry.event == "result"
    assert entry.fields == {
        "id": "d-1",
        "run": "r-0",
        "host": "web0",
        "status": "succeeded",
        "outcome": "ok",
        "exit": 0,
        "cost": 0.123457,
        "session": "s",
        "bytes": 7,
        "seconds": 2.25,
    }


async def test_runs_that_end_together_share_a_write(tmp_path: Path) -> None:
    with opened(tmp_path) as desk:
        await asyncio.gather(*(desk.closer.close(run, f"answer of {run.id}") for run in ENDED))
        assert desk.log.writes == 1
        assert desk.log.fsyncs == 0
        assert [line.text("run") for line in read(desk.log.path)] == [run.id for run in RUNS]
        assert desk.store.answer("r-7") == "answer of r-7"
        assert not any(run.is_open for run in desk.store.runs_of("d-1"))
        assert [e.run.id for e in desk.heard if isinstance(e, RunFinished)] == [r.id for r in RUNS]


async def test_a_run_that_ends_later_is_closed_too(tmp_path: Path) -> None:
    with opened(tmp_path) as desk:
        await desk.closer.close(ENDED[0], "")
        await desk.closer.close(ENDED[1], "")
        assert [line.text("run") for line in read(desk.log.path)] == ["r-0", "r-1"]


async def test_nobody_is_told_of_an_end_that_could_not_be_written(tmp_path: Path) -> None:
    with opened(tmp_path) as desk:
        desk.log.close()
        answers = await asyncio.gather(
            *(desk.closer.close(run, "") for run in ENDED[:3]), return_exceptions=True
        )
        assert [type(answer) for answer in answers] == [JournalError] * 3
        assert desk.heard == []


async def test_the_closer_goes_on_after_a_failure(tmp_path: Path) -> None:
    with opened(tmp_path) as desk:
        desk.store.close()
        with pytest.raises(JournalError):
            await desk.closer.close(ENDED[0], "")
        with pytest.raises(JournalError):
            await desk.closer.close(ENDED[1], "")
