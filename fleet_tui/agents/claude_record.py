"""What one run of Claude Code has told so far, as far as its verdict needs it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace

from fleet_tui.agents.jsonfields import JsonObject, integer, mapping, number, text
from fleet_tui.model.price import TokenCount, TokenPrice, price_of
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
    was_cut_off: bool = False
    """True when the turn that goes on was interrupted; its `result` comes late or never."""
    result: JsonObject | None = None
    """The last result event: earlier ones were closed by it."""
    cost_usd: float | None = None
    prices: tuple[TokenPrice, ...] = ()
    open_turn: list[tuple[str, TokenCount]] = field(default_factory=list)
    """Model and tokens of each answer of the turn that goes on."""
    has_subagents: bool = False
    """True when in that turn others spoke, whose tokens nobody tells."""
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
        self.is_turn_open = self.was_cut_off = False
        self.open_turn.clear()
        self.has_subagents = False
        if self.was_started or self.session is None:
            self.session = one_line(text(result, "session_id"), 80) or self.session

    def note_message(self, message: JsonObject) -> None:
        """Take the beginning of an answer, with what it has cost in tokens."""
        self.open_turn.append((text(message, "model"), _tokens(mapping(message, "usage"))))

    def note_growth(self, usage: JsonObject) -> None:
        """Take how many tokens the answer has now."""
        out = integer(usage, "output_tokens")
        if self.open_turn and out is not None:
            model, tokens = self.open_turn[-1]
            self.open_turn[-1] = (model, replace(tokens, out=max(out, tokens.out)))

    @property
    def final_cost_usd(self) -> float | None:
        """What the whole run cost: 0 when no model was asked.

        A turn that was cut off has no result that names its cost: it is reckoned from the tokens
        of its answers; None when one of them has no price.
        """
        if not self.was_started and self.result is None:
            return 0.0
        if not self.is_turn_open:
            return self.cost_usd
        priced = [(price_of(model, self.prices), tokens) for model, tokens in self.open_turn]
        if self.has_subagents or not priced or any(price is None for price, _ in priced):
            return None
        return (self.cost_usd or 0.0) + sum(price.cost(tokens) for price, tokens in priced if price)

    @property
    def priced_as_of(self) -> str:
        """The date of the prices its cost was reckoned with; empty when the agent named it."""
        if not self.is_turn_open or self.final_cost_usd is None:
            return ""
        found = (price_of(model, self.prices) for model, _ in self.open_turn)
        return min((price.as_of for price in found if price is not None), default="")


def _tokens(usage: JsonObject) -> TokenCount:
    into, written = integer(usage, "input_tokens"), integer(usage, "cache_creation_input_tokens")
    cached, out = integer(usage, "cache_read_input_tokens"), integer(usage, "output_tokens")
    return TokenCount((into or 0) + (written or 0) + (cached or 0), cached or 0, out or 0)
