"""`fleet-tui daemon` and `schedule`, from the outside, with a `claude` that waits to be let go."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest
import tomli_w

from tests.queue.site import ANSWER
from tests.support.program import Program, Running

if TYPE_CHECKING:
    from pathlib import Path

HERE = {"name": "here", "connection": "local", "roles": ["primary"]}
DAEMONS = """
[[daemon]]
name = "scout"
target = "here"
prompt = "Look at the disk."
agent = "claude"
every = "6h"

[[daemon]]
name = "mender"
target = "here"
prompt = "Mend what is broken."
mode = "write"
every = "1d"

[[schedule]]
name = "report"
target = "here"
prompt = "What is new?"
at = "07:30"
days = ["mon", "fri"]
"""
CLAUDE = """#!/bin/sh
cat > /dev/null
for i in $(seq 1200); do [ -e '{folder}/go' ] && break; sleep 0.05; done
[ -e '{folder}/broken' ] && exit 9
case "$*" in *acceptEdits*) mode=acceptEdits;; *) mode=dontAsk;; esac
sed "s/dontAsk/$mode/" '{folder}/answer'
"""


@pytest.fixture
def bin_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "answer").write_bytes(ANSWER)
    (folder / "go").touch()
    claude = folder / "claude"
    claude.write_text(CLAUDE.format(folder=folder))
    claude.chmod(0o755)
    return folder


@pytest.fixture
def program(tmp_path: Path, bin_folder: Path) -> Program:
    """The program with three that run by themselves."""
    program = Program(tmp_path, {"PATH": f"{bin_folder}:{os.environ['PATH']}"})
    program.configure([HERE], more=DAEMONS)
    return program


def until(running: Running, begin: str) -> str:
    """Return the next line that begins so, passing over others."""
    while not (line := running.line()).startswith(begin):
        pass
    return line


def stopped(running: Running) -> None:
    running.signal(signal.SIGTERM)
    done = running.end()
    assert done.code == 0, done.err
    assert done.lines[-1] == "has ended"


def test_what_is_listed_before_anything_ran(program: Program) -> None:
    shown = program.run("daemon", "list")
    assert shown.code == 0, shown.err
    head, scout, mender = shown.lines
    assert head.split()[:5] == ["NAME", "STATE", "FOR", "WHEN", "NEXT"]
    assert scout.split()[:2] == ["scout", "idle"]
    assert "never" in scout
    assert scout.endswith("nobody")
    assert mender.split()[:2] == ["mender", "unconfirmed"]
    (report,) = program.run("schedule", "list", "--json").objects
    assert (report["event"], report["name"], report["rhythm"]) == (
        "schedule",
        "report",
        "07:30 mon fri",
    )
    assert len(report["coming"]) == 5
    assert report["coming"][0] == report["next"]
    assert all(at[11:16] == "07:30" for at in report["coming"])
    assert "report: 20" in program.run("schedule", "list").out


def test_it_runs_without_a_screen_and_refuses_a_second_one(program: Program) -> None:
    with program.running("daemon", "run") as one:
        assert one.line() == "runs scout, mender, report"
        assert until(one, "scout: started (d-")
        assert until(one, "scout: ok: all is fine")
        second = program.run("daemon", "run", "scout")
        assert second.code == 3
        assert "scout is run by fleet-tui daemon run (process" in second.err
        (scout, _) = program.run("daemon", "list", "--json").objects
        assert scout["holder"].startswith("fleet-tui daemon run (process")
        assert (scout["state"], scout["last"]["outcome"]) == ("waiting", "ok")
        assert scout["last"]["runs"][0].startswith("r-")
        beats = program.run("heartbeats", "--json").objects
        assert {(beat["kind"], beat["name"]) for beat in beats} >= {("daemon", "scout")}
        stopped(one)
    assert "daemon mender may write" in "".join(one.end().err)
    with program.running("daemon", "run", "scout") as again:
        assert again.line() == "runs scout"
        stopped(again)
    (line,) = program.run("log", "--json", "dispatch").objects
    assert (line["origin"], line["mode"]) == ("daemon", "read")


def test_where_another_machine_leads_it_says_so_and_stands_by_until_that_changes(
    program: Program,
) -> None:
    boss = {"name": "boss", "address": "127.0.0.1", "roles": ["primary"]}
    program.configure([{**HERE, "roles": ["secondary"]}, boss], more=DAEMONS)
    with program.running("daemon", "run", "scout") as one:
        waits = "stands by and starts nothing: boss leads the fleet with epoch"
        assert one.line() == f"{waits} 1"
        leads(program, "here", 2)
        assert one.line() == "runs scout", "nothing is started before that is said"
        assert until(one, "scout: started")
        assert until(one, "scout: ok")
        leads(program, "boss", 3)
        assert one.line() == f"{waits} 3"
        stopped(one)
    assert len(program.run("log", "--json", "dispatch").objects) == 1


def leads(program: Program, host: str, epoch: int) -> None:
    """Let this machine learn that a host leads, as the mirror's remote would tell it."""
    record = {"primary": host, "epoch": epoch, "since": "2026-11-20T10:00:00+00:00", "by": "me"}
    known = {"highest": epoch, "office": epoch, "record": record}
    aside = program.state / "aside.toml"
    aside.write_text(tomli_w.dumps(known))
    aside.replace(program.state / "roles.toml")


