"""The terminal is lent to a real program in a real pseudo-terminal, and comes back."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fleet_tui.tui import textual_seams
from fleet_tui.tui.lending import Loan
from tests.bench.terminal import open_terminal
from tests.tui.desk import at_desk
from tests.tui.fake_control import FakeControl

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.bench.terminal import Terminal

ROOT = Path(__file__).parents[2]
SECONDS = 20.0

RUDE = """
trap 'echo INTERRUPTED' INT
test -t 0 && test -t 1 && echo "SHELL on a terminal"
read -r line || read -r line
echo "HEARD $line"
read -r last
stty raw -echo
exit 7
"""
"""A program that reads, survives ctrl+c, and leaves the terminal in a mess."""


def until(terminal: Terminal, text: str) -> None:
    terminal.read_until(lambda: terminal.shows(text), SECONDS)


@pytest.fixture
def screen(request: pytest.FixtureRequest) -> Iterator[Terminal]:
    """Return the screen in a terminal, once it is painted."""
    program = (sys.executable, "-m", "tests.tui.lending_screen", request.param)
    with open_terminal(program, {"HOME": "/nonexistent"}, str(ROOT)) as terminal:
        until(terminal, "nas1")
        until(terminal, "quit")
        yield terminal


@pytest.mark.parametrize("screen", [RUDE], indirect=True)
def test_a_program_gets_the_terminal_and_gives_it_back(screen: Terminal) -> None:
    screen.press("s")
    until(screen, "fleet-tui: on nas1: a shell")
    until(screen, "SHELL on a terminal")
    screen.press("\x03")
    until(screen, "INTERRUPTED")
    screen.press("hello\r")
    until(screen, "HEARD hello")
    screen.forget()
    screen.press("done\rqqq")
    until(screen, "ended with exit status 7")
    until(screen, "dispatch")
    assert not screen.is_over
    screen.forget()
    screen.press("2")
    until(screen, "queue")
    screen.press("q")
    screen.read_until(lambda: screen.is_over, SECONDS)


@pytest.mark.parametrize("screen", ["echo no route to host; exit 255"], indirect=True)
def test_what_a_failed_connection_said_can_be_read(screen: Terminal) -> None:
    screen.press("s")
    until(screen, "no route to host")
    until(screen, "Press enter to go back.")
    screen.forget()
    screen.press("\r")
    until(screen, "ended with exit status 255")


async def test_the_terminal_comes_back_from_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    async with at_desk(FakeControl()) as desk:
        driver = desk.app._driver
        assert driver is not None
        assert not textual_seams.can_lend_terminal(desk.app)
        steps: list[str] = []
        monkeypatch.setattr(type(driver), "can_suspend", True)
        monkeypatch.setattr(driver, "suspend_application_mode", lambda: steps.append("away"))
        monkeypatch.setattr(driver, "resume_application_mode", lambda: steps.append("back"))
        assert textual_seams.can_lend_terminal(desk.app)

        def break_it() -> None:
            with textual_seams.lent_terminal(desk.app):
                assert textual_seams.is_suspended(desk.app)
                raise RuntimeError("broken")

        with pytest.raises(RuntimeError, match="broken"):
            break_it()
        assert steps == ["away", "back"]
        assert not textual_seams.is_suspended(desk.app)
        await desk.press("4")
        assert desk.app.main.current == "notices"


@pytest.mark.parametrize(
    ("loan", "told"),
    [
        (Loan(0), ""),
        (Loan(1), "ssh ended with exit status 1"),
        (Loan(-9), "ssh was ended by signal 9"),
        (Loan(255), "ssh ended with exit status 255, the connection failed or broke"),
        (Loan(problem="No such file"), "ssh could not be started: No such file"),
    ],
)
def test_how_it_ended_is_one_sentence(loan: Loan, told: str) -> None:
    assert loan.told("ssh") == told
