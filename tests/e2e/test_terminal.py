"""A real terminal does what terminals do: it is resized, pasted into, and left for the shell."""

from __future__ import annotations

import random
import re
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tests.support.tmux import PROMPT, Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.program import Program

UP = (r"8/9 up", "q quit")


@contextmanager
def demo(program: Program, columns: int = 120, rows: int = 40) -> Iterator[Terminal]:
    with TemporaryDirectory(prefix="fleet-test-") as scratch:
        env = {**program.environment, "TMPDIR": scratch}
        with Terminal(program.folder / "terminal", env, columns, rows) as screen:
            screen.start("demo")
            screen.until(*UP)
            yield screen


def leave(screen: Terminal) -> None:
    """Leave; the demo's own queue may be at work, and then it is asked for."""
    screen.keys("q")
    if "Leave the demo?" in screen.until(r"Leave the demo\?|ended with \d"):
        screen.keys("y")
    assert screen.ended() == 0


def test_it_can_be_stopped_for_the_shell_and_goes_on(program: Program) -> None:
    with demo(program) as screen:
        painted = screen.modes()
        screen.keys(":")
        screen.type("suspend")
        screen.keys("Enter")
        screen.until("[Ss]topped|[Ss]uspended", rf"{PROMPT.strip()}\s*$")
        assert screen.modes() != painted
        screen.type("echo the shell is $((40 + 2)); fg")
        screen.keys("Enter")
        screen.until(*UP)
        screen.told("Back. Runs went on")
        assert screen.modes() == painted
        screen.keys("?")
        screen.until("Help")
        screen.keys("Escape")
        screen.gone("Help")
        screen.keys("q")
        if "Leave the demo?" in screen.until(r"Leave the demo\?|ended with"):
            screen.keys("y")
        screen.until(rf"{PROMPT.strip()}\s*$")
        screen.type("echo left with $?")
        screen.keys("Enter")
        screen.until(r"\nleft with 0\n")


def test_a_storm_of_sizes_leaves_a_whole_screen(program: Program) -> None:
    with demo(program) as screen:
        chance = random.Random(5)
        for _ in range(60):
            screen.resize(chance.randint(12, 240), chance.randint(4, 70))
        screen.resize(80, 24)
        shown = screen.until(*UP, "1 hosts 9  2 queue")
        assert all(len(line) <= 80 for line in shown.splitlines())
        screen.resize(160, 45)
        screen.until(*UP, "5 output")
        leave(screen)


def test_a_megabyte_is_pasted_into_the_prompt_and_taken_back(
    program: Program, tmp_path: Path
) -> None:
    text = tmp_path / "pasted"
    text.write_text(
        "".join(f"line {n} of what was pasted, [red]as it is[/]\n" for n in range(24_000))
    )
    assert text.stat().st_size > 1_000_000
    with demo(program) as screen:
        screen.keys("d")
        screen.until("Dispatch", "Send  f5")
        screen.paste(text)
        screen.until("line 23999 of what was pasted")
        screen.keys("Escape")
        screen.gone("Send  f5")
        leave(screen)


def test_a_paste_where_nothing_is_typed_does_nothing(program: Program, tmp_path: Path) -> None:
    text = tmp_path / "pasted"
    text.write_text("xqdy" * 1_000)
    with demo(program) as screen:
        screen.paste(text)
        screen.keys("?")
        shown = screen.until("Help")
        assert not re.search("Dispatch|Leave", shown)
        screen.keys("Escape")
        screen.gone("Help")
        leave(screen)
