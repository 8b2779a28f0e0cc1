"""`python -m tests.pictures [keys]`: makes the README's picture, or its key table, anew."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

from fleet_tui.demo import DemoFleet
from fleet_tui.model.request import DispatchRequest
from fleet_tui.runtime import CoreThread
from fleet_tui.tui.app import FleetApp
from fleet_tui.tui.keys_table import markdown

SIZE = (150, 42)
PROMPT = "run the tests and fix what fails"
FOLDER = Path(__file__).parent


async def take(core: CoreThread) -> str:
    """Return the screen as SVG: dispatch to the whole demo fleet, look while some still work."""
    app = FleetApp(core, on_ready=core.keep_connected)
    async with app.run_test(size=SIZE) as pilot:
        await asyncio.sleep(4)  # human speed: the slow host takes three seconds to log in
        await asyncio.wrap_future(core.dispatch(DispatchRequest("all", PROMPT)))
        await asyncio.sleep(5)
        await pilot.press("5")
        await asyncio.sleep(1)
        picture = app.export_screenshot(title="fleet-tui demo")
        # the fonts of the terminal's own look are fetched from afar: the reader's will do
        return re.sub(r"\s*@font-face \{.*?\}\n", "\n", picture, flags=re.DOTALL)


def write_keys() -> None:
    """Put the registry's key table into the README."""
    path = FOLDER.parents[1] / "README.md"
    head, _, rest = path.read_text(encoding="utf-8").partition("<!-- keys: ")
    mark, _, rest = rest.partition(" -->\n")
    tail = rest.partition("<!-- /keys -->")[2]
    table = f"<!-- keys: {mark} -->\n\n{markdown().strip()}\n\n<!-- /keys -->{tail}"
    path.write_text(head + table, encoding="utf-8")


def main() -> None:
    """Write the picture, or with the word `keys` the key table."""
    if sys.argv[1:] == ["keys"]:
        write_keys()
        return
    with DemoFleet.start() as demo:
        core = CoreThread(demo.config, is_demo=True, prepare=demo.wait_ready)
        core.start().result()
        try:
            (FOLDER / "first-screen.svg").write_text(asyncio.run(take(core)), encoding="utf-8")
        finally:
            core.stop()


if __name__ == "__main__":
    main()
