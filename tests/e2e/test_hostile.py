"""Hostile output and names through the whole program: text, JSON, the log, a real terminal."""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.program import CONTROL
from tests.support.terminal_bytes import BIDI, foreign
from tests.support.tmux import Terminal

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.program import Program

NASTY = (
    b"[/foo] [bold red]markup[/] [@click=app.quit]x[/]\n"
    b"\x1b]0;PWNED\x07title \x1b]52;c;UFdORUQ=\x07clip \x1b[73535J\x1b[73535;1H\x1b[73535mred\n"
    b"\x1bP+q544e\x1b\\dcs \x1b[73535n\x1b[73535c query \x1bc reset\n"
    b"\xc2\x9b31m c1 \x9b32m \xc2\x9d0;PWNED\xc2\x9c osc\n"
    b"\xe2\x80\xaeevil\xe2\x81\xa6 bidi\xe2\x80\x8b\n"
    b"bad utf-8 \xff\xfe\xc3( \xed\xa0\x80\n"
    b"pro\rgress\x08\x08 bell\x07 nul\x00 del\x7f\n"
    b"forged\n2026-05-18T14:22:01-05:00  result  run=r-1 status=succeeded\n"
    b"unfinished \x1b[3"
)
MARK = b"73535"
"""A parameter that none of our own escape sequences has."""
LONG = 100 << 20


@pytest.fixture
def nasty(tmp_path: Path) -> Path:
    path = tmp_path / "nasty"
    path.write_bytes(NASTY)
    return path


def assert_harmless(data: bytes) -> None:
    assert CONTROL.search(data) is None
    assert BIDI.search(data.decode()) is None


def test_text_for_a_person_holds_no_control_character(fleet: Program, nasty: Path) -> None:
    command = f"cat {nasty}; cat {nasty} >&2; exit 3"
    done = fleet.run("run", "web01,nas", "--agent", "shell", "--", command)
    assert done.code == 1
    for data in (done.raw_out, done.raw_err):
        assert_harmless(data)
        assert b"[/foo] [bold red]markup[/]" in data
    assert all(re.match(r"(web01|nas): ", line) for line in done.lines)
    gathered = fleet.run("run", "web01,nas", "--agent", "shell", "--gather", "--", command)
    assert_harmless(gathered.raw_out)
    (run, *_) = fleet.run("runs", "--json").objects
    shown = fleet.run("runs", run["run"])
    assert_harmless(shown.raw_out)
    assert_harmless(shown.raw_err)
    assert_harmless(fleet.run("runs").raw_out)


def test_json_holds_it_escaped_and_loses_nothing(fleet: Program, nasty: Path) -> None:
    done = fleet.run("run", "web01", "--agent", "shell", "--json", "--", f"cat {nasty}")
    assert done.code == 0
    assert max(done.raw_out) < 0x7F
    assert min(set(done.raw_out) - {0x0A}) >= 0x20
    text = "".join(found["text"] for found in done.events("output"))
    assert text == NASTY.decode("utf-8", "replace")


def test_the_log_stays_one_clean_line_an_event(fleet: Program, nasty: Path) -> None:
    prompt = f"cat {nasty} # " + NASTY.replace(b"\0", b"").decode("utf-8", "replace")
    done = fleet.run("run", "web01", "--agent", "shell", "--", prompt)
    assert done.code in (0, 1)
    data = fleet.log.read_bytes()
    assert_harmless(data)
    assert b"\t" not in data
    assert data.count(b"\n") == 2
    assert fleet.run("log", "--verify").code == 0
    assert [line["event"] for line in fleet.run("log", "--json").objects] == ["dispatch", "result"]


def test_a_line_of_a_hundred_megabytes(fleet: Program) -> None:
    command = f"head -c {LONG} /dev/zero | tr '\\0' x; echo; echo after"
    with fleet.spawned("run", "web01", "--agent", "shell", "--", command) as process:
        assert process.stdout is not None
        count, last = 0, b""
        while data := process.stdout.read(1 << 20):
            count += data.count(b"x")
            last = (last + data)[-20:]
        assert process.wait(60) == 0
    assert count == LONG
    assert last.endswith(b"after\n")
    (run,) = fleet.run("runs", "--json").objects
    spool = fleet.state / "runs" / run["run"] / "out"
    assert spool.stat().st_size == LONG + len("\nafter\n")
    shown = fleet.run("runs", run["run"])
    assert shown.lines[-1] == "after"


@pytest.mark.parametrize("name", ["[/foo]", "a\x1b[2Jb", "a\u202eb", "a b", "-x", "a\nb"])
def test_a_name_that_could_do_harm_is_refused_in_clean_words(name: str, program: Program) -> None:
    program.config.write_text(f"[[host]]\nname = {json.dumps(name)}\n")
    done = program.run("check")
    assert done.code == 2
    assert_harmless(done.raw_err)
    assert f"{program.config}:2: " in done.err


def test_hostile_words_on_the_command_line_come_back_clean(fleet: Program) -> None:
    for arguments in (
        ["run", "a\x1b[2Jb", "--agent", "shell", "--", "x"],
        ["runs", "r-\x1b]0;x\x07"],
        ["\x1b[2J"],
        ["--config", "/no\x1b[2Jwhere", "check"],
    ):
        done = fleet.run(*arguments)
        assert done.code in (2, 3), arguments
        assert_harmless(done.raw_err)


def test_the_screen_lives_and_obeys_only_us(fleet: Program, nasty: Path, tmp_path: Path) -> None:
    long = f"head -c {20 << 20} /dev/zero | tr '\\0' y"
    command = f"cat {nasty}; {long}; cat {nasty} >&2; printf '\\nall said\\n'"
    with Terminal(tmp_path / "terminal", fleet.environment, 120, 40) as screen:
        before = screen.modes()
        screen.start()
        screen.until(r"3/3 up", "q quit")
        screen.keys(":")
        screen.type("dispatch all")
        screen.keys("Enter")
        screen.until("Dispatch", "3 hosts")
        screen.type(command)
        screen.keys("BTab", "BTab", "Right", "Right", "Right")
        screen.until(r"\[shell\]")
        screen.keys("F5")
        screen.until("3/3 done", "all said")
        screen.keys("5", "Home")
        screen.until(re.escape("[/foo] [bold red]markup[/]"), "web01|web02|nas")
        for key, shown in (("g", "1 answer|same|runs"), ("l", "dispatch"), ("o", "3 runs")):
            screen.keys(key)
            screen.until(shown, "esc back")
            screen.keys("Escape")
            screen.until("q quit", "5 output")
        screen.keys("q")
        assert screen.ended() == 0
        assert screen.modes() == before
        written = screen.written.read_bytes()
    assert b"[@click=app.quit]" in re.sub(rb"\x1b\[[0-9;]*m", b"", written)
    assert MARK not in written
    assert b"\x1b]0;" not in written
    assert b"\x1b]52;" not in written
    assert foreign(written) == []


def test_the_tests_see_the_bytes_that_are_written(tmp_path: Path) -> None:
    """The terminal of these tests would show an escape sequence if one got through."""
    env = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
    with Terminal(tmp_path / "terminal", env, 80, 24) as screen:
        screen.type(f'{sys.executable} -c \'print(chr(27) + "]0;PW" + "NED" + chr(7) + "end")\'')
        screen.keys("Enter")
        screen.until("\nend")
        assert b"\x1b]0;PWNED\x07" in screen.written.read_bytes()
