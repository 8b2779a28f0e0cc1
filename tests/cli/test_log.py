from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.program import Program


@pytest.fixture
def logged(fleet: Program) -> Program:
    """A fleet with two dispatches in its log: four lines."""
    for host in ("web01", "nas"):
        assert fleet.run("run", host, "--agent", "shell", "--", f"echo {host}").code == 0
    return fleet


def test_lines_are_shown_as_they_stand(logged: Program) -> None:
    done = logged.run("log")
    assert (done.code, done.out) == (0, logged.log.read_text())
    assert [line.split("  ")[1] for line in done.lines] == ["dispatch", "result"] * 2


def test_json_has_the_fields_by_name(logged: Program) -> None:
    found = logged.run("log", "--json").objects
    assert [line["event"] for line in found] == ["dispatch", "result"] * 2
    assert {"id", "run", "host", "agent", "mode", "origin", "by", "epoch", "msg"} <= found[0].keys()
    assert all(line["time"] and line["prev"] for line in found)


@pytest.mark.parametrize(
    ("words", "count"),
    [
        (["dispatch"], 2),
        (["host=nas"], 2),
        (["host=web*"], 2),
        (["result", "host=nas"], 1),
        (["status=failed"], 0),
        (["echo nas"], 1),
    ],
)
def test_filters(words: list[str], count: int, logged: Program) -> None:
    done = logged.run("log", *words)
    assert (done.code, len(done.lines)) == (0, count)


def test_following_shows_lines_as_they_are_added(logged: Program) -> None:
    with logged.running("log", "--follow", "--json", "result") as follower:
        while not follower.has_line():  # it may not have begun to look yet
            logged.run("run", "web02", "--agent", "shell", "--", "true")
        assert follower.event("result")["host"] == "web02"
        follower.signal(signal.SIGINT)
        assert follower.end().code == 130


def test_a_whole_chain_is_verified(logged: Program) -> None:
    done = logged.run("log", "--verify")
    assert done.code == 0
    assert "4 lines in 1 files: the chain holds" in done.out
    (told,) = logged.run("log", "--verify", "--json").objects
    assert (told["ok"], told["lines"]) == (True, 4)


def edited(lines: list[str]) -> list[str]:
    return [lines[0], lines[1].replace("succeeded", "failed"), *lines[2:]]


def removed(lines: list[str]) -> list[str]:
    return [lines[0], *lines[2:]]


def swapped(lines: list[str]) -> list[str]:
    return [lines[0], lines[2], lines[1], lines[3]]


def cut(lines: list[str]) -> list[str]:
    return lines[:-1]


def begun_anew(lines: list[str]) -> list[str]:
    return lines[2:]


def forged(lines: list[str]) -> list[str]:
    return [lines[0], lines[0], *lines[1:]]


@pytest.mark.parametrize(
    ("change", "place"),
    [(edited, 2), (removed, 2), (swapped, 2), (forged, 2), (begun_anew, 1), (cut, None)],
)
def test_a_hand_that_changed_it_is_named(
    change: Callable[[list[str]], list[str]], place: int | None, logged: Program
) -> None:
    lines = logged.log.read_text().splitlines(keepends=True)
    logged.log.write_text("".join(change(lines)))
    done = logged.run("log", "--verify")
    assert done.code == 1
    assert done.out == ""
    (told,) = logged.run("log", "--verify", "--json").objects
    assert told["ok"] is False
    assert told["reason"]
    assert str(logged.log) in done.err
    if place is not None:
        assert told["line"] in (place, place + 1)
        assert f"{logged.log}:{told['line']}: " in done.err


def test_a_torn_last_line_is_set_aside_and_the_log_goes_on(logged: Program) -> None:
    with logged.log.open("ab") as stream:
        stream.write(b"2026-05-18T14:22:01.000000+00:00  dispatch  id=d-1 run=r-1 ho")
    assert logged.run("run", "web02", "--agent", "shell", "--", "true").code == 0
    done = logged.run("log", "--verify")
    assert done.code == 0, done.err
    hosts = [line.get("host") for line in logged.run("log", "--json", "result").objects]
    assert hosts == ["web01", "nas", "web02"]


def test_no_log_yet_is_no_error(fleet: Program) -> None:
    assert fleet.run("log").code == 0
    assert fleet.run("log", "--verify").code == 0
