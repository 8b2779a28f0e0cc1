from __future__ import annotations

from typing import Any

import pytest

from fleet_tui.transport.base import ExitStatus
from tests.agents.streams import result, started


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
