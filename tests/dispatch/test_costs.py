from __future__ import annotations

from typing import Any

import pytest

from fleet_tui.agents.codex_parser import CodexParser
from fleet_tui.dispatch.costs import worst_case_words
from fleet_tui.dispatch.prices import price_of
from fleet_tui.model.agent import AgentRequest
from fleet_tui.model.config import FleetConfig
from fleet_tui.model.price import TokenCount, TokenPrice
from fleet_tui.transport.base import ExitStatus
from tests.agents.streams import encode

TIMES = "\N{MULTIPLICATION SIGN}"
GPT = TokenPrice("gpt-5-codex", 1.0, 10.0, "2026-11-20", cached_input=0.1)
COUNT = {"input_tokens": 1_000_000, "cached_input_tokens": 400_000, "output_tokens": 100_000}
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
    config = FleetConfig(sections={"price": table})
    for model, price in (("gpt-4", 1.0), ("gpt-5", 2.0), ("gpt-5-mini", 3.0)):
        found = price_of(model, config)
        assert found is not None
        assert found.input == price
    assert price_of("o9", config) is None
    assert price_of(None, config) is None
    named = price_of(None, FleetConfig(sections={"price": (*table, entry("*", 4.0))}))
    assert named is not None
    assert named.input == 4.0


def spent(
    *events: dict[str, Any],
    price: TokenPrice | None = GPT,
    resumes: bool = False,
    before: TokenCount | None = None,
) -> CodexParser:
    parser = CodexParser(
        AgentRequest("r-1", "codex", "x", "read", "s", resumes, model="gpt-5-codex", price=price,
                     thread_before=before)
    )  # fmt: skip
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


@pytest.mark.parametrize("text", ["", "1/2", "1/2/x", "-1/2/3", "1/2/3/4"])
def test_a_count_that_is_none_is_not_read(text: str) -> None:
    assert TokenCount.read(text) is None
    assert TokenCount.read(str(TokenCount(3, 2, 1))) == TokenCount(3, 2, 1)
