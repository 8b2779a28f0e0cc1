"""Past runs, threads and the doctor, as the screen's thread asks the core for them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from fleet_tui.model.errors import EmptyTarget, Refused, UsageError
from fleet_tui.model.host import Host
from fleet_tui.model.run import Dispatch, Run
from fleet_tui.runtime import CoreThread
from tests.handoff.planted import SESSION, plant_claude
from tests.support.stage import fleet_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE = 60


@contextmanager
def core_of(folder: Path, *, is_read_only: bool = False) -> Iterator[CoreThread]:
    """Open a core whose one host is this machine, with two runs in its store."""
    home = folder / "home"
    home.mkdir()
    env = {
        "HOME": str(home),
        "CLAUDE_CONFIG_DIR": str(home / ".claude"),
        "CODEX_HOME": str(home / ".codex"),
        "XDG_STATE_HOME": str(home / "state"),
    }
    config = fleet_file(folder, [Host("here", connection="local", env=env)])
    core = CoreThread(config, is_read_only=is_read_only)
    try:
        core.start().result(PATIENCE)
        store = core._fleet.store
        for number, answer in (("1", "one\ntwo"), ("2", "one\nthree")):
            run = Run(
                f"r-{number}", f"d-{number}", "here", "claude", "read", "succeeded", "ok",
                session=SESSION, created_at=float(number), finished_at=9.0,
            )  # fmt: skip
            asked = f"prompt {number}"
            dispatch = Dispatch(
                f"d-{number}", "here", asked, "claude", "read", "operator", "me", 1, float(number)
            )
            store.add_dispatch(dispatch, [run], "somebody")
            store.finish_runs([(run, answer)])
        yield core
    finally:
        core.stop()


def test_runs_are_found_compared_and_written(tmp_path: Path) -> None:
    with core_of(tmp_path) as core:
        page = core.past.find("three host:h*", 10).result(PATIENCE)
        assert [past.run.id for past in page.runs] == ["r-2"]
        first = core.past.find("", 1).result(PATIENCE)
        assert first.has_more
        second = core.past.find("", 1, 1).result(PATIENCE)
        assert (second.runs[0].run.id, second.has_more) == ("r-1", False)
        with pytest.raises(UsageError, match="did you mean failed"):
            core.past.find("state:failedd", 1).result(PATIENCE)
        with pytest.raises(EmptyTarget):
            core.past.find("host:@nobody", 1).result(PATIENCE)

        found = core.past.compare("r-1", "r-2").result(PATIENCE)
        assert found.difference[-2:] == ("-two", "+three")
        with pytest.raises(UsageError, match="no run"):
            core.past.compare("r-1", "r-9").result(PATIENCE)

        path = tmp_path / "run.md"
        assert core.past.save("r-1", str(path)).result(PATIENCE) == str(path)
        assert path.read_text() == core.past.export("r-1").result(PATIENCE)
        assert "prompt 1" in path.read_text()
        for wrong in (str(path), str(tmp_path / "none" / "x")):
            with pytest.raises(UsageError):
                core.past.save("r-1", wrong).result(PATIENCE)


def test_threads_are_listed_searched_and_read(tmp_path: Path) -> None:
    with core_of(tmp_path) as core:
        plant_claude(tmp_path / "home")
        (listed,) = core.threads.list("all", 5).result(PATIENCE)
        assert [thread.title for thread in listed.threads] == ["mend the cart"]
        (hits,) = core.threads.search("here", "IS MENDED").result(PATIENCE)
        assert hits.hits[0].said[0].text == "It is mended."
        page = core.threads.read("here", SESSION, 1).result(PATIENCE)
        assert [said.text for said in page.said] == ["It is mended."]
        assert core.threads.waiting(["here"]).result(PATIENCE) == ()
        with pytest.raises(UsageError, match="is on here already"):
            core.threads.hand_off("r-1", "here", None, takes_tree=False).result(PATIENCE)


def test_a_read_only_screen_hands_nothing_over(tmp_path: Path) -> None:
    with core_of(tmp_path, is_read_only=True) as core:
        with pytest.raises(Refused, match="read-only"):
            core.threads.hand_off("r-1", "here", None, takes_tree=False).result(PATIENCE)
        with pytest.raises(Refused, match="read-only"):
            core.threads.take_back("r-1").result(PATIENCE)


def test_the_doctor_comes_when_asked(tmp_path: Path) -> None:
    with core_of(tmp_path) as core:
        reports = core.doctor.examine("here").result(PATIENCE)
        assert reports[0].host == "here"
        assert reports[0].is_reachable
        with pytest.raises(EmptyTarget):
            core.doctor.examine("nobody").result(PATIENCE)
