"""A state folder that is full or read-only: everything that looks works, nothing is begun."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.support.durable import fill, tmpfs
from tests.support.parts import require
from tests.support.tmux import Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.program import Program

LOOKS = (
    "runs --search hello",
    "queue list",
    "hosts",
    "threads",
    "heartbeats",
    "peers list",
    "peers inbox",
    "notify list",
)
HERE = {"name": "here", "connection": "local", "roles": ["primary"]}


@pytest.fixture(params=["full", "read-only"])
def unwritable(request: pytest.FixtureRequest, program: Program) -> Iterator[tuple[Program, str]]:
    """The program with a run and a task, and then a state folder that takes nothing more.

    It is a disk of its own; where none may be mounted, a folder that this user may not write.
    """
    more = '[queue]\npath = "queue"'
    program.configure([HERE], more=more)
    disk = tmpfs(program.state, 4096)
    is_mounted = next(disk, None) is not None
    for words in ("run here --agent shell -- echo hello", "queue add --name one Look."):
        assert program.run(*words.split()).code == 0
    try:
        if is_mounted and request.param == "full":
            fill(program.state / "fill")
            yield program, "No space left on device"
        elif is_mounted:
            remount = [require("mount"), "-o", "remount,ro", str(program.state)]
            subprocess.run(remount, check=True)
            yield program, "Read-only file system"
        elif os.geteuid() == 0:
            pytest.skip("no disk may be mounted here, and root may write everywhere")
        elif request.param == "full":
            pytest.skip("no disk may be mounted here")
        else:
            program.state.chmod(0o500)
            yield program, "Permission denied"
    finally:
        if not is_mounted:
            program.state.chmod(0o700)
        next(disk, None)


def tree(folder: Path) -> set[str]:
    """Return the names in a folder and below, but for SQLite's own beside its files."""
    names = {str(path.relative_to(folder)) for path in folder.rglob("*")}
    return {name for name in names if not name.endswith(("-shm", "-wal", ".lock"))}


def told_by(program: Program, why: str) -> str:
    """Return the one line that every command says first."""
    return (
        f"fleet-tui: the state folder {program.state} cannot be written ({why}):"
        " looking works, dispatching is refused; free space or set data_dir"
    )


def test_looking_goes_on(unwritable: tuple[Program, str]) -> None:
    program, why = unwritable
    before = tree(program.state)
    for words in LOOKS:
        done = program.run(*words.split())
        assert (done.code, done.err.splitlines()) == (0, [told_by(program, why)]), words
        if words.startswith(("runs", "queue")):
            assert "hello" in done.out or "one" in done.out
    (run,) = program.run("runs", "--json").objects
    assert program.run("runs", run["run"]).lines[0] == "hello"
    verified = program.run("log", "--verify")
    assert (verified.code, verified.err) == (0, "")
    assert verified.out.endswith(": 3 lines in 1 files: the chain holds\n")
    assert tree(program.state) == before


def test_nothing_is_begun(unwritable: tuple[Program, str]) -> None:
    program, why = unwritable
    before = tree(program.state)
    for words in ("run here --agent shell -- touch begun", "worker --once", "notify hello"):
        done = program.run(*words.split())
        assert done.code == 3, words
        first, last = done.err.splitlines()
        assert first == told_by(program, why)
        assert f"nothing is begun: the state folder {program.state} cannot be written" in last
        assert "free space or set data_dir" in last
    assert not (program.folder / "begun").exists()
    assert not (program.home / "begun").exists()
    examined = program.run("doctor", "--json")
    assert (examined.code, examined.err.splitlines()) == (1, [told_by(program, why)])
    assert "state-unwritable" in {one["id"] for one in examined.events("finding")}
    assert program.run("log", "--verify").code == 0
    assert tree(program.state) == before


def test_what_was_never_kept_is_empty(unwritable: tuple[Program, str]) -> None:
    program, why = unwritable
    program.configure([HERE], data_dir=program.state / "new")
    done = program.run("runs")
    assert (done.code, done.lines) == (
        0,
        ["no runs yet; start one with `fleet-tui run TARGET -- PROMPT`"],
    )
    assert f"the state folder {program.state}/new cannot be written ({why})" in done.err
    assert program.run("run", "here", "--agent", "shell", "--", "true").code == 3


def test_the_screen_shows_everything_and_says_why_it_only_looks(
    unwritable: tuple[Program, str], tmp_path: Path
) -> None:
    program, why = unwritable
    before = tree(program.state)
    with Terminal(tmp_path / "terminal", program.environment, 240, 40) as screen:
        screen.start()
        screen.until("READ-ONLY", "1/1 up", "echo hello", r"1 pending", "dispatching is refused")
        screen.keys("d")
        screen.until(f"cannot be written .{why}.:.*", "free space or set data_dir")
        screen.keys("o")
        screen.until("fleet / runs", "done")
        screen.keys("Escape")
        screen.gone("fleet / runs")
        screen.keys("q")
        assert screen.ended() == 0
        assert screen.until("dispatching is refused").count("dispatching is refused") == 1
    assert tree(program.state) == before
