"""When a heartbeat is suspect, stale and back: a pure reducer of what one watch saw.

No clock of another machine is looked at. A heartbeat has an age because its counter did not change
while *we* were looking, by our own monotonic clock. Time in which we did not look (our loop was
late, the machine slept, the queue's host was away) is no sign of anybody's death and is left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fleet_tui.model.beats_view import PulseState
    from fleet_tui.model.task import Beat

HISTORY = 48
"""Pauses between beats that are remembered."""
LATE_FACTOR = 3.0
"""A look that comes later than so many intervals was late: only that much of it counts."""
LOOKS_TO_STALE = 2
"""Silent looks in a row, while suspect, before a heartbeat is called stale."""
BEATS_TO_RECOVER = 2
"""Beats after which a stale one counts as alive: one may be a last gasp or a re-read file."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Thresholds in seconds."""

    stale_after: float
    look_every: float
    hold: float
    """How long a change of state waits for others, so that many at once are one notice."""

    @classmethod
    def of(cls, stale_after: float) -> Limits:
        """Return what fits a threshold: a look every tenth of it, at most every five seconds."""
        every = max(0.05, min(5.0, stale_after / 10))
        return cls(stale_after, every, hold=2 * every)

    @property
    def suspect_after(self) -> float:
        """Silence from which a heartbeat is worth a look."""
        return self.stale_after * 0.6


@dataclass(frozen=True, slots=True)
class Pulse:
    """What is known of one heartbeat. Times are seconds in which we were looking."""

    beat: Beat
    state: PulseState = "new"
    silent: float = 0.0
    """Since the last change that we saw."""
    silent_looks: int = 0
    """Looks since it became suspect or new, at which it had not changed."""
    returned: int = 0
    """Beats since it went stale."""
    history: tuple[float, ...] = ()
    stale_since: float | None = None
    """Unix seconds of our clock; None outside an episode."""
    episodes: int = 0
    was_told: bool = False
    """True once the notice of this episode went out."""


@dataclass(frozen=True, slots=True)
class Told:
    """One notice: these heartbeats went stale, or are back (or were removed)."""

    is_back: bool
    names: tuple[str, ...]
    pulses: tuple[Pulse, ...] = ()


@dataclass(frozen=True, slots=True)
class Book:
    """All heartbeats of one watch."""

    pulses: Mapping[str, Pulse] = field(default_factory=dict)
    looked_at: float | None = None
    """Our monotonic clock at the last look; None when the next one starts anew."""
    lag: float = 0.0
    """Seconds that were left out."""
    falling_since: float | None = None
    """Monotonic time of the oldest stale one that nobody was told of yet."""
    rising: tuple[Pulse, ...] = ()
    """Those that are back, not told yet."""
    rising_since: float | None = None


def look(book: Book, beats: Iterable[Beat], at: float, wall: float, limits: Limits) -> Book:
    """Take in what the watch saw at monotonic time `at` (Unix time `wall`)."""
    gone = 0.0 if book.looked_at is None else max(0.0, at - book.looked_at)
    counted = min(gone, LATE_FACTOR * limits.look_every)
    pulses: dict[str, Pulse] = {}
    back: list[Pulse] = []
    for beat in beats:
        known = book.pulses.get(beat.name)
        if known is None:
            pulses[beat.name] = Pulse(beat)
            continue
        pulse = _step(known, beat, counted, wall, limits)
        pulses[beat.name] = pulse
        if known.was_told and pulse.state == "fresh":
            back.append(pulse)
            pulses[beat.name] = replace(pulse, was_told=False)
    back += [p for name, p in book.pulses.items() if name not in pulses and p.was_told]
    untold = any(p.state == "stale" and not p.was_told for p in pulses.values())
    rising = (*book.rising, *back)
    return Book(
        pulses,
        at,
        book.lag + gone - counted,
        (book.falling_since if book.falling_since is not None else at) if untold else None,
        rising,
        (book.rising_since if book.rising_since is not None else at) if rising else None,
    )


def missed(book: Book) -> Book:
    """Take note that nothing could be read: nobody ages until the next look."""
    return replace(book, looked_at=None)


def resumed(book: Book, gap: float) -> Book:
    """Take up a book that was kept while nobody looked for `gap` seconds of the same clock.

    Who has not changed by the next look was silent for that time too.
    """
    older = {name: replace(p, silent=p.silent + gap) for name, p in book.pulses.items()}
    return replace(book, pulses=older, looked_at=None, falling_since=None)


def due(book: Book, at: float, limits: Limits) -> tuple[Book, tuple[Told, ...]]:
    """Return the notices that are due at monotonic time `at`, and the book that has told them."""
    told: list[Told] = []
    if book.falling_since is not None and at - book.falling_since >= limits.hold:
        new = {n: p for n, p in book.pulses.items() if p.state == "stale" and not p.was_told}
        told.append(Told(False, tuple(new), tuple(new.values())))
        marked = {n: replace(p, was_told=True) for n, p in new.items()}
        book = replace(book, pulses={**book.pulses, **marked}, falling_since=None)
    if book.rising_since is not None and at - book.rising_since >= limits.hold:
        names = tuple(pulse.beat.name for pulse in book.rising)
        told.append(Told(True, names, book.rising))
        book = replace(book, rising=(), rising_since=None)
    return book, tuple(told)


def _step(pulse: Pulse, beat: Beat, counted: float, wall: float, limits: Limits) -> Pulse:
    if beat.counter != pulse.beat.counter:
        return _beaten(pulse, beat, pulse.silent + counted, limits)
    silent = pulse.silent + counted
    looks = pulse.silent_looks + 1
    state = pulse.state
    if pulse.stale_since is not None:
        if state == "suspect" and silent >= limits.suspect_after:
            return replace(pulse, beat=beat, state="stale", silent=silent, returned=0)
        return replace(pulse, beat=beat, silent=silent)
    if state == "fresh" and silent >= limits.suspect_after:
        return replace(pulse, beat=beat, state="suspect", silent=silent, silent_looks=1)
    if state != "fresh" and silent >= limits.stale_after and looks >= LOOKS_TO_STALE:
        return replace(
            pulse,
            beat=beat,
            state="stale",
            silent=silent,
            silent_looks=looks,
            returned=0,
            stale_since=wall,
            episodes=pulse.episodes + 1,
        )
    return replace(pulse, beat=beat, silent=silent, silent_looks=looks)


def _beaten(pulse: Pulse, beat: Beat, pause: float, limits: Limits) -> Pulse:
    history = (*pulse.history, pause)[-HISTORY:]
    alive = replace(pulse, beat=beat, silent=0.0, silent_looks=0, history=history)
    if pulse.stale_since is None:
        return replace(alive, state="fresh")
    returned = pulse.returned + 1 if pause < limits.stale_after or pulse.returned == 0 else 1
    if returned < BEATS_TO_RECOVER:
        return replace(alive, state="suspect", returned=returned)
    return replace(alive, state="fresh", returned=0, stale_since=None)
