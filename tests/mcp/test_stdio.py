"""Servers that are started, by real processes of this machine."""

from __future__ import annotations

import asyncio
import os

import pytest

from fleet_tui.mcp import stdio_wire
from tests.mcp.asked import LONG, PEER, asked, time_is_up
from tests.tui.fixed_clock import FixedClock


@pytest.mark.parametrize("kind", ["plain", "noisy", "modern"])
async def test_one_that_answers_is_up_and_says_what_it_has(kind: str) -> None:
    view = await asked(command=f"{PEER} {kind}", clock=FixedClock())
    assert (view.state, view.why, view.server, view.version) == ("up", "", "peer", "2.1")
    assert view.protocol == ("2026-07-28" if kind == "modern" else "2025-11-25")
    assert [(tool.name, tool.about) for tool in view.tools] == [
        ("add", "Add numbers."),
        ("count", ""),
    ]
    assert view.latency_seconds is not None
    assert view.proven_at == view.asked_at == FixedClock().time()


async def test_tools_that_come_in_pages_are_all_there() -> None:
    view = await asked(command=f"{PEER} pages")
    assert [tool.name for tool in view.tools] == ["tool0", "tool1", "tool2"]


async def test_what_a_server_says_cannot_move_the_cursor() -> None:
    view = await asked(command=f"{PEER} hostile")
    assert view.state == "up"
    said = view.server + view.tools[0].name + view.tools[0].about
    assert "evil" in said
    assert not {"\x1b", "\x07", "\u202e"} & set(said)
    assert len(view.tools[0].name) <= 64


async def test_one_that_is_not_there_names_the_mend() -> None:
    view = await asked(command="no-such-mcp-server --here")
    assert view.state == "failing"
    assert view.why.startswith("it ended with status 127 before it answered initialize: ")
    assert "not found" in view.why
    assert view.mend == "install it on this machine, or name it with its whole path"
    assert view.asked_at is not None
    assert view.proven_at is None


async def test_its_last_words_are_told_without_what_they_could_do() -> None:
    view = await asked(command="printf 'first\\nno \\033[2Jkey\\n' >&2; exit 3")
    assert view.why == "it ended with status 3 before it answered initialize: no key"


async def test_one_that_says_nothing_is_given_up_and_ended(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    is_up = time_is_up(monkeypatch)
    folder = tmp_path_factory.mktemp("ended")
    begun, mark = folder / "begun", folder / "ended"
    os.mkfifo(begun)
    command = f"trap 'touch {mark}; exit' TERM; sleep 600 & echo >{begun}; wait"
    asking = asyncio.create_task(asked(command=command, timeout=LONG))
    await asyncio.to_thread(begun.read_bytes)
    is_up()
    view = await asking
    assert (view.state, view.why) == ("failing", "it did not answer within 600 s")
    assert "raise its `timeout`" in view.mend
    assert mark.exists()


@pytest.mark.parametrize(
    ("limit", "value", "command", "why"),
    [
        ("LINE_LIMIT", 1 << 20, f"{PEER} loud", "a line of more than 1 MiB"),
        ("MOST_LINES", 1000, "yes", "more than 1,000 lines"),
        ("TOTAL_LIMIT", 1 << 20, f"yes {'x' * 8000}", "more than 1 MiB"),
    ],
)
async def test_one_that_says_too_much_is_stopped(
    limit: str, value: int, command: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stdio_wire, limit, value)
    view = await asked(command=command)
    assert view.state == "failing"
    assert view.why == f"it wrote {why}"


async def test_an_echo_is_no_server() -> None:
    view = await asked(command="cat")
    assert view.state == "failing"
