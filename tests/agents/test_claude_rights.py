from __future__ import annotations

from typing import Any

import pytest

from fleet_tui.agents.claude_parser import ClaudeParser
from fleet_tui.agents.claude_rights import check_model, expectation
from fleet_tui.transport.base import ExitStatus
from tests.agents.streams import encode, request, result, started


def test_a_read_run_with_only_its_tools_is_as_asked() -> None:
    parser, events = started("read", tools=["Glob", "Grep", "Read"])
    assert [event.kind for event in events] == ["init"]
    parser.feed(result())
    assert parser.finish(ExitStatus(code=0)).outcome == "ok"


@pytest.mark.parametrize(
    ("mode", "init", "word"),
    [
        ("read", {"permissionMode": "bypassPermissions"}, "bypassPermissions"),
        ("read", {"tools": ["Read", "Bash"]}, "Bash"),
        ("read", {"tools": None}, "does not say"),
        ("read", {"permissionMode": 7}, "none"),
        ("write", {"permissionMode": "bypassPermissions"}, "acceptEdits"),
        ("write", {"permissionMode": "acceptEdits", "tools": ["Bash", "CronCreate"]}, "CronCreate"),
        ("read", {"mcp_servers": [{"name": "evil", "status": "connected"}]}, "evil"),
        ("read", {"mcp_servers": ["evil"]}, "unnamed"),
        ("read", {"mcp_servers": None}, "MCP servers"),
        ("read", {"claude_code_version": None}, "which version"),
        ("read", {"claude_code_version": "1.0.128"}, "too old"),
    ],
)
def test_more_rights_than_asked_stop_the_run(mode: Any, init: dict[str, Any], word: str) -> None:
    parser, events = started(mode, **init)
    assert events[-1].kind == "error"
    assert events[-1].must_stop
    assert word in events[-1].text
    parser.feed(result())
    verdict = parser.finish(ExitStatus(code=0))
    assert not verdict.succeeded
    assert verdict.outcome == "error"
    assert word in verdict.reason


def test_rights_that_the_host_withholds_are_a_refusal() -> None:
    parser, events = started("unrestricted", permissionMode="default")
    assert events[-1].must_stop
    parser.feed(result())
    verdict = parser.finish(ExitStatus(code=0))
    assert verdict.outcome == "refused"
    assert "settings.json" in verdict.mend


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("opus", "claude-opus-5-5"),
        ("Sonnet[1m]", "claude-sonnet-5-5[1m]"),
        ("claude-sonnet-4-5", "claude-sonnet-4-5-20250929"),
        ("us.anthropic.claude-opus", "us.anthropic.claude-opus"),
        ("default", "claude-opus-5-5"),
        (None, ""),
    ],
)
def test_the_model_that_was_asked_for_is_known_by_its_alias(asked: str | None, found: str) -> None:
    assert check_model(expectation(request(model=asked)), found) is None


@pytest.mark.parametrize(
    ("asked", "found"),
    [("opus", "claude-sonnet-5-5"), ("claude-opus-5", "claude-opus-55"), ("haiku", "")],
)
def test_another_model_than_the_one_asked_for_is_a_mismatch(asked: str, found: str) -> None:
    mismatch = check_model(expectation(request(model=asked)), found)
    assert mismatch
    assert asked in mismatch.sentence


def test_a_model_that_changes_is_stopped_in_every_mode() -> None:
    parser = ClaudeParser(request("read", model="haiku"))
    line = {"type": "system", "subtype": "init", "permissionMode": "dontAsk", "tools": ["Read"]}
    version = {"claude_code_version": "2.1.329", "mcp_servers": [], "model": "claude-opus-5-5"}
    assert parser.feed(encode(line | version))[-1].must_stop


def test_a_mode_that_changes_on_the_way_is_stopped() -> None:
    parser, _ = started("read")
    changed = {"type": "system", "subtype": "status", "status": None, "permissionMode": "plan"}
    assert parser.feed(encode(changed | {"permissionMode": "dontAsk"})) == []
    (event,) = parser.feed(encode(changed))
    assert event.must_stop
    assert parser.feed(encode(changed)) == []
