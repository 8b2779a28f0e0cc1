"""What the first line says before the fleet is open."""

from __future__ import annotations

from tests.tui.desk import at_desk
from tests.tui.fake_control import FakeControl


async def test_the_fleet_has_its_name_before_it_is_open() -> None:
    control = FakeControl()
    async with at_desk(control) as desk:
        said = desk.app.main.status
        assert said.plain.rstrip() == "◆ homelab  opening its journal …"
        control.set_fleet()
        await desk.settle()
        assert "◆ homelab  cc-pc is primary" in said.plain
