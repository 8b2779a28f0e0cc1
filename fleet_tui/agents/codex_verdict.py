"""How a run of Codex ended. Its failures are told as free text only; the phrases are those of
Codex CLI 0.169.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fleet_tui.agents import exits
from fleet_tui.agents.jsonfields import integer
from fleet_tui.agents.wording import plural
from fleet_tui.model.agent import Verdict
from fleet_tui.model.price import TokenCount
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    from fleet_tui.agents.jsonfields import JsonObject
    from fleet_tui.model.price import TokenPrice
    from fleet_tui.model.run import Outcome
    from fleet_tui.transport.base import ExitStatus

LOGIN = "run `codex login` on that host, or `codex login --with-api-key` with the key on its input"
MISSING = "install Codex there, or name its absolute path in the host's agent_paths"

_PHRASES: tuple[tuple[str, Outcome, str], ...] = (
    (r"\b40[13]\b|unauthorized|not logged in|missing environment variable", "auth", LOGIN),
    (r"\b402\b|insufficient_quota|exceeded your current quota|billing", "billing", "add credit"),
    (r"usage limit|\b429\b|too many requests|rate.limit", "rate-limited", "wait for its reset"),
    (r"high demand|\b529\b|overloaded|at capacity|\b50[0-4]\b", "overloaded", "try again later"),
    (
        r"stream disconnected|connection (?:refused|reset|failed)|error sending request"
        r"|timed? ?out|\bdns\b|network",
        "network",
        "check that the host reaches the model's API",
    ),
    (r"model .*(?:not found|does not exist|not supported)", "usage", "choose another model"),
)
"""The first phrase found decides."""


@dataclass(slots=True)
class CodexRecord:
    """What one run has told so far, as far as its verdict needs it."""

    session: str | None = None
    model: str | None = None
    price: TokenPrice | None = None
    is_going_on: bool = False
    """True for a thread that another run began."""
    tokens_before: TokenCount | None = None
    """What that thread had used before; None when it is not known."""
    tokens: TokenCount | None = None
    """What the whole thread has used, by the last turn that was completed."""
    has_started: bool = False
    """True once a turn began: before that no model was asked."""
    was_answered: bool = False
    """True once the model said or did anything."""
    is_turn_open: bool = False
    is_complete: bool = False
    is_waiting: bool = False
    """True while the last word was that it waits for the network."""
    failure: str = ""
    """The last failure in its own words."""
    answer: str = ""
    denials: int = 0
    error_lines: deque[str] = field(default_factory=lambda: deque(maxlen=20))

    @property
    def cost_usd(self) -> float | None:
        """Reckoned by what the thread grew; None without a price, or for a turn cut off.

        A request that failed costs 0.
        """
        if not self.was_answered and not self.is_turn_open and self.tokens is None:
            return 0.0
        if self.is_turn_open or not self.is_complete or self.tokens is None or self.price is None:
            return None
        if self.tokens_before is None and self.is_going_on:
            return None
        return self.price.cost(self.tokens.since(self.tokens_before or TokenCount()))

    def note_usage(self, usage: JsonObject) -> None:
        """Take the counts of a completed turn: they are of the whole thread."""
        into, out = integer(usage, "input_tokens"), integer(usage, "output_tokens")
        if into is not None and out is not None:
            self.tokens = TokenCount(into, integer(usage, "cached_input_tokens") or 0, out)

    def note_error_line(self, line: bytes) -> None:
        """Keep a line of standard error for the explanation of a failure."""
        if shown := one_line(line[:4096].decode("utf-8", "replace"), 400):
            self.error_lines.append(shown)


def classify(message: str) -> tuple[Outcome, str]:
    """Return the outcome that a failure's words mean, and its mend."""
    for phrase, outcome, mend in _PHRASES:
        if re.search(phrase, message[:4000], re.IGNORECASE):
            return outcome, mend
    return "error", ""


def judge(record: CodexRecord, status: ExitStatus) -> Verdict:
    """Return the verdict on a finished run."""
    if status.is_lost:
        return _verdict(record, "network", status.reason or "contact with the host was lost")
    if record.is_complete and not record.is_turn_open:
        if record.denials:
            return _verdict(record, "denied", f"{plural(record.denials, 'command')} denied")
        return _verdict(record, "ok")
    if record.failure and not record.is_turn_open:
        outcome, mend = classify(record.failure)
        return _verdict(record, outcome, record.failure, mend)
    return _unfinished(record, status)


def _unfinished(record: CodexRecord, status: ExitStatus) -> Verdict:
    """Judge a run that was cut off, or never came to ask its model."""
    last = record.error_lines[-1] if record.error_lines else ""
    if exits.is_missing_binary(status) and not record.has_started:
        return _verdict(record, "agent-missing", last or "codex was not found there", MISSING)
    if signal := exits.signal_of(status):
        reason = f"stopped by SIG{signal}"
        return _verdict(record, "killed", reason, was_interrupted=signal == "INT")
    if record.failure:
        outcome, mend = classify(record.failure)
        return _verdict(record, outcome, record.failure, mend)
    if record.is_turn_open:
        if record.is_waiting:
            return _verdict(record, "network", "it ended while it waited for the network")
        # SIGINT ends Codex with status 1 and not a word.
        reason = "it was stopped in the middle of a turn"
        return _verdict(record, "killed", reason, was_interrupted=status.code == 1)
    outcome, mend = classify(last)
    if outcome == "error" and status.code:
        outcome = "usage"
    return _verdict(record, outcome, last or f"it did not start (exit {status.code})", mend)


def _verdict(
    record: CodexRecord,
    outcome: Outcome,
    reason: str = "",
    mend: str = "",
    *,
    was_interrupted: bool = False,
) -> Verdict:
    succeeded = outcome in ("ok", "denied")
    return Verdict(
        succeeded=succeeded,
        outcome=outcome,
        reason=one_line(reason, 400),
        mend=mend,
        cost_usd=record.cost_usd,
        session=record.session,
        model=record.model,
        thread_tokens=record.tokens,
        priced_as_of=record.price.as_of if record.price and record.cost_usd else "",
        answer=record.answer if succeeded else "",
        was_interrupted=was_interrupted,
    )
