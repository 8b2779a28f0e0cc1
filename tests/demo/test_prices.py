from __future__ import annotations

import pytest

from fleet_tui.demo.prices import Usage, tokens


@pytest.mark.parametrize(
    ("model", "output", "usd"),
    [
        ("claude-opus-5-5", 20, 0.00086),
        ("claude-opus-5-5", 8, 0.00062),
        ("claude-sonnet-5-5", 20, 0.00043),
    ],
)
def test_recorded_results_come_out_exactly(model: str, output: int, usd: float) -> None:
    usage = Usage(fresh=100, output=output, cache_read=50, cache_write=10)
    assert usage.cost(model) == pytest.approx(usd, abs=1e-12)


def test_usages_add_up() -> None:
    assert Usage(1, 2, 3, 4, 5) + Usage(1, 1, 1, 1, 1) == Usage(2, 3, 4, 5, 6)
    assert tokens("") == 1
