"""The page of a host shows what ran there before this start."""

from __future__ import annotations

from tests.tui.desk import at_desk
from tests.tui.scene import recorded


async def test_runs_of_before_this_start_are_loaded_once() -> None:
    control = recorded()
    async with at_desk(control) as desk:
        known = {view.dispatch.id for view in control.dispatches.values()}
        desk.app.store.dispatches.clear()
        desk.app.store.runs.clear()
        name = desk.app.main.hosts.table.shown_keys[-1]
        wanted = {
            view.dispatch.id
            for view in control.dispatches.values()
            if any(control.runs[i].run.host == name for i in view.run_ids)
        }
        assert wanted
        assert wanted <= known
        await desk.press("G", "enter")
        opened = [call[1] for call in control.calls if call[0] == "open_dispatch"]
        assert set(opened) == wanted
        await desk.press("escape", "enter")
        again = [call[1] for call in control.calls if call[0] == "open_dispatch"]
        assert again == opened
