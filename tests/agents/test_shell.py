from __future__ import annotations

import pytest

from fleet_tui.agents.registry import adapter
from fleet_tui.transport.base import ExitStatus


@pytest.mark.parametrize(
    ("status", "outcome", "reason"),
    [
        (ExitStatus(code=0), "ok", ""),
        (ExitStatus(code=1), "error", "exit 1"),
        (ExitStatus(code=200), "error", "exit 200"),
        (ExitStatus(code=127), "error", "a command was not found (exit 127)"),
        (ExitStatus(code=126), "error", "a file could not be executed (exit 126)"),
        (ExitStatus(code=143), "killed", "stopped by SIGTERM"),
        (ExitStatus(signal="INT"), "killed", "stopped by SIGINT"),
        (ExitStatus(reason="the network broke"), "network", "the network broke"),
    ],
)
def test_the_exit_status_is_the_verdict(status: ExitStatus, outcome: str, reason: str) -> None:
    verdict = adapter("shell").parser().finish(status)
    assert (verdict.outcome, verdict.reason) == (outcome, reason)
    assert verdict.succeeded == (outcome == "ok")
    assert verdict.was_interrupted == (reason == "stopped by SIGINT")
    assert verdict.cost_usd == 0


def test_output_is_not_interpreted() -> None:
    parser = adapter("shell").parser()
    seen = [parser.activity]
    assert parser.feed(b'{"type":"result"}') == parser.feed_error(b"x") == []
    seen.append(parser.activity)
    parser.finish(ExitStatus(code=0))
    assert [*seen, parser.activity] == ["starting", "working", "done"]
