"""A newcomer finds the way alone: every key that is pressed stands on the screen before."""

from __future__ import annotations

import re
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

from tests.support.tmux import Terminal

if TYPE_CHECKING:
    from tests.support.program import Program

NAMES = {"enter": "Enter", "esc": "Escape", "f5": "F5"}


class Newcomer:
    """Reads the screen, and presses only what it says."""

    def __init__(self, screen: Terminal) -> None:
        self._screen = screen

    def presses(self, key: str, *, told_as: str) -> None:
        """Press a key once the screen says what it does."""
        assert key in told_as
        self._screen.until(rf"(?<!\w){re.escape(told_as)}")
        self._screen.keys(NAMES.get(key, key))

    def writes(self, text: str) -> None:
        """Type into the field that has the focus."""
        self._screen.type(text)
        self._screen.until(re.escape(text))

    def sees(self, *patterns: str) -> None:
        """Wait for these."""
        self._screen.until(*patterns)


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (120, 40)], ids=["80x24", "120x40"])
def test_from_start_to_dispatch_output_search_cancel_and_help(
    columns: int, rows: int, program: Program
) -> None:
    with (
        TemporaryDirectory(prefix="fleet-test-") as scratch,
        Terminal(
            program.folder / "terminal", {**program.environment, "TMPDIR": scratch}, columns, rows
        ) as screen,
    ):
        screen.start("demo")
        one = Newcomer(screen)
        one.sees("DEMO", r"8/9 up")

        one.presses("d", told_as="d dispatch")
        one.sees("Dispatch", "1 host: cc-pc")
        one.writes("is the backup all right?")
        one.presses("f5", told_as="Send  f5")
        one.presses("5", told_as="5 output")
        one.sees("is the backup all right", "1/1 done")

        one.presses("/", told_as="/ search")
        one.sees("enter finds")
        one.writes("the")
        one.presses("enter", told_as="enter done")
        one.sees(r"match \d+/\d+")

        one.presses("1", told_as="1 hosts")
        one.presses("/", told_as="/ filter")
        one.sees("enter keeps")
        one.writes("nas1")
        one.sees("/ nas1")
        one.presses("enter", told_as="enter done")
        one.presses("d", told_as="d dispatch")
        one.sees("1 host: nas1")
        one.writes("audit the dependencies")
        one.presses("f5", told_as="Send  f5")
        one.presses("5", told_as="5 output")
        one.sees("audit the dependencies", "0/1 done")
        one.presses("x", told_as="x cancel")
        one.sees("Cancel 1 run", "nas1", "stays changed")
        one.presses("y", told_as="Cancel the run  y")
        one.sees("1/1 done", "cancelled")

        one.presses("?", told_as="? help")
        one.sees("Help", "type to search")
        one.writes("theme")
        one.sees("Choose a theme")
        one.presses("esc", told_as="esc leaves")
        screen.gone("Help")
        one.presses("q", told_as="q quit")
        if "Leave the demo?" in screen.until(r"Leave the demo\?|ended with \d"):
            one.presses("y", told_as="Leave  y")
        assert screen.ended() == 0
