"""Makes pictures and tables of the documentation anew.

`python -m tests.pictures` makes the README's picture, `keys` its key table, `all DIR` a picture of
every screen at each size into a folder, and exits 1 when one of them has a fault.
"""

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
from tests.pictures.faults import faults_of
from tests.pictures.scenes import SCENES, SIZES, by_commands
from tests.tui.desk import Desk, at_desk
from tests.tui.scene import recorded

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
        return drawn(app, "fleet-tui demo")


def drawn(app: FleetApp, title: str) -> str:
    """Return the screen as SVG.

    The fonts of Textual's own pictures are fetched from afar: the reader's will do.
    """
    picture = app.export_screenshot(title=title)
    return re.sub(r"\s*@font-face \{.*?\}\n", "\n", picture, flags=re.DOTALL)


async def take_all(folder: Path) -> list[str]:
    """Write every screen at each size; return what is wrong with them."""
    faults: list[str] = []

    def keep(desk: Desk, name: str) -> None:
        width, height = desk.app.size
        stem = f"{name}-{width}x{height}"
        (folder / f"{stem}.svg").write_text(drawn(desk.app, name), encoding="utf-8")
        faults.extend(f"{stem}: {fault}" for fault in faults_of(desk.app))

    for size in SIZES:
        for scene in SCENES:
            async with at_desk(scene.fleet(), size=size, read_only=scene.is_read_only) as desk:
                await desk.press(*scene.keys)
                keep(desk, scene.name)
        async with at_desk(recorded(), size=size) as desk:
            for command in await by_commands(desk):
                await desk.press(":", *command, "enter")
                keep(desk, f"command-{command}")
                while not desk.is_home():
                    desk.app.pop_screen()
                    await desk.settle()
    return faults


def write_keys() -> None:
    """Put the registry's key table into the README."""
    path = FOLDER.parents[1] / "README.md"
    head, _, rest = path.read_text(encoding="utf-8").partition("<!-- keys: ")
    mark, _, rest = rest.partition(" -->\n")
    tail = rest.partition("<!-- /keys -->")[2]
    table = f"<!-- keys: {mark} -->\n\n{markdown().strip()}\n\n<!-- /keys -->{tail}"
    path.write_text(head + table, encoding="utf-8")


def main() -> None:
    """Do what the command line asks for."""
    if sys.argv[1:] == ["keys"]:
        write_keys()
        return
    if sys.argv[1:2] == ["all"] and len(sys.argv) == 3:
        folder = Path(sys.argv[2])
        folder.mkdir(parents=True, exist_ok=True)
        faults = asyncio.run(take_all(folder))
        sys.stdout.writelines(f"{fault}\n" for fault in faults)
        sys.stdout.write(f"{len(list(folder.glob('*.svg')))} pictures in {folder}\n")
        sys.exit(1 if faults else 0)
    with DemoFleet.start() as demo:
        core = CoreThread(demo.config, is_demo=True, prepare=demo.wait_ready)
        core.start().result()
        try:
            (FOLDER / "first-screen.svg").write_text(asyncio.run(take(core)), encoding="utf-8")
        finally:
            core.stop()


if __name__ == "__main__":
    main()
