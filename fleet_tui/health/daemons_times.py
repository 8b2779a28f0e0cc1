"""When a daemon or a schedule starts next: pure, the clock and the time zone are handed in.

Times are Unix seconds. A schedule starts exactly once on each of its days: a time of day that the
clocks skip is taken as if they had not been changed yet (02:30 becomes 03:30), one that comes
twice is taken the first time, and a day that a country left out altogether has no start.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from fleet_tui.config.durations import show_duration

if TYPE_CHECKING:
    from datetime import tzinfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LATE_SECONDS = 60.0
"""A start that comes later than so much after its time is one that was missed and is made up."""
_MOST_DAYS = 3660
"""Days that are looked at for a start: a program that was away for longer begins anew."""


@dataclass(frozen=True, slots=True)
class Every:
    """Again and again: the time from one start to the next, in seconds."""

    seconds: float

    def __str__(self) -> str:
        return f"every {show_duration(self.seconds)}"


@dataclass(frozen=True, slots=True)
class Daily:
    """At a time of day, on some days of the week (Monday is 0)."""

    EVERY_DAY: ClassVar[frozenset[int]] = frozenset(range(7))

    hour: int
    minute: int
    days: frozenset[int] = EVERY_DAY

    def __str__(self) -> str:
        at = f"{self.hour:02}:{self.minute:02}"
        if self.days == self.EVERY_DAY:
            return f"{at} daily"
        return " ".join((at, *(DAYS[day] for day in sorted(self.days))))


Rhythm: TypeAlias = Every | Daily


@dataclass(frozen=True, slots=True)
class Past:
    """What is known of earlier starts."""

    since: float
    """When this rhythm was first seen."""
    last_due: float | None = None
    """The time of the last start, or of one that was left out."""


@dataclass(frozen=True, slots=True)
class Due:
    """A start whose time has come."""

    at: float
    """Its time; counts as the last one from now on."""
    missed: int = 0
    """How many starts nobody made, this one included when it is late; it stands for all of them."""
    first_missed: float | None = None


def sane(past: Past, now: float) -> Past:
    """Return the past without a start in the future, as a clock that was set back leaves it."""
    if past.last_due is not None and past.last_due > now:
        past = replace(past, last_due=now)
    return replace(past, since=min(past.since, now))


def next_start(rhythm: Rhythm, past: Past, zone: tzinfo | None = None) -> float | None:
    """Return the time of the first start after those of the past; None when there is none.

    A daemon that never started is due at once, a schedule on its next day. Without a zone it is
    the machine's.
    """
    if isinstance(rhythm, Every):
        return past.since if past.last_due is None else past.last_due + rhythm.seconds
    if past.last_due is None:
        return _next_day(rhythm, _day(past.since, zone), past.since, zone)
    day = _day(past.last_due, zone) + timedelta(days=1)
    return _next_day(rhythm, day, past.last_due, zone)


def due(rhythm: Rhythm, past: Past, now: float, zone: tzinfo | None = None) -> Due | None:
    """Return the start whose time has come; None while it has not.

    After a suspend or a restart many may have: one start stands for all of them. A daemon that is
    late begins a new row of times then, so that its next start does not follow at once.
    """
    first = next_start(rhythm, past, zone)
    if first is None or first > now:
        return None
    last, count = _last(rhythm, first, now, zone)
    if now - first <= LATE_SECONDS:
        return Due(last)
    return Due(now if isinstance(rhythm, Every) else last, count, first)


def left_out(rhythm: Rhythm, past: Past, now: float, zone: tzinfo | None = None) -> Past:
    """Return the past once every start that is due has been left out; the row of times stays."""
    first = next_start(rhythm, past, zone)
    if first is None or first > now:
        return past
    return replace(past, last_due=_last(rhythm, first, now, zone)[0])


def coming(rhythm: Rhythm, past: Past, count: int, zone: tzinfo | None = None) -> tuple[float, ...]:
    """Return the times of the next starts."""
    times: list[float] = []
    while len(times) < count and (at := next_start(rhythm, past, zone)) is not None:
        times.append(at)
        past = replace(past, last_due=at)
    return tuple(times)


def _last(rhythm: Rhythm, first: float, now: float, zone: tzinfo | None) -> tuple[float, int]:
    """Return the last time up to now, and how many there were from the first one."""
    if isinstance(rhythm, Every):
        more = int((now - first) // rhythm.seconds)
        return first + more * rhythm.seconds, more + 1
    last, count = first, 1
    while True:
        at = _next_day(rhythm, _day(last, zone) + timedelta(days=1), last, zone)
        if at is None or at > now:
            return last, count
        last, count = at, count + 1


def _next_day(rhythm: Daily, day: date, after: float, zone: tzinfo | None) -> float | None:
    for _ in range(_MOST_DAYS):
        at = _instant(rhythm, day, zone) if day.weekday() in rhythm.days else None
        if at is not None and at > after:
            return at
        day += timedelta(days=1)
    return None


def _instant(rhythm: Daily, day: date, zone: tzinfo | None) -> float | None:
    """Return when that time of day is on that day; None when the day does not exist there."""
    for fold in (0, 1):  # a gap that ends after midnight is entered from its other side
        moment = datetime(
            day.year, day.month, day.day, rhythm.hour, rhythm.minute, fold=fold, tzinfo=zone
        )
        at = moment.timestamp()
        if _day(at, zone) == day:
            return at
    return None


def _day(at: float, zone: tzinfo | None) -> date:
    return datetime.fromtimestamp(at, UTC).astimezone(zone).date()
