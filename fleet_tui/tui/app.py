"""The Textual application: wires the core to the screens, and decides nothing."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from textual import events
from textual.app import App

from fleet_tui.clock import SystemClock
from fleet_tui.model.notice import Notice
from fleet_tui.tui import clipboard, own_notices, roles
from fleet_tui.tui import keymap as keymaps
from fleet_tui.tui.actions import ON_MAIN
from fleet_tui.tui.ask import ask
from fleet_tui.tui.attention import Beckoner
from fleet_tui.tui.bindings import bindings_for
from fleet_tui.tui.catalogue import REGISTRY
from fleet_tui.tui.drafts import Draft
from fleet_tui.tui.frame import FrameClock
from fleet_tui.tui.pulse import Pulse
from fleet_tui.tui.read_only import ReadOnly
from fleet_tui.tui.remembered import Memory
from fleet_tui.tui.screens.main import MainScreen
from fleet_tui.tui.store import Dirty, Store
from fleet_tui.tui.textual_seams import push_for_app, run_bound_key
from fleet_tui.tui.theme_keeper import ThemeKeeper
from fleet_tui.tui.toasts import FLEETING, Toaster

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from concurrent.futures import Future
    from datetime import tzinfo
    from pathlib import Path

    from textual.screen import Screen

    from fleet_tui.model.clock import Clock
    from fleet_tui.model.control import Changes, FleetControl
    from fleet_tui.model.errors import FleetError
    from fleet_tui.model.notice import Severity
    from fleet_tui.tui.actions import Action

T = TypeVar("T")


class FleetApp(App[None], inherit_bindings=False):
    """The control room.

    `on_ready` is called once the first picture is on the terminal. `seconds` ends the program by
    itself. With `paints_itself=False` frames come only from `frames.tick()`. What the screen keeps
    between starts stands in the file `state`; without one nothing is kept.
    """

    CSS_PATH = ["app.tcss", "screens/main.tcss", "screens/dialog.tcss"]
    TITLE = "fleet-tui"
    ENABLE_COMMAND_PALETTE: ClassVar[bool] = False
    BINDINGS = bindings_for("app", "anywhere")

    def __init__(
        self,
        control: FleetControl,
        *,
        read_only: bool = False,
        on_ready: Callable[[], None] | None = None,
        seconds: float | None = None,
        clock: Clock | None = None,
        zone: tzinfo | None = None,
        paints_itself: bool = True,
        state: Path | None = None,
    ) -> None:
        super().__init__()
        self.control = control
        self.clock: Clock = clock or SystemClock()
        self.zone = zone
        self.store = Store()
        self.pulse = Pulse()
        self.draft = Draft()
        self.registry = REGISTRY
        self.keymap = keymaps.of_config(REGISTRY, control.config)
        self.toaster = Toaster(self)
        self.beckoner = Beckoner(self, control.config.attention)
        self.frames = FrameClock(self, control.drain, self._show)
        self.memory = Memory(state)
        self.kept = self.memory.kept
        self.resume_drafts: dict[str, str] = {}
        """Run id to what was written to its session and not sent yet."""
        self._serial = 0
        self.read_only = ReadOnly(self, is_started=read_only)
        self._on_ready = on_ready
        self._seconds = seconds
        self._paints_itself = paints_itself
        self._opening: Awaitable[None] | None = None
        self.main = MainScreen(self)
        self.themes = ThemeKeeper(self)
        self.themes.begin(control.config.theme, self.kept.theme)
        self.set_keymap(self.keymap.overrides())

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Return the colour roles that a theme may leave out."""
        return roles.variable_defaults()

    def get_default_screen(self) -> Screen[Any]:
        """Return the first screen."""
        return self.main

    def begin(self) -> None:
        """Say what is wrong with the operator's files, begin to paint."""
        self.frames.tick()
        self.tell_of_files([self.memory.problem, *self.keymap.problems, *self.themes.problems])
        if self._paints_itself:
            self.frames.start()
            self.themes.watch()
        self.beckoner.start()
        if self._seconds is not None:
            self.set_timer(self._seconds, self.exit)
        if self._on_ready is not None:
            self.call_after_refresh(self._on_ready)

    def tell_of_files(self, problems: Sequence[str]) -> None:
        """Put what is wrong with the operator's files into the notifications."""
        told = [problem for problem in problems if problem]
        if told:
            self._show(own_notices.about_files(told, self.clock.time()), False)

    def on_unmount(self) -> None:
        """Keep what the next start begins with."""
        self.beckoner.end()
        self.kept.pane, self.kept.is_zoomed = self.main.current, self.main.is_zoomed
        self.memory.save()

    async def on_event(self, event: events.Event) -> None:
        """Do what keys are bound to in the order in which they were pressed."""
        if not (isinstance(event, events.Key) and await run_bound_key(self, event)):
            await super().on_event(event)

    def _show(self, changes: Changes, numbers: bool) -> None:
        dirty = self.store.apply(changes, numbers=numbers)
        now = self.clock.time()
        if numbers:
            self.pulse.take(self.store, now)
        for screen in list(self.screen_stack):
            show = getattr(screen, "show", None)
            if show is not None and screen.is_running:
                show(self.store, dirty, now)
        asks = any(notice.event == own_notices.QUESTION_ASKED for notice in dirty.notices)
        self.beckoner.tell(dirty.notices)
        if dirty.notices and (asks or not self.screen.is_modal):
            self.toaster.tell(dirty.notices)
        if dirty.asked:
            key = self.keymap.shown(self.registry["question.open"])
            self._show(own_notices.about_questions(dirty.asked, now, key), False)

    @property
    def shows_many_panes(self) -> bool:
        """Tell whether more than one pane can be seen."""
        return not self.main.is_single

    @property
    def place(self) -> str:
        """Return the name of what has the focus, as the action registry knows it."""
        if self.screen is self.main:
            return self.main.current
        return str(getattr(self.screen, "place", ""))

    @property
    def why_read_only(self) -> str:
        """Return why nothing can be changed; empty when it can."""
        return self.read_only.why

    def why_disabled(self, action: Action) -> str:
        """Return why an action cannot be done now; empty when it can."""
        if action.needs_write and self.why_read_only:
            return self.why_read_only
        return action.why_disabled(self)

    def perform(self, action_id: str, argument: str = "") -> None:
        """Do an action, or say why it cannot be done."""
        action = self.registry[action_id]
        reason = self.why_disabled(action)
        if reason:
            self.toast(reason, "warning", kind="disabled")
            return
        if action.scope in ON_MAIN:
            while self.screen is not self.main:
                self.pop_screen()
        action.run(self, argument)

    async def action_perform(self, action_id: str) -> None:
        """Do an action because its key was pressed; the next key finds what it opened."""
        self.perform(action_id)
        if self._opening is not None:
            opening, self._opening = self._opening, None
            await opening

    def ask(
        self,
        future: Future[T],
        then: Callable[[T], object],
        failed: Callable[[FleetError], object] | None = None,
    ) -> None:
        """Go on with `then` when the core has answered."""
        ask(self, future, then, failed)

    def open_screen(
        self, screen: Screen[T], then: Callable[[T | None], object] | None = None
    ) -> None:
        """Put a screen on top; `then` gets what it was closed with."""
        self.toaster.clear()
        self._opening = push_for_app(self, screen, then)
        self._show_first(screen)

    def replace_screen(self, screen: Screen[Any]) -> None:
        """Put a screen in the place of the one on top."""
        self._opening = self.switch_screen(screen)
        self._show_first(screen)

    def _show_first(self, screen: Screen[Any]) -> None:
        show = getattr(screen, "show", None)
        if show is not None:
            full = Dirty(fleet=True, hosts=set(self.store.hosts), numbers=True)
            screen.call_after_refresh(show, self.store, full, self.clock.time())

    def toast(self, text: str, severity: Severity = "info", *, kind: str = "") -> None:
        """Say something for a few seconds, and keep it in the notifications."""
        self.toaster.say(text, severity, kind=kind)
        if kind not in FLEETING:
            said = own_notices.said(text, severity, kind, self.clock.time())
            self.call_next(self._show, said, False)

    def notice(
        self, severity: Severity, event: str, source: str, text: str, run: str | None = None
    ) -> None:
        """Put something into the notifications, and tell it as the core's are told."""
        now = self.clock.time()
        self._serial += 1
        made = Notice(f"screen-{self._serial}", now, severity, event, source, text, run)
        self._show(own_notices.changes_of([made]), False)

    def copy(self, text: str, what: str) -> None:
        """Put text on the operator's clipboard, and say what was copied and how."""
        clipboard.copy(self, text, what)

    def clock_time(self, at: float) -> str:
        """Return a time of day in the operator's zone."""
        return datetime.fromtimestamp(at, tz=self.zone).strftime("%H:%M:%S")
