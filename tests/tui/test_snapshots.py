"""Pinned pictures of the screen; few, because each change to one must be looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.tui.desk import app_for, still
from tests.tui.scene import ask_first, recorded

if TYPE_CHECKING:
    from textual.pilot import Pilot


@pytest.mark.parametrize(
    ("size", "keys"),
    [
        ((80, 24), ("5",)),
        ((120, 40), ()),
        ((160, 45), ()),
        ((80, 24), ("d",)),
        ((120, 40), ("5", "g")),
        ((80, 24), ("f1",)),
        ((80, 24), ("f3",)),
    ],
    ids=["first-80x24", "first-120x40", "first-160x45", "composer", "gather", "help", "question"],
)
def test_picture(snap_compare: Any, size: tuple[int, int], keys: tuple[str, ...]) -> None:
    control = recorded()
    if keys == ("f3",):
        ask_first(control)
    app = app_for(control)

    async def before(pilot: Pilot[None]) -> None:
        await still(app, pilot)
        app.toaster.clear()
        if keys:
            await pilot.press(*keys)
        await still(app, pilot)

    assert snap_compare(app, terminal_size=size, run_before=before)
