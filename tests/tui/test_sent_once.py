"""Pressing send again while the core has not answered sends nothing again."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

import pytest

from fleet_tui.model.errors import Refused
from fleet_tui.tui.screens.prompt_screen import PromptScreen
from tests.tui.desk import Desk, at_desk
from tests.tui.scene import recorded
from tests.tui.test_danger import with_a_session
from tests.tui.test_peers import met
from tests.tui.test_queue import filled

FORMS = {
    "dispatch": (recorded, ("d",), ""),
    "resume": (with_a_session, ("5", "right", "R"), ""),
    "add": (filled, ("2", "n"), "queue"),
    "broadcast": (met, ("3", "b"), "peers"),
}


async def strike_twice(desk: Desk) -> None:
    for _ in range(2):
        desk._send("f5")
        await desk.pilot._wait_for_screen()


@pytest.mark.parametrize("name", FORMS)
async def test_sent_twice_is_one(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fleet, keys, desk_name = FORMS[name]
    control = fleet()
    orders: list[Future[Any]] = []

    def order(*_arguments: object, **_options: object) -> Future[Any]:
        orders.append(Future())
        return orders[-1]

    monkeypatch.setattr(getattr(control, desk_name) if desk_name else control, name, order)
    async with at_desk(control) as desk:
        desk.app.draft.target = "nas1"
        await desk.press(*keys)
        assert isinstance(desk.app.screen, PromptScreen)
        desk.app.screen.prompt.focus()
        await desk.write("look around")
        await strike_twice(desk)
        assert len(orders) == 1
        orders[0].set_exception(Refused("not now"))
        await desk.settle()
        assert "not now" in desk.text()
        await strike_twice(desk)
        assert len(orders) == 2