def test_a_stop_waits_for_what_runs(program: Program, bin_folder: Path) -> None:
    (bin_folder / "go").unlink()
    with program.running("daemon", "run", "scout") as one:
        until(one, "scout: started")
        one.signal(signal.SIGTERM)
        (bin_folder / "go").touch()
        assert until(one, "scout: ok")
        assert one.end().code == 0


def test_killed_while_it_runs_and_started_again_nothing_is_doubled(
    program: Program, bin_folder: Path
) -> None:
    (bin_folder / "go").unlink()
    with program.running("daemon", "run", "scout") as one:
        until(one, "scout: started")
        one.signal(signal.SIGKILL)
        one.end()
    with program.running("daemon", "run", "scout") as again:
        assert again.line() == "runs scout"
        (bin_folder / "go").touch()
        until(again, "scout: ")
        stopped(again)
    assert len(program.run("log", "--json", "dispatch").objects) == 1
    assert len(program.run("log", "--json", "result").objects) == 1
    assert program.run("log", "--verify").code == 0


def test_once(program: Program, bin_folder: Path) -> None:
    done = program.run("daemon", "run", "report", "--once")
    assert done.code == 0, done.err
    assert done.lines[-1].startswith("report: ok: all is fine")
    (bin_folder / "broken").touch()
    failed = program.run("daemon", "run", "report", "--once")
    assert failed.code == 1
    assert "report: failed: here: " in failed.out
    assert "schedule report failed" in failed.err, "it comes around too rarely to wait"
    refused = program.run("daemon", "run", "mender", "--once")
    assert refused.code == 3
    assert "fleet-tui daemon confirm mender" in refused.err
    (bin_folder / "broken").unlink()
    assert program.run("daemon", "confirm", "mender").code == 0
    assert program.run("daemon", "run", "mender", "--once").code == 0
    origins = [line["origin"] for line in program.run("log", "--json", "dispatch").objects]
    assert origins == ["schedule", "schedule", "daemon"]


def test_once_is_carried_out_by_the_program_that_runs_it(program: Program) -> None:
    with program.running("daemon", "run", "scout") as one:
        until(one, "scout: ok")
        done = program.run("daemon", "run", "scout", "--once")
        assert done.code == 0, done.err
        assert until(one, "scout: started")
        assert until(one, "scout: ok")
        stopped(one)


def test_a_pause_is_kept(program: Program) -> None:
    assert program.run("daemon", "pause", "scout").out == "scout is paused\n"
    with program.running("daemon", "run", "scout", "report") as one:
        one.line()
        assert program.run("daemon", "resume", "scout").out == "scout goes on\n"
        stopped(one)
    assert program.run("log", "--json", "dispatch").objects == []
    orders = program.run("log", "--json", "daemon").objects
    assert [(line["order"], line["name"]) for line in orders] == [
        ("pause", "scout"),
        ("resume", "scout"),
    ]


def test_what_cannot_be_is_one_line(program: Program) -> None:
    for arguments, code, told in (
        (("daemon", "run", "scuot"), 2, "did you mean scout?"),
        (("daemon", "pause", "nobody"), 2, "see `fleet-tui daemon list`"),
        (("daemon", "confirm", "scout"), 2, "only reads"),
        (("daemon", "run", "--drain", "long"), 2, "is no duration"),
        (("--read-only", "daemon", "run"), 3, "read-only"),
        (("--read-only", "daemon", "run", "--once"), 3, "read-only"),
        (("--read-only", "daemon", "pause", "scout"), 3, "read-only"),
    ):
        done = program.run(*arguments)
        assert (done.code, done.err.count("\n")) == (code, 1), done.err
        assert told in done.err
    program.configure([HERE])
    assert "no daemons" in program.run("daemon", "list").out
    assert "add a [[daemon]]" in program.run("daemon", "run").err
