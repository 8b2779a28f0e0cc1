from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from fleet_tui.agents.claude_parser import ClaudeParser
from fleet_tui.agents.codex_parser import CodexParser
from fleet_tui.dispatch.costs import worst_case_words
from fleet_tui.dispatch.prices import price_table
from fleet_tui.model.agent import AgentRequest, Verdict
from fleet_tui.model.config import FleetConfig
from fleet_tui.model.price import TokenCount, TokenPrice, price_of
from fleet_tui.transport.base import ExitStatus
from tests.agents.streams import encode

TIMES = "\N{MULTIPLICATION SIGN}"
GPT = TokenPrice("gpt-5-codex", 1.0, 10.0, "2026-11-20", cached_input=0.1)
COUNT = {"input_tokens": 1_000_000, "cached_input_tokens": 400_000, "output_tokens": 100_000}
USAGE = {
    "input_tokens": 1_000,
    "cache_creation_input_tokens": 2_000,
    "cache_read_input_tokens": 7_000,
    "output_tokens": 1,
}
ANSWER: dict[str, Any] = {
    "type": "item.completed",
    "item": {"id": "i", "type": "agent_message", "text": "hello"},
}


@pytest.mark.parametrize(
    ("budgets", "left", "words"),
    [
        ([0.5] * 5, 7.1, f"5 hosts {TIMES} $0.50 = $2.50 of $7.10 left today"),
        ([0.5], None, f"1 host {TIMES} $0.50 = $0.50"),
        ([0.0125] * 2, -1.0, f"2 hosts {TIMES} $0.0125 = $0.0250 of $0.00 left today"),
        ([0.5, 0.25], 7.0, "2 hosts, at most $0.75 of $7.00 left today"),
        ([0.5, None], 7.0, "2 hosts, no cap on the cost of $7.00 left today"),
        ([], 7.0, ""),
    ],
)
def test_the_worst_case_in_words(
    budgets: list[float | None], left: float | None, words: str
) -> None:
    assert worst_case_words(budgets, left) == words


def entry(model: str, price: float) -> dict[str, object]:
    return {"model": model, "input": price, "output": price, "as_of": "2026-11-20"}


def test_the_nearest_price_holds_and_none_is_guessed() -> None:
    table = (entry("gpt-*", 1.0), entry("gpt-5*", 2.0), entry("gpt-5-mini", 3.0))
    prices = price_table(FleetConfig(sections={"price": table}))
    for model, price in (("gpt-4", 1.0), ("gpt-5", 2.0), ("gpt-5-mini", 3.0)):
        found = price_of(model, prices)
        assert found is not None
        assert found.input == price
    assert price_of("o9", prices) is None
    assert price_of(None, prices) is None
    named = price_of(None, (*prices, TokenPrice("*", 4.0, 4.0, "2026-11-20")))
    assert named is not None
    assert named.input == 4.0


def spent(
    *events: dict[str, Any],
    price: TokenPrice | None = GPT,
    resumes: bool = False,
    before: TokenCount | None = None,
) -> CodexParser:
    request = AgentRequest("r-1", "codex", "x", "read", "s", resumes, model="gpt-5-codex")
    prices = (price,) if price else ()
    parser = CodexParser(replace(request, prices=prices, thread_before=before))
    for event in ({"type": "turn.started"}, ANSWER, *events):
        parser.feed(encode(event))
    return parser


def completed(**more: int) -> dict[str, Any]:
    return {"type": "turn.completed", "usage": COUNT | more}


def test_codex_is_priced_by_what_its_thread_grew() -> None:
    verdict = spent(completed()).finish(ExitStatus(code=0))
    assert verdict.cost_usd == pytest.approx(0.6 + 0.04 + 1.0)
    assert (verdict.priced_as_of, verdict.model) == ("2026-11-20", "gpt-5-codex")
    assert verdict.thread_tokens == TokenCount(1_000_000, 400_000, 100_000)
    onward = spent(
        completed(input_tokens=1_500_000), resumes=True, before=verdict.thread_tokens
    ).finish(ExitStatus(code=0))
    assert onward.cost_usd == pytest.approx(0.5)


def test_what_codex_cost_is_not_guessed() -> None:
    assert spent(completed(), price=None).cost_usd is None
    assert spent(completed(), resumes=True).cost_usd is None, "what it had used is not known"
    assert spent().cost_usd is None, "cut off in the middle of its turn"
    assert spent({"type": "turn.completed"}).cost_usd is None, "no counts"


def cut_off(*prices: TokenPrice, is_subagent: bool = False) -> Verdict:
    """Return the verdict on a run of claude that ended in the middle of its second answer."""
    request = AgentRequest("r-1", "claude", "x", "read", "s", prices=prices)
    parser = ClaudeParser(replace(request, session="00000000-0000-0000-0000-000000000000"))
    start = {"type": "message_start", "message": {"model": "claude-opus-5-5", "usage": USAGE}}
    told: list[dict[str, Any]] = [
        start,
        {"type": "message_delta", "usage": {"output_tokens": 50_000}},
        start,
    ]
    parser.feed(encode({"type": "system", "subtype": "init"}))
    for event in told:
        parser.feed(encode({"type": "stream_event", "event": event}))
    if is_subagent:
        parser.feed(encode({"type": "stream_event", "event": {}, "parent_tool_use_id": "t"}))
    return parser.finish(ExitStatus(signal="KILL"))


def test_an_answer_that_was_cut_off_is_reckoned_from_its_tokens() -> None:
    opus = TokenPrice("claude-opus-*", 4.0, 20.0, "2026-11-20", cached_input=0.4)
    each = (1_000 + 2_000) * 4e-6 + 7_000 * 0.4e-6
    verdict = cut_off(opus)
    assert verdict.cost_usd == pytest.approx(2 * each + 50_001 * 20e-6)
    assert verdict.priced_as_of == "2026-11-20"
    assert cut_off().cost_usd is None
    assert cut_off(opus, is_subagent=True).cost_usd is None


@pytest.mark.parametrize("text", ["", "1/2", "1/2/x", "-1/2/3", "1/2/3/4"])
def test_a_count_that_is_none_is_not_read(text: str) -> None:
    assert TokenCount.read(text) is None
    assert TokenCount.read(str(TokenCount(3, 2, 1))) == TokenCount(3, 2, 1)
