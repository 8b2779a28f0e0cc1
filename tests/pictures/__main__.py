"""`python -m tests.pictures`: makes the README's picture anew, from the real screen on the demo."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from fleet_tui.demo import DemoFleet
from fleet_tui.model.request import DispatchRequest
from fleet_tui.runtime import CoreThread
from fleet_tui.tui.app import FleetApp

SIZE = (150, 42)
PROMPT = "run the tests and fix what fails"
FOLDER = Path(__file__).parent


async def take(core: CoreThread, path: Path) -> None:
    """Dispatch to the whole demo fleet, and picture the screen while some still work."""
    app = FleetApp(core, on_ready=core.keep_connected)
    async with app.run_test(size=SIZE) as pilot:
        await asyncio.sleep(4)  # human speed: the slow host takes three seconds to log in
        await asyncio.wrap_future(core.dispatch(DispatchRequest("all", PROMPT)))
        await asyncio.sleep(5)
        await pilot.press("5")
        await asyncio.sleep(1)
        picture = app.export_screenshot(title="fleet-tui demo")
        # the fonts of the terminal's own look are fetched from afar: the reader's will do
        path.write_text(re.sub(r"\s*@font-face \{.*?\}\n", "\n", picture, flags=re.DOTALL))


def main() -> None:
    """Write every picture."""
    with DemoFleet.start() as demo:
        core = CoreThread(demo.config, is_demo=True, prepare=demo.wait_ready)
        core.start().result()
        try:
            asyncio.run(take(core, FOLDER / "first-screen.svg"))
        finally:
            core.stop()


if __name__ == "__main__":
    main()
