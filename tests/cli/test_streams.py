"""What the caller gives the program to read and write: pipes, full disks, nothing at all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.program import Program

FULL = Path("/dev/full")


@pytest.fixture
def here(program: Program) -> Program:
    """A fleet of this machine alone, with one dispatch in its log."""
    program.configure([{"name": "desk", "connection": "local"}])
    assert program.run("run", "desk", "--agent", "shell", "--", "echo hi").code == 0
    return program


def shell(program: Program, line: str) -> subprocess.CompletedProcess[str]:
    """Run a line of sh in which `$FLEET` is the program."""
    return subprocess.run(
        ["/bin/sh", "-c", line],
        cwd=program.folder,
        env={**program.environment, "FLEET": f"{sys.executable} -m fleet_tui"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_reader_that_goes_is_no_error(here: Program) -> None:
    done = shell(here, "{ $FLEET log; echo status=$? >&2; } | true")
    assert done.stderr.splitlines() == ["status=1"]


@pytest.mark.parametrize(
    "line",
    [
        "$FLEET log >/dev/full",
        "$FLEET log --json >/dev/full",
        "$FLEET run desk --agent shell -- 'echo hi' >/dev/full",
        "$FLEET run desk --agent shell --json -- 'echo hi' >/dev/full",
    ],
)
@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
def test_an_output_that_takes_nothing_is_named(line: str, here: Program) -> None:
    done = shell(here, line)
    assert done.returncode == 1
    assert done.stderr.startswith("fleet-tui: standard output: No space left on device (")
    assert len(done.stderr.splitlines()) == 1


def test_closed_streams_are_no_error(here: Program) -> None:
    assert shell(here, "$FLEET log >&- 2>&- <&-").returncode == 0


@pytest.mark.parametrize("words", [(), ("demo",)])
def test_the_screen_asks_for_a_terminal(words: tuple[str, ...], here: Program) -> None:
    done = here.run(*words)
    assert (done.code, done.out) == (2, "")
    assert "the screen needs a terminal, and standard input is none" in done.err
    assert "ssh -t" in done.err


def test_a_demo_of_no_hosts_is_refused(program: Program) -> None:
    done = program.run("demo", "--hosts", "0")
    assert (done.code, done.out) == (2, "")
    assert "--hosts: 0 is no number of hosts (name one or more)" in done.err
    done = program.run("demo", "--headless-seconds", "-1")
    assert done.code == 2
    assert "--headless-seconds: -1.0 is no time (name more than 0)" in done.err
