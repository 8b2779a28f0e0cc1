"""When daemons and schedules start: tables over a year, in zones that change their clocks."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from fleet_tui.health.daemons_times import (
    DAYS,
    Daily,
    Due,
    Every,
    Past,
    coming,
    due,
    left_out,
    next_start,
    sane,
)

HOUR = 3600.0
BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 1, 1, tzinfo=UTC).timestamp()


def at(text: str, zone: ZoneInfo = BERLIN, fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).timestamp()


def local(moment: float, zone: ZoneInfo = BERLIN) -> str:
    return datetime.fromtimestamp(moment, zone).isoformat(timespec="minutes")


def starts_of(rhythm: Daily, zone: ZoneInfo, begin: float, days: int, look: float) -> list[float]:
    """Return the starts that a program makes which looks at the clock every `look` seconds."""
    past, now, made = Past(begin), begin, []
    while now < begin + days * 86_400:
        now += look
        found = due(rhythm, past, now, zone)
        if found is not None:
            assert found.at <= now
            made.append(found.at)
            past = replace(past, last_due=found.at)
    return made


@pytest.mark.parametrize(
    "zone",
    [
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",  # half an hour
        "America/Nuuk",  # late in the evening
        "Africa/Cairo",  # at midnight
        "Asia/Kolkata",  # never
    ],
)
@pytest.mark.parametrize("clock", ["00:00", "00:30", "01:30", "02:00", "02:30", "23:00", "23:59"])
def test_a_schedule_starts_exactly_once_on_each_day_of_a_year(zone: str, clock: str) -> None:
    there = ZoneInfo(zone)
    hour, minute = map(int, clock.split(":"))
    begin = datetime(2025, 12, 31, 12, 0, tzinfo=there).timestamp()
    made = starts_of(Daily(hour, minute), there, begin, 366, look=7_200.0)
    days = Counter(datetime.fromtimestamp(moment, there).date() for moment in made)
    year = [date(2026, 1, 1) + timedelta(days=n) for n in range(365)]
    assert [day for day in year if days[day] != 1] == []
    usual = sum(datetime.fromtimestamp(m, there).strftime("%H:%M") == clock for m in made)
    assert usual >= len(made) - 1, "only the day of a gap may differ"


@pytest.mark.parametrize(
    ("clock", "after", "starts"),
    [
        ((2, 30), "2026-03-28T12:00", "2026-03-29T03:30+02:00"),  # skipped: an hour later
        ((2, 0), "2026-03-28T12:00", "2026-03-29T03:00+02:00"),
        ((3, 0), "2026-03-28T12:00", "2026-03-29T03:00+02:00"),
        ((2, 30), "2026-10-24T12:00", "2026-10-25T02:30+02:00"),  # comes twice: the first
        ((7, 30), "2026-06-01T07:30", "2026-06-02T07:30+02:00"),
        ((7, 30), "2026-06-01T07:29", "2026-06-01T07:30+02:00"),
    ],
)
def test_where_the_clocks_change(clock: tuple[int, int], after: str, starts: str) -> None:
    found = next_start(Daily(*clock), Past(at(after)), BERLIN)
    assert found is not None
    assert local(found) == starts


def test_without_a_zone_it_is_the_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    rhythm, past = Daily(2, 30), Past(at("2026-03-28T12:00"))
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        times = coming(rhythm, past, 220)
        assert times == coming(rhythm, past, 220, BERLIN)
        assert due(rhythm, past, times[9] + 1) == due(rhythm, past, times[9] + 1, BERLIN)
    finally:
        monkeypatch.undo()
        time.tzset()


def test_the_second_half_past_two_is_not_a_second_start() -> None:
    rhythm, first = Daily(2, 30), at("2026-10-25T02:30")
    past = Past(START, first)
    assert due(rhythm, past, at("2026-10-25T02:30", fold=1) + 60, BERLIN) is None
    assert local(next_start(rhythm, past, BERLIN) or 0.0) == "2026-10-26T02:30+01:00"


def test_a_day_that_does_not_exist_has_no_start() -> None:
    apia = ZoneInfo("Pacific/Apia")  # went from the 29th to the 31st of December 2011
    rhythm, past = Daily(7, 30), Past(at("2011-12-29T06:00", apia))
    shown = [local(moment, apia) for moment in coming(rhythm, past, 3, apia)]
    assert shown == ["2011-12-29T07:30-10:00", "2011-12-31T07:30+14:00", "2012-01-01T07:30+14:00"]


def test_only_on_its_days() -> None:
    rhythm = Daily(7, 30, frozenset({DAYS.index("mon"), DAYS.index("fri")}))
    times = coming(rhythm, Past(at("2026-11-21T12:00")), 4, BERLIN)
    shown = [datetime.fromtimestamp(moment, BERLIN).strftime("%a %d") for moment in times]
    assert shown == ["Mon 23", "Fri 27", "Mon 30", "Fri 04"]
    assert str(rhythm) == "07:30 mon fri"
    assert str(Daily(0, 5)) == "00:05 daily"


def test_a_daemon_is_due_at_once_and_then_to_the_second() -> None:
    rhythm, past = Every(600.0), Past(START)
    assert due(rhythm, past, START, UTC) == Due(START)
    past = Past(START, START)
    made: list[float] = []
    now = START
    while len(made) < 100:
        now += 1.9  # a program that looks now and then does not shift the row
        found = due(rhythm, past, now, UTC)
        if found is not None:
            made.append(found.at)
            past = replace(past, last_due=found.at)
    assert made == [START + 600.0 * n for n in range(1, 101)]


@pytest.mark.parametrize(
    ("away", "missed"),
    [(0.5, None), (1.01, 0), (1.5, 1), (2.5, 2), (100.5, 100), (10_000.25, 10_000)],
)
def test_after_an_absence_one_start_stands_for_all(away: float, missed: int | None) -> None:
    rhythm, past = Every(HOUR), Past(START, START)
    now = START + away * HOUR
    found = due(rhythm, past, now, UTC)
    if missed is None:
        assert found is None
        return
    assert found is not None
    assert found.missed == missed
    after = replace(past, last_due=found.at)
    assert due(rhythm, after, now, UTC) is None, "only one"
    assert next_start(rhythm, after, UTC) == (now if missed else START + HOUR) + HOUR


@pytest.mark.parametrize(("days", "missed"), [(0.9, None), (1.5, 1), (7.5, 7), (400.5, 400)])
def test_a_schedule_makes_up_one_start(days: float, missed: int | None) -> None:
    rhythm, past = Daily(7, 30), Past(START, at("2026-06-01T07:30"))
    now = at("2026-06-01T07:30") + days * 86_400
    found = due(rhythm, past, now, BERLIN)
    if missed is None:
        assert found is None
        return
    assert found is not None
    assert found.missed == missed
    assert found.first_missed == at("2026-06-02T07:30")
    after = replace(past, last_due=found.at)
    assert due(rhythm, after, now, BERLIN) is None
    coming_up = next_start(rhythm, after, BERLIN)
    assert coming_up is not None
    assert now < coming_up <= now + 86_400


def test_what_is_left_out_is_not_made_up() -> None:
    rhythm, past = Every(60.0), Past(START, START)
    moved = left_out(rhythm, past, START + 200, UTC)
    assert moved.last_due == START + 180
    assert due(rhythm, moved, START + 200, UTC) is None
    assert left_out(rhythm, moved, START + 200, UTC) == moved
    assert left_out(Daily(7, 30), Past(at("2026-06-01T08:00")), at("2026-06-02T07:00"), BERLIN) == (
        Past(at("2026-06-01T08:00"))
    )


def test_a_clock_that_was_set_back_stops_nothing() -> None:
    now = START
    past = sane(Past(START + 9 * 86_400, START + 9 * 86_400), now)
    assert past == Past(now, now)
    assert next_start(Every(HOUR), past, UTC) == now + HOUR
    assert next_start(Daily(7, 30), past, UTC) == now + 31.5 * HOUR, "today counts as done"
    assert sane(Past(1.0, 2.0), now) == Past(1.0, 2.0)
