"""The screen on stage: fed with noise wherever text can come from, one round after another."""

from __future__ import annotations

import asyncio
import json
import random
import sys
from dataclasses import replace
from pathlib import Path
from typing import get_args

from fleet_tui.journal.view import tagged_lines
from fleet_tui.model.control import GatheredGroup
from fleet_tui.model.host import Host
from fleet_tui.model.sgr import split
from fleet_tui.model.snapshot import LineTag, ViewLine
from fleet_tui.tui.app import FleetApp
from fleet_tui.tui.catalogue import REGISTRY
from tests.fuzz.noise import as_text, noise
from tests.fuzz.options import Task
from tests.tui.fake_control import FakeControl

TAGS: tuple[LineTag, ...] = get_args(LineTag)
LEFT_OUT = ("app.quit", "app.suspend", "host.shell", "run.attach")
"""Actions that end or stop the program, or lend the terminal away."""
MOST_LINES = 2_000


class Feeder:
    """Puts noise into every field that the core could fill from elsewhere."""

    def __init__(self, task: Task) -> None:
        self.chance = random.Random(task.seed)
        self.fed = 0
        names = [f"{self.text()}{number}" for number in range(6)]
        self.control = FakeControl([Host(name, groups=(name,)) for name in names])
        self.names = names
        self.dispatch = ""

    def text(self) -> str:
        """Return one more byte string as text."""
        self.fed += 1
        return as_text(noise(self.chance), self.chance)

    def line(self, tag: LineTag) -> ViewLine:
        """Return one more byte string as a line, the way it comes out of the spool."""
        self.fed += 1
        lines, _ = tagged_lines(tag.encode(), noise(self.chance) + b"\n")
        plain, colours = split(lines.split(b"\n")[0][1:].decode())
        return ViewLine(tag, plain, colours)

    def feed(self, turn: int) -> None:
        """Change everything."""
        control, text, chance = self.control, self.text, self.chance
        control.now += 1
        if turn % 20 == 0:
            control.dispatches.clear()
            self.dispatch = control.start(self.names, text(), text())
        control.set_fleet(name=text(), this_host=text(), notes=(text(),), log_path=text())
        for name in self.names:
            control.host_up(name, chance.random(), agent="claude")
            control.host_down(name, "other", text(), text())
            control.move(self.dispatch, name, "running", text())
            view = control.run_on(self.dispatch, name)
            source = control.sources[view.run.id]
            first, added = source.count, [self.line(chance.choice(TAGS)) for _ in range(6)]
            added += [ViewLine(chance.choice(TAGS), text()) for _ in range(2)]
            source.lines += added
            at = control.dispatches[self.dispatch].run_ids.index(view.run.id)
            control.timelines[self.dispatch].add(at, first, len(added), control.now)
            control.set_run(replace(view, lines=source.count))
            control.tail(self.dispatch, name, "t", text())
        control.move(self.dispatch, self.names[0], "failed", text(), reason=text(), mend=text())
        control.notice(chance.choice(("info", "warning", "error")), text(), text(), text())
        control.groups = (
            GatheredGroup(
                (text(),), text(), "failed", (text(), text()), difference=("+" + text(),)
            ),
        )
        control.history = (text(), text())
        control.audit.lines = [text(), text()]
        control.audit.own = [text()]


class Visitor:
    """Somebody who looks at everything there is, while it changes."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._feeder = Feeder(task)
        self._app = FleetApp(self._feeder.control, paints_itself=False, on_ready=self._begin)

    def run(self) -> None:
        """Show the screen until all was shown."""
        self._app.run()

    def _begin(self) -> None:
        self._app.run_worker(self._play(), exit_on_error=True)

    async def _play(self) -> None:
        app, feeder = self._app, self._feeder
        actions = [a for a in REGISTRY if a.id not in LEFT_OUT and "copy" not in a.id]
        turn = 0
        while feeder.fed < self._task.strings:
            feeder.feed(turn)
            for _ in range(8):
                app.toast(feeder.text(), kind=f"k{turn % 3}")
            await self._show_round()
            app.main.focus_pane(app.main.panes[turn % len(app.main.panes)].place)
            app.perform(actions[turn % len(actions)].id)
            await self._show_round()
            while app.screen is not app.main:
                app.pop_screen()
            turn += 1
        self._task.answer.write_text(json.dumps({"strings": feeder.fed, "rounds": turn}))
        app.exit()

    async def _show_round(self) -> None:
        """Paint a frame, once the terminal has taken the one before."""
        while True:
            if self._app.frames.tick():
                break
            await asyncio.sleep(0.005)
        painted = asyncio.Event()
        self._app.call_after_refresh(painted.set)
        await painted.wait()


def main() -> None:
    """Play what the command line says."""
    given = json.loads(sys.argv[1])
    Visitor(Task(given["strings"], given["seed"], Path(given["answer"]))).run()


if __name__ == "__main__":
    main()
