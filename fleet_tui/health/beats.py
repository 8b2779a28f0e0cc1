"""Watches every heartbeat of the fleet and tells when one goes stale, and when it is back."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from fleet_tui.health import beat_files
from fleet_tui.health.beats_book import Book, Limits, due, look, missed, resumed
from fleet_tui.health.beats_kept import boot_id, load, save
from fleet_tui.model.beats_view import BeatsView, PulseView, worst_first
from fleet_tui.model.errors import FleetError
from fleet_tui.model.events import LifeShown, PartChanged
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from fleet_tui.context import FleetContext
    from fleet_tui.health.beats_book import Pulse, Told
    from fleet_tui.model.events import Event
    from fleet_tui.model.task import Beat

KEPT = "heartbeats.json"
FOLDER = "heartbeats"
HERE = "here"
"""The watch over this machine's own folder."""
SAVE_SECONDS = 30.0
NAMED = 5
"""Heartbeats that a notice names; of more it says how many."""


class Beats:
    """The heartbeats part. `watches` read where heartbeats are, and may raise FleetError.

    What beats in this program (`LifeShown` on the bus) is written to a folder of the state folder,
    so that other programs of this machine see it too.
    """

    def __init__(
        self,
        context: FleetContext,
        watches: Mapping[str, Callable[[], Awaitable[Sequence[Beat]]]],
        *,
        limits: Limits | None = None,
    ) -> None:
        self._context = context
        self._watches = {HERE: self._read_here, **watches}
        self.limits = limits or Limits.of(context.config.defaults.stale_after)
        self._folder = context.data_dir / FOLDER
        self._path = context.data_dir / KEPT
        self._boot = boot_id()
        self._books: dict[str, Book] = {}
        self._is_loaded = False
        self._problems: dict[str, str] = {}
        self._saved_at = 0.0
        self._shown: dict[str, Beat] = {}
        self._unsubscribe = context.bus.subscribe(self._heard)
        self._is_watching = False

    async def start(self) -> None:
        """Look again and again until the fleet is closed."""
        if not self._is_watching:
            self._is_watching = True
            self._context.spawn(self._watch())

    async def close(self) -> None:
        """Keep what is known."""
        self._unsubscribe()
        if self._is_loaded:
            with contextlib.suppress(OSError):  # a lost age is looked for again
                await asyncio.to_thread(self._save)

    @property
    def view(self) -> BeatsView:
        """Return the newest picture."""
        pulses = [
            picture(watch, pulse)
            for watch, book in self._books.items()
            for pulse in book.pulses.values()
        ]
        return BeatsView(
            worst_first(pulses),
            self.limits.stale_after,
            self.limits.suspect_after,
            self._context.clock.time(),
            sum(book.lag for book in self._books.values()),
            tuple(self._problems.values()),
        )

    async def look(self) -> BeatsView:
        """Look once at everything, tell what is due, and return the picture."""
        await self._load()
        for watch, read in self._watches.items():
            await self._look_at(watch, read)
        self._tell()
        view = self.view
        self._context.bus.publish(PartChanged(view))
        return view

    async def _watch(self) -> None:
        while True:
            await self.look()
            if self._context.clock.monotonic() - self._saved_at >= SAVE_SECONDS:
                await self._keep()
            await asyncio.sleep(self.limits.look_every)

    async def _look_at(self, watch: str, read: Callable[[], Awaitable[Sequence[Beat]]]) -> None:
        book = self._books.get(watch, Book())
        try:
            beats = await read()
        except FleetError as error:
            self._problems[watch] = one_line(f"heartbeats of {watch}: {error}", 300)
            self._books[watch] = missed(book)
            return
        self._problems.pop(watch, None)
        clock = self._context.clock
        self._books[watch] = look(book, beats, clock.monotonic(), clock.time(), self.limits)

    def _tell(self) -> None:
        for watch, book in self._books.items():
            self._books[watch], all_told = due(book, self._context.clock.monotonic(), self.limits)
            for told in all_told:
                self._notice(told)

    def _notice(self, told: Told) -> None:
        text = back_text(told) if told.is_back else stale_text(told, self.limits)
        first = told.pulses[0].beat
        source = first.host or first.name if len(told.pulses) == 1 else "fleet"
        event = "heartbeat-back" if told.is_back else "heartbeat-stale"
        severity = "info" if told.is_back else "warning"
        key = self._context.new_id("hb")
        self._context.notice(key, severity, event, source, text)  # type: ignore[arg-type]

    # --- what beats here ----------------------------------------------------------------------

    def _heard(self, event: Event) -> None:
        if isinstance(event, LifeShown):
            self._context.spawn(self._show(event))

    async def _show(self, event: LifeShown) -> None:
        try:
            if event.has_ended:
                await asyncio.to_thread(beat_files.end, self._folder, event.beat.name)
            else:
                await asyncio.to_thread(beat_files.show, self._folder, event.beat)
        except OSError as error:
            self._problems["write"] = f"a heartbeat cannot be written: {error.strerror}"
        else:
            self._problems.pop("write", None)

    async def _read_here(self) -> Sequence[Beat]:
        try:
            return await asyncio.to_thread(beat_files.read, self._folder)
        except OSError as error:
            raise FleetError(f"cannot be read: {error.strerror}", where=str(self._folder)) from None

    # --- over a restart -----------------------------------------------------------------------

    async def _load(self) -> None:
        if self._is_loaded:
            return
        self._is_loaded = True
        books, saved_at = await asyncio.to_thread(load, self._path, self._boot)
        now = self._context.clock.monotonic()
        gap = max(0.0, now - saved_at) if saved_at is not None else 0.0
        self._books = {
            watch: resumed(book, gap) for watch, book in books.items() if watch in self._watches
        }
        self._saved_at = now

    async def _keep(self) -> None:
        try:
            await asyncio.to_thread(self._save)
        except OSError as error:
            self._problems["keep"] = f"heartbeats cannot be kept: {error.strerror}"
        else:
            self._problems.pop("keep", None)

    def _save(self) -> None:
        self._saved_at = self._context.clock.monotonic()
        save(self._path, dict(self._books), self._saved_at, self._boot)


