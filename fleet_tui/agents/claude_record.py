"""What one run of Claude Code has told so far, as far as its verdict needs it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from fleet_tui.agents.jsonfields import JsonObject, mapping, number, text
from fleet_tui.model.text import one_line

ERROR_LINES_KEPT = 20
_LINE_CHARACTERS = 400


def cost_of_result(result: JsonObject) -> float | None:
    """Return the US dollars spent since the previous result of the same process, None if unsaid.

    `total_cost_usd` counts on over results and resumed sessions, so adding it up counts twice;
    `model_usage_since_last_result` does not.
    """
    if not isinstance(result.get("model_usage_since_last_result"), dict):
        return None
    usage = mapping(result, "model_usage_since_last_result")
    costs = [number(entry, "costUSD") or 0.0 for entry in usage.values() if isinstance(entry, dict)]
    return sum(costs)


@dataclass(slots=True)
class ClaudeRecord:
    """Gathered while the stream is read; `claude_verdict` judges it at the end."""

    session: str | None = None
    model: str | None = None
    cwd: str = ""
    was_started: bool = False
    """True once an `init` event came: before that no model was asked."""
    is_turn_open: bool = False
    """True while a turn goes on whose `result` has not come."""
    result: JsonObject | None = None
    """The last result event: earlier ones were closed by it."""
    cost_usd: float | None = None
    denied: dict[str, str] = field(default_factory=dict)
    """Tool-use id to tool name, of every call that was refused."""
    resets_at: float | None = None
    """When the limit that was reached is over, Unix seconds, if it was said."""
    api_error: str = ""
    """The word Claude Code has for the last failure of its API."""
    violation: str = ""
    """How the run's rights differ from those asked for; empty when they do not."""
    violation_mend: str = ""
    is_harmless: bool = False
    """True when the violation endangered nothing: rights were withheld, or no prompt was sent."""
    was_told_to_stop: bool = False
    """True when it was interrupted before its prompt was sent, so that no result will come."""
    error_lines: deque[str] = field(default_factory=lambda: deque(maxlen=ERROR_LINES_KEPT))
    """Last lines of standard error, and of standard output that was no event."""

    def note_error_line(self, line: bytes) -> None:
        """Keep a line for the explanation of a run that gave no result."""
        if shown := one_line(line[:4096].decode("utf-8", "replace"), _LINE_CHARACTERS):
            self.error_lines.append(shown)

    def note_result(self, result: JsonObject) -> None:
        """Take the closing event of a turn."""
        spent = cost_of_result(result)
        if spent is not None:
            self.cost_usd = (self.cost_usd or 0.0) + spent
        elif (total := number(result, "total_cost_usd")) is not None:
            self.cost_usd = max(self.cost_usd or 0.0, total)
        self.result = result
        self.is_turn_open = False
        if self.was_started or self.session is None:
            self.session = one_line(text(result, "session_id"), 80) or self.session

    @property
    def final_cost_usd(self) -> float | None:
        """What the whole run cost: None when a turn was cut off, 0 when no model was asked."""
        if not self.was_started and self.result is None:
            return 0.0
        return None if self.is_turn_open else self.cost_usd
