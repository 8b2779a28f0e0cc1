"""An operator at the screen: presses keys, waits until nothing moves, looks."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any

from textual import events
from textual.widgets import Input, TextArea

from fleet_tui.tui import keynames
from fleet_tui.tui.app import FleetApp
from tests.tui.fixed_clock import FixedClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from textual.pilot import Pilot
    from textual.screen import Screen

    from tests.tui.fake_control import FakeControl


def app_for(control: FakeControl, clock: FixedClock | None = None, **options: object) -> FleetApp:
    """Return the app on a fake core, with time and frames in the test's hands."""
    return FleetApp(
        control,
        clock=clock or FixedClock(control.now + 2),
        zone=UTC,
        paints_itself=False,
        **options,  # type: ignore[arg-type]
    )


async def rest(app: FleetApp, pilot: Pilot[None]) -> None:
    """Wait until every message that is under way has been handled, and its picture painted.

    Textual's own `pilot.pause` waits for the processor to fall silent instead, which costs most of
    a test's time.
    """
    for _ in range(2):
        await pilot._wait_for_screen()
        await app.workers.wait_for_complete()
        app.screen._on_timer_update()
    await pilot._wait_for_screen()


async def still(app: FleetApp, pilot: Pilot[None]) -> None:
    """Wait until nothing moves, show a frame, and stop cursors from blinking."""
    await rest(app, pilot)
    app.frames.tick()
    await rest(app, pilot)
    for field in app.screen.query(Input):
        field.cursor_blink = False
    for area in app.screen.query(TextArea):
        area.cursor_blink = False


@dataclass(slots=True)
class Desk:
    """The app with its pilot and its clock."""

    app: FleetApp
    pilot: Pilot[None]
    clock: FixedClock
    control: FakeControl

    async def settle(self) -> None:
        """Let a quarter of a second pass and everything come to rest."""
        self.clock.advance(0.3)
        await still(self.app, self.pilot)

    async def press(self, *keys: str) -> None:
        """Press keys one after the other, each when the last has been dealt with, then wait."""
        for key in keys:
            await self.strike(key)
        await self.settle()

    async def strike(self, key: str) -> None:
        """Press one key and wait until it has been dealt with; no time passes."""
        self._send(key)
        await rest(self.app, self.pilot)

    async def burst(self, *keys: str) -> None:
        """Press keys faster than the screen can follow, then wait."""
        for key in keys:
            self._send(key)
        await self.settle()
        await self.settle()

    async def write(self, text: str) -> None:
        """Type characters in one go, then wait."""
        for letter in text:
            self._send("space" if letter == " " else letter)
        await self.settle()

    def _send(self, key: str) -> None:
        """Send one key, by its name or its character, the way a terminal does."""
        name = keynames.canonical(key)
        character = " " if name == "space" else keynames.SYMBOLS.get(name, name)
        self.app.post_message(events.Key(name, character if len(character) == 1 else None))

    def is_on(self, screen: type[Screen[Any]]) -> bool:
        """Tell whether a screen of this kind is on top."""
        return isinstance(self.app.screen, screen)

    def is_home(self) -> bool:
        """Tell whether nothing is open over the first screen."""
        return self.app.screen is self.app.main

    def is_following(self) -> bool:
        """Tell whether the output shows its end."""
        return self.app.main.output.view.is_following

    def toasts(self) -> list[str]:
        """Return what the toasts say."""
        return [toast.text for toast in self.app.toaster.shown]

    def text(self) -> str:
        """Return what is on the screen, as plain lines."""
        size = self.app.size
        update = self.app.screen._compositor.render_strips(size)
        return "\n".join(strip.text for strip in update)


@asynccontextmanager
async def at_desk(
    control: FakeControl, size: tuple[int, int] = (120, 40), **options: object
) -> AsyncIterator[Desk]:
    """Sit down at a screen of this size."""
    clock = FixedClock(control.now + 2)
    app = app_for(control, clock, **options)
    async with app.run_test(size=size, notifications=True) as pilot:
        desk = Desk(app, pilot, clock, control)
        await desk.settle()
        yield desk
