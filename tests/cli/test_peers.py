from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.support.program import CHECKOUT, PATIENCE, Program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LONG = ("--wait", "50")
SESSION = "5e551011-0000-4000-8000-000000000001"


@pytest.fixture
def program(tmp_path: Path) -> Program:
    made = Program(tmp_path)
    made.configure([{"name": "here", "connection": "local"}])
    return made


@pytest.fixture
def session(program: Program) -> Iterator[str]:
    """A stand-in for a session: it takes messages in and keeps a transcript."""
    command = [sys.executable, "-m", "tests.faults.receiver", str(program.home), SESSION, "1"]
    with subprocess.Popen(command, cwd=CHECKOUT) as process:
        registry = program.home / ".claude/sessions" / f"{process.pid}.json"
        deadline = time.monotonic() + PATIENCE
        while not registry.exists():
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.02)
        yield "work-5e55@here"
        process.kill()


def test_sessions_are_listed_with_source_and_age(program: Program, session: str) -> None:
    done = program.run("peers", "list", "--json")
    (peer,) = done.events("peer")
    assert (peer["peer"], peer["source"], peer["session"]) == (session, "registry", SESSION)
    assert session in program.run("peers", "list").out
    assert program.run("peers", "list", "--known", "--scope", "machine=mars", "--json").out == ""


def test_a_message_says_how_far_it_got_and_by_what_proof(program: Program, session: str) -> None:
    done = program.run("peers", "send", "work-5e55", *LONG, "--json", "--", "hello", "there")
    (message,) = done.events("message")
    assert (done.code, message["state"], message["route"]) == (0, "seen", "socket")
    assert message["proof"].startswith("transcript line at byte")
    assert "id=" + message["id"] in program.run("log").out
    cast = program.run("peers", "broadcast", *LONG, "--", "all of you")
    assert cast.lines[-1] == "1 targets: 1 seen, 0 unconfirmed, 0 gone"
    found = program.run("peers", "inbox", "--search", "all of", "--json")
    assert [m["text"] for m in found.events("message")] == ["all of you"]


def test_what_cannot_be_sent_is_refused_with_its_mend(program: Program) -> None:
    done = program.run("peers", "send", "nobody", "--", "hello")
    assert done.code == 2
    assert "no peer is called 'nobody'" in done.err
    assert program.run("peers", "send", "x").code == 2
    assert program.run("peers", "broadcast", "--scope", "moon", "--", "x").code == 2
    assert program.run("peers", "serve").code == 2
    assert program.run("peers", "inbox").lines == ["no messages"]


def test_paths_are_reserved_and_released(program: Program) -> None:
    done = program.run("peers", "reserve", "here:/srv/a", "--for", "1h", "--json")
    (made,) = done.events("reservation")
    assert (made["holder"], made["path"]) == ("operator", "here:/srv/a")
    assert program.run("peers", "reserve", "--release", made["id"]).code == 0
    assert program.run("peers", "reserve").lines == ["nothing is reserved"]