def picture(watch: str, pulse: Pulse) -> PulseView:
    """Return how the screen is shown a heartbeat."""
    beat = pulse.beat
    return PulseView(
        watch=watch,
        name=beat.name,
        kind=beat.kind,
        host=beat.host,
        state=pulse.state,
        silent_for=pulse.silent,
        word=beat.word,
        doing=beat.doing,
        labels=beat.labels,
        is_paused=beat.is_paused,
        is_foreign=beat.is_foreign,
        history=pulse.history,
        stale_since=pulse.stale_since,
        episodes=pulse.episodes,
    )


def stale_text(told: Told, limits: Limits) -> str:
    """Return the notice of an episode's begin."""
    silent = f"no beat for {limits.stale_after:.0f} s"
    if len(told.names) > 1:
        return f"{len(told.names)} heartbeats are stale ({silent}): {_names(told.names)}"
    beat = told.pulses[0].beat
    holds = f"; it holds {_names(beat.doing)}" if beat.doing else ""
    return f"the heartbeat of {_who(beat)} is stale: {silent}{holds}"


def back_text(told: Told) -> str:
    """Return the notice of an episode's end."""
    gone = all(pulse.stale_since is not None for pulse in told.pulses)
    if len(told.names) > 1:
        what = "were removed" if gone else "are back"
        return f"{len(told.names)} heartbeats {what}: {_names(told.names)}"
    beat = told.pulses[0].beat
    what = "was removed" if gone else "is back"
    return f"the heartbeat of {_who(beat)} {what}"


def _who(beat: Beat) -> str:
    return beat.name if beat.is_foreign else f"{beat.kind} {beat.name}"


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
