from __future__ import annotations

import pytest

from fleet_tui.tui.screens.costs import CostsScreen
from tests.tui.desk import at_desk
from tests.tui.fake_control import FakeControl
from tests.tui.fake_costs import PLACE


@pytest.mark.parametrize("key", ["$", "6"])
async def test_costs_by_day_host_agent_and_model(key: str) -> None:
    async with at_desk(FakeControl()) as desk:
        await desk.press(key)
        assert desk.is_on(CostsScreen)
        by_day = desk.text()
        assert "$3.95 in 14 days" in by_day
        assert "$8.35 of $10.00 left today" in by_day
        assert "partly priced from table of 2026-05-01" in by_day
        assert "cost of 1 run unknown" in by_day
        assert by_day.index("2026-05-18") < by_day.index("2026-05-17"), "newest first"
        await desk.press("b")
        by_host = desk.text()
        assert by_host.index("web01") < by_host.index("nas1") < by_host.index("cloud1")
        assert "·▅█▃"[2] in by_host
        await desk.press("b")
        assert "codex" in desk.text()
        await desk.press("b")
        assert "claude-sonnet-5-5" in desk.text()
        await desk.press("b")
        assert "2026-05-17" in desk.text()


async def test_other_days_and_a_csv_file() -> None:
    control = FakeControl()
    async with at_desk(control, size=(80, 24)) as desk:
        await desk.press("$", "w")
        assert "in 30 days" in desk.text()
        await desk.press("e")
        assert control.costs.exported == [30]
        assert any(PLACE in toast for toast in desk.toasts())
        await desk.press("escape")
        assert desk.is_home()


async def test_the_command_names_a_group() -> None:
    async with at_desk(FakeControl()) as desk:
        desk.app.perform("costs.open", "model")
        await desk.settle()
        assert "by model" in desk.text()
        await desk.press("escape")
        desk.app.perform("costs.open", "moon")
        await desk.settle()
        assert desk.is_home()
        assert any("grouped by" in toast for toast in desk.toasts())
