"""How a run of Claude Code ended. Neither the exit status nor the result's subtype is enough:
an API failure comes as subtype `success`, and a cancelled run exits with status 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.agents import exits
from fleet_tui.agents.jsonfields import integer, strings, text
from fleet_tui.agents.wording import MAX_RESULT_CHARACTERS, bounded, plural
from fleet_tui.model.agent import Verdict
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    from fleet_tui.agents.claude_record import ClaudeRecord
    from fleet_tui.agents.jsonfields import JsonObject
    from fleet_tui.model.run import Outcome
    from fleet_tui.transport.base import ExitStatus

LOGIN = "run `claude auth login` on that host, or give it ANTHROPIC_API_KEY in its env"
ROOT = "log in as another user; only for a throw-away machine: allow_root = true in fleet.toml"
MISSING = "install Claude Code there, or name its absolute path in the host's agent_paths"

_SCREEN_ADVICE = " · Please run /login"
"""What a person at its own screen would do; our mend says what to do from here."""

_AUTH_WORDS = frozenset(
    {
        "account_on_hold",
        "authentication_failed",
        "cloud_credential_error",
        "oauth_org_not_allowed",
        "verification_required",
    }
)
_AUTH_STARTUP = frozenset(
    {
        "gateway_access_denied",
        "gateway_signin_required",
        "org_pin_api_key_conflict",
        "org_pin_mismatch",
        "org_verify_failed",
        "provider_not_allowed",
    }
)
_OVERLOAD_TYPES = frozenset({"overloaded_error", "api_error"})


def judge(record: ClaudeRecord, status: ExitStatus) -> Verdict:
    """Return the verdict on a finished run."""
    if record.violation:
        outcome: Outcome = "refused" if record.is_harmless else "error"
        return _verdict(record, outcome, record.violation, record.violation_mend)
    if status.is_lost:
        return _verdict(record, "network", status.reason or "contact with the host was lost")
    if record.was_told_to_stop and not record.was_started:
        words = "interrupted before the prompt was sent"
        return _verdict(record, "killed", words, was_interrupted=True)
    if record.result is None or record.is_turn_open:
        return _without_result(record, status)
    return _with_result(record, record.result)


def _verdict(
    record: ClaudeRecord,
    outcome: Outcome,
    reason: str = "",
    mend: str = "",
    *,
    was_interrupted: bool = False,
) -> Verdict:
    succeeded = outcome in ("ok", "denied")
    answer = text(record.result, "result") if succeeded and record.result else ""
    return Verdict(
        succeeded=succeeded,
        outcome=outcome,
        reason=one_line(reason, 400),
        mend=mend,
        cost_usd=record.final_cost_usd,
        session=record.session,
        model=record.model,
        answer=bounded(answer, MAX_RESULT_CHARACTERS),
        was_interrupted=was_interrupted,
        priced_as_of=record.priced_as_of,
        resets_at=record.resets_at if outcome == "rate-limited" else None,
    )


def _without_result(record: ClaudeRecord, status: ExitStatus) -> Verdict:
    last = next((line for line in record.error_lines if "rror" in line), "")
    last = last or (record.error_lines[-1] if record.error_lines else "")
    if exits.is_missing_binary(status) and not record.was_started:
        return _verdict(record, "agent-missing", last or "claude was not found there", MISSING)
    if signal := exits.signal_of(status):
        interrupted = signal == "INT"
        return _verdict(record, "killed", f"stopped by SIG{signal}", was_interrupted=interrupted)
    if record.was_cut_off:
        return _verdict(record, "killed", "interrupted", was_interrupted=True)
    if "root/sudo" in last:
        return _verdict(record, "usage", last, ROOT)
    if record.was_started:
        return _verdict(record, "error", last or "it ended in the middle of a turn")
    if status.code:
        return _verdict(record, "usage", last or f"it did not start (exit {status.code})")
    return _verdict(record, "error", last or "it ended without a result")


def _with_result(record: ClaudeRecord, result: JsonObject) -> Verdict:
    if startup := text(result, "startup_failure_reason"):
        return _not_started(record, startup, result)
    if text(result, "terminal_reason").startswith("aborted"):
        return _verdict(record, "killed", "interrupted", was_interrupted=True)
    subtype = text(result, "subtype")
    if subtype == "error_max_turns":
        return _verdict(record, "max-turns", _words(record, result))
    if subtype == "error_max_budget_usd":
        return _verdict(record, "budget", _words(record, result))
    if subtype != "success" or result.get("is_error") is not False:
        outcome, mend = _failure(record, result)
        return _verdict(record, outcome, _words(record, result), mend)
    if record.denied:
        tools = ", ".join(sorted(set(record.denied.values())))
        return _verdict(record, "denied", f"{plural(len(record.denied), 'call')} denied: {tools}")
    return _verdict(record, "ok")


def _words(record: ClaudeRecord, result: JsonObject) -> str:
    """Return what a failed result says, or what standard error said."""
    errors = [error for error in strings(result, "errors") if not error.startswith("[ede_")]
    last = record.error_lines[-1] if record.error_lines else ""
    said = text(result, "result").removesuffix(_SCREEN_ADVICE)
    return said or "; ".join(errors) or last or text(result, "subtype")


def _not_started(record: ClaudeRecord, startup: str, result: JsonObject) -> Verdict:
    words = _words(record, result)
    reason = words if words and words != "success" else startup.replace("_", " ")
    if startup == "bypass_root":
        return _verdict(record, "usage", reason, ROOT)
    if startup in _AUTH_STARTUP:
        return _verdict(record, "auth", reason, LOGIN)
    return _verdict(record, "usage", reason)


def _failure(record: ClaudeRecord, result: JsonObject) -> tuple[Outcome, str]:
    """Return the outcome of a result that is an error, and its mend."""
    code = integer(result, "api_error_status")
    api_error = text(result, "api_error")
    word = record.api_error
    words = text(result, "result")
    if word in _AUTH_WORDS or code in (401, 403) or words.startswith("Not logged in"):
        return "auth", LOGIN
    if code == 402 or word == "billing_error":
        return "billing", "add credit to the account, or give the host another key"
    if code == 429 or api_error == "usage_limit_reached" or word == "rate_limit":
        return "rate-limited", "wait until the limit resets, or use another account or model"
    if (code or 0) >= 500 or text(result, "api_error_type") in _OVERLOAD_TYPES:
        return "overloaded", "try again later"
    if api_error == "connection_failed":
        return "network", "check that the host reaches the model's API"
    if code == 404 or word == "model_not_found":
        return "usage", "choose another model"
    if any("No conversation found" in line for line in record.error_lines):
        return "usage", "that session is not on this host"
    return "error", ""
