from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fleet_tui.agents.claude_parser import ClaudeParser
from fleet_tui.transport.base import ExitStatus
from tests.agents.cases import CLAUDE_CASES, Case
from tests.agents.streams import DATA, encode, feed_all, lines_of, request, result, said, started

if TYPE_CHECKING:
    from fleet_tui.model.agent import Verdict

RECORDED = [case for case in CLAUDE_CASES if (DATA / f"claude-{case.name}.jsonl").exists()]


def judged(status: ExitStatus, *errors: bytes) -> Verdict:
    """Return the verdict on a run that gave no event at all."""
    parser = ClaudeParser(request())
    for line in errors:
        parser.feed_error(line)
    return parser.finish(status)


@pytest.mark.parametrize("case", RECORDED, ids=str)
def test_recorded_runs_are_judged_right_whatever_their_exit_status(case: Case) -> None:
    for code in (0, 1):
        parser = ClaudeParser(request(case.mode))
        feed_all(parser, lines_of(f"claude-{case.name}"))
        verdict = parser.finish(ExitStatus(code=code))
        assert verdict.outcome == case.outcome
        assert verdict.succeeded == (case.outcome in ("ok", "denied"))
        assert bool(verdict.reason) == (case.outcome != "ok")
        assert verdict.was_interrupted == case.stops


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        ({"subtype": "error_max_turns", "is_error": True, "errors": ["30 turns"]}, "max-turns"),
        ({"subtype": "error_max_budget_usd", "is_error": True}, "budget"),
        ({"is_error": True, "api_error_status": 529}, "overloaded"),
        ({"is_error": True, "api_error_status": 503}, "overloaded"),
        ({"is_error": True, "api_error_status": 403}, "auth"),
        ({"is_error": True, "api_error": "usage_limit_reached"}, "rate-limited"),
        ({"is_error": True, "api_error": "connection_failed"}, "network"),
        ({"is_error": True, "result": "Not logged in · Please run /login"}, "auth"),
        ({"is_error": True, "api_error_status": 418}, "error"),
        ({"subtype": "error_during_execution", "terminal_reason": "aborted_tools"}, "killed"),
        ({"subtype": "error_of_the_future"}, "error"),
        ({"is_error": "no"}, "error"),
        ({"startup_failure_reason": "bypass_root", "is_error": True}, "usage"),
        ({"startup_failure_reason": "gateway_signin_required", "is_error": True}, "auth"),
    ],
)
def test_results_are_classified(fields: dict[str, Any], outcome: str) -> None:
    parser, _ = started()
    parser.feed(result(**fields))
    verdict = parser.finish(ExitStatus(code=0))
    assert verdict.outcome == outcome
    assert not verdict.succeeded
    assert verdict.answer == ""


def test_no_advice_names_a_command_that_does_not_exist() -> None:
    parser, _ = started()
    parser.feed(result(is_error=True, result="Not logged in · Please run /login"))
    verdict = parser.finish(ExitStatus(code=1))
    assert verdict.reason == "Not logged in"
    assert "`claude auth login`" in verdict.mend


@pytest.mark.parametrize("status", [ExitStatus(code=127), ExitStatus(code=126)])
def test_a_binary_that_is_not_there_costs_nothing(status: ExitStatus) -> None:
    verdict = judged(status, b"bash: line 1: claude: command not found")
    assert verdict.outcome == "agent-missing"
    assert "agent_paths" in verdict.mend
    assert verdict.cost_usd == 0


@pytest.mark.parametrize(
    ("status", "signal"),
    [
        (ExitStatus(code=143), "TERM"),
        (ExitStatus(code=137), "KILL"),
        (ExitStatus(code=129), "HUP"),
        (ExitStatus(code=130), "INT"),
        (ExitStatus(signal="TERM"), "TERM"),
        (ExitStatus(code=-9), "KILL"),
    ],
)
def test_a_signal_is_named(status: ExitStatus, signal: str) -> None:
    parser, _ = started()
    verdict = parser.finish(status)
    assert verdict.outcome == "killed"
    assert verdict.reason == f"stopped by SIG{signal}"
    assert verdict.was_interrupted == (signal == "INT")
    assert verdict.cost_usd is None


def test_a_refusal_to_start_is_bad_usage_in_its_own_words() -> None:
    verdict = judged(ExitStatus(code=1), b"warming up", b"Error: Session ID x is already in use.")
    assert verdict.outcome == "usage"
    assert verdict.reason == "Error: Session ID x is already in use."
    assert verdict.cost_usd == 0


def test_root_is_refused_also_by_versions_that_tell_it_on_standard_error() -> None:
    words = b"--dangerously-skip-permissions cannot be used with root/sudo privileges"
    assert "allow_root" in judged(ExitStatus(code=1), words).mend


def test_a_lost_run_is_neither_won_nor_failed_and_keeps_what_is_known() -> None:
    parser, _ = started()
    parser.feed(said("half"))
    verdict = parser.finish(ExitStatus(reason="the connection broke"))
    assert not verdict.succeeded
    assert verdict.outcome == "network"
    assert verdict.reason == "the connection broke"
    assert verdict.session
    assert verdict.cost_usd is None
    assert parser.activity == "unknown"


def test_status_0_without_a_result_is_no_success() -> None:
    parser, _ = started()
    assert parser.finish(ExitStatus(code=0)).outcome == "error"
    assert judged(ExitStatus(code=0)).outcome == "error"


def test_denials_of_all_turns_count() -> None:
    parser, _ = started()
    denial = {"tool_name": "Bash", "tool_use_id": "t1", "tool_input": {}}
    other = {"type": "system", "subtype": "permission_denied", "tool_name": "Write"}
    lines = [result(permission_denials=[denial, denial]), encode(other), result()]
    feed_all(parser, lines)
    verdict = parser.finish(ExitStatus(code=0))
    assert (verdict.outcome, verdict.reason) == ("denied", "2 calls denied: Bash, Write")
    assert verdict.succeeded


def test_the_answer_is_sanitized() -> None:
    parser, _ = started()
    parser.feed(result(result="a\x1b[2Jb\u202e"))
    assert parser.finish(ExitStatus(code=0)).answer == "ab\ufffd"


def test_an_interrupt_that_leaves_no_result_is_told_by_the_answer_that_was_cut_off() -> None:
    parser, _ = started()
    parser.feed(said("half", aborted=True))
    assert parser.activity == "stopped"
    verdict = parser.finish(ExitStatus(code=0))
    assert (verdict.outcome, verdict.was_interrupted) == ("killed", True)
    parser, _ = started()
    feed_all(parser, [said("half", aborted=True), result(), said("and on")])
    verdict = parser.finish(ExitStatus(code=0))
    assert (verdict.outcome, verdict.was_interrupted) == ("error", False)
