from __future__ import annotations

from typing import Any

import pytest

from fleet_tui.agents.codex_parser import CodexParser
from fleet_tui.agents.codex_verdict import classify
from fleet_tui.model.agent import AgentEvent
from fleet_tui.transport.base import ExitStatus
from tests.agents.cases import CODEX_CASES, Case
from tests.agents.streams import encode, feed_all, lines_of

STARTED = encode({"type": "turn.started"})


def item(kind: str, *, is_done: bool = True, **fields: Any) -> bytes:
    name = "item.completed" if is_done else "item.started"
    return encode({"type": name, "item": {"id": "item_1", "type": kind, **fields}})


@pytest.mark.parametrize("case", CODEX_CASES, ids=str)
def test_recorded_runs_are_judged_right(case: Case) -> None:
    parser = CodexParser()
    feed_all(parser, lines_of(f"codex-{case.name}"))
    verdict = parser.finish(ExitStatus(code=0 if case.outcome == "ok" else 1))
    assert verdict.outcome == case.outcome
    assert verdict.succeeded == (case.outcome == "ok")
    assert verdict.session
    assert verdict.was_interrupted == case.stops
    assert verdict.cost_usd == (None if case.outcome in ("ok", "killed") else 0.0)


def test_a_command_is_shown_without_its_shell_and_with_its_output() -> None:
    events = feed_all(CodexParser(), lines_of("codex-write-tool"))
    assert [event.kind for event in events if event.kind != "warning"] == [
        "init",
        "tool",
        "text",
        "result",
    ]
    assert events[2].text == "shell: echo hi > made.txt"


def test_a_command_that_failed_is_an_error() -> None:
    done = item("command_execution", command="false", exit_code=1, status="failed")
    call, outcome = CodexParser().feed(done)
    assert (call.text, outcome.text, outcome.is_error) == ("shell: false", "exit 1", True)


def test_a_call_that_was_announced_is_not_told_again() -> None:
    parser = CodexParser()
    assert len(parser.feed(item("command_execution", is_done=False, command="ls"))) == 1
    assert parser.doing == "shell: ls"
    events = parser.feed(item("command_execution", command="ls", aggregated_output="a\n"))
    assert events == [AgentEvent("tool-result", "a", tool="shell", tool_use="item_1")]


@pytest.mark.parametrize(
    ("kind", "fields", "text"),
    [
        ("file_change", {"changes": [{"kind": "add", "path": "a.py"}]}, "file change: add a.py"),
        ("mcp_tool_call", {"server": "fleet", "tool": "echo"}, "fleet/echo"),
        ("web_search", {"query": "ssh"}, "web search: ssh"),
    ],
)
def test_other_calls_are_one_line(kind: str, fields: dict[str, Any], text: str) -> None:
    assert [event.text for event in CodexParser().feed(item(kind, **fields))] == [text]


def test_a_plan_is_shown_as_a_list() -> None:
    steps = [{"text": "look", "completed": True}, {"text": "leap", "completed": False}]
    (event,) = CodexParser().feed(item("todo_list", items=steps))
    assert (event.kind, event.text) == ("thinking", "[x] look\n[ ] leap")


def test_an_item_nobody_knows_is_kept_raw() -> None:
    (event,) = CodexParser().feed(item("of_the_future"))
    assert event.kind == "raw"
    assert event.text.startswith("item/of_the_future ")


def test_waiting_for_the_network_is_blocked_and_ends_as_network() -> None:
    parser = CodexParser()
    line = encode({"type": "error", "message": "Reconnecting... waiting for network"})
    (event,) = feed_all(parser, [STARTED, line])
    assert event.kind == "retry"
    assert parser.activity == "blocked-network"
    assert parser.finish(ExitStatus(code=1)).outcome == "network"


@pytest.mark.parametrize(
    ("words", "outcome"),
    [
        ("unexpected status 401 Unauthorized: no", "auth"),
        ("Missing environment variable: `X`.", "auth"),
        ("exceeded retry limit, last status: 429 Too Many Requests", "rate-limited"),
        ("You\u2019ve hit your usage limit. Try again later.", "rate-limited"),
        ("We\u2019re currently experiencing high demand", "overloaded"),
        ("stream disconnected before completion: x", "network"),
        ("something else", "error"),
    ],
)
def test_failures_are_known_by_their_words(words: str, outcome: str) -> None:
    assert classify(words)[0] == outcome


@pytest.mark.parametrize(
    ("status", "error", "outcome"),
    [
        (ExitStatus(code=127), b"codex: command not found", "agent-missing"),
        (ExitStatus(code=2), b"error: unexpected argument '--x' found", "usage"),
        (ExitStatus(code=1), b"Not logged in", "auth"),
        (ExitStatus(signal="TERM"), b"", "killed"),
        (ExitStatus(reason="gone"), b"", "network"),
        (ExitStatus(code=0), b"", "error"),
    ],
)
def test_a_run_that_did_not_begin_costs_nothing(
    status: ExitStatus, error: bytes, outcome: str
) -> None:
    parser = CodexParser()
    parser.feed_error(error)
    verdict = parser.finish(status)
    assert verdict.outcome == outcome
    assert not verdict.succeeded
    assert verdict.cost_usd == 0
