"""The demo in a real terminal: opened, used by keys, left without a trace."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

from tests.support.tmux import Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.program import Program

SIZES = [(80, 24), (120, 40), (160, 45)]


@contextmanager
def terminal(program: Program, columns: int, rows: int) -> Iterator[tuple[Terminal, Path]]:
    """A terminal, and the folder that gets all temporary files of the program."""
    with TemporaryDirectory(prefix="fleet-test-") as scratch:
        env = {**program.environment, "TMPDIR": scratch}
        with Terminal(program.folder / "terminal", env, columns, rows) as opened:
            yield opened, Path(scratch)


def processes_of(folder: Path) -> list[str]:
    """Return the command lines of processes that name `folder`, but for tmux and its shell."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as file:
                line = file.read()
        except OSError:
            continue
        if str(folder) in line and "fleet_tui" in line:
            found.append(line)
    return found


@pytest.mark.parametrize(("columns", "rows"), SIZES, ids=[f"{c}x{r}" for c, r in SIZES])
def test_the_demo_is_usable_at(columns: int, rows: int, program: Program) -> None:
    with terminal(program, columns, rows) as (screen, scratch):
        before = screen.modes()
        screen.start("demo")
        shown = screen.until("DEMO", r"[78]/9 up", "q quit")
        assert all(len(line) <= columns for line in shown.splitlines())
        assert "cc-pc" in shown
        assert "d dispatch" in shown
        assert screen.modes() != before

        screen.keys(":")
        screen.type("dispatch all")
        screen.keys("Enter")
        screen.until("Dispatch", "9 hosts", "target", "prompt", "Send")
        screen.type("is everything all right?")
        screen.until("is everything all right")
        screen.keys("F5")
        screen.until(r"\d/9 done", "is everything all right")
        shown = screen.until("9/9 done", "failed")
        assert "q quit" in shown

        for pane, title in (("1", "hosts"), ("2", "queue"), ("3", "peers"), ("4", "notices")):
            screen.keys(pane)
            screen.until(title)
        screen.keys("4", "/")
        screen.type("nas2")
        screen.until("/ nas2", "nas2  .*claude")
        screen.keys("Escape")
        screen.gone("/ nas2")
        screen.keys("5", "g")
        screen.until("different answers from 9 runs", "cc-pc · 1 run", "esc back")
        screen.keys("Escape")
        screen.gone("different answers")
        screen.keys("?")
        screen.until("Help")
        screen.keys("Escape")
        screen.gone("Help")
        screen.keys("q")
        assert screen.ended() == 0
        assert screen.modes() == before
        assert b"Traceback" not in screen.written.read_bytes()
        assert list(scratch.iterdir()) == []
        assert processes_of(scratch) == []
    assert not program.log.exists()
    assert not (program.home / ".claude").exists()
    assert not (program.home / ".local").exists()


def test_leaving_in_the_middle_of_a_dispatch(program: Program) -> None:
    with terminal(program, 100, 30) as (screen, scratch):
        screen.start("demo")
        screen.until("DEMO", r"[78]/9 up")
        screen.keys("d")
        screen.until("Dispatch")
        screen.type("go on for long")
        screen.keys("F5")
        screen.until(r"output · d-\w+ · \S+ · go on", r"[1-9] running")
        screen.keys("q")
        screen.until(r"Leave the demo\?", "hosts end with it")
        screen.keys("y")
        assert screen.ended() == 0
        assert b"Traceback" not in screen.written.read_bytes()
        assert list(scratch.iterdir()) == []
        assert processes_of(scratch) == []


def test_it_ends_by_itself_without_a_terminal(program: Program) -> None:
    done = program.run("demo", "--hosts", "4", "--headless-seconds", "1")
    assert done.code == 0
    assert done.err == "fleet-tui: demo: running without a terminal\n"
