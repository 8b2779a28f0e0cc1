from __future__ import annotations

import math
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fleet_tui.journal.entry import LogEntry
from fleet_tui.journal.format import (
    GENESIS,
    chain_mark,
    format_line,
    format_time,
    line_hash,
    parse_line,
)

STAMP = "2026-05-18T14:22:01.123456-05:00"
TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = TEXT | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.none()
KEYS = st.from_regex(r"[a-z][a-z0-9_-]{0,12}", fullmatch=True).filter(
    lambda key: key not in {"n", "prev"}
)


def written(fields: dict[str, str | int | float | None]) -> bytes:
    return format_line(LogEntry("dispatch", fields), stamp=STAMP, sequence=7, prev=GENESIS)


def test_a_line_reads_as_the_design_shows_it() -> None:
    line = written({"run": "r-01J", "host": "droplet", "epoch": 7, "msg": "summarise… it"})

    assert line.decode() == (
        f'{STAMP}  dispatch  run=r-01J host=droplet epoch=7 msg="summarise… it" n=7 prev={GENESIS}'
    )


@given(st.dictionaries(KEYS, VALUES))
@example({"msg": "7", "a": "null", "b": "true", "c": "1e5", "d": "", "e": "-", "f": "007"})
@example({"msg": 'x" n=1 prev=' + GENESIS + "\n" + STAMP + "  result  run=r-1"})
@example({"msg": "\x1b]52;c;x\x07\x9b2J\u202e\u2028\U000e0041\x7f\x85\r"})
def test_any_field_comes_back_and_makes_one_harmless_line(
    fields: dict[str, str | int | float | None],
) -> None:
    line = written(fields)

    parsed = parse_line(line)
    assert dict(parsed.fields) == fields
    assert [type(value) for value in parsed.fields.values()] == [type(v) for v in fields.values()]
    assert (parsed.event, parsed.sequence, parsed.prev) == ("dispatch", 7, GENESIS)
    assert line.decode().isprintable()
    assert len(line.decode().splitlines()) == 1
    assert not {unicodedata.category(c) for c in line.decode()} & {"Cc", "Cf", "Zl", "Zp", "Cs"}


def test_a_lone_surrogate_comes_back() -> None:
    assert parse_line(written({"msg": "a\udc80b"})).fields["msg"] == "a\udc80b"


def test_a_number_that_is_not_finite_is_null() -> None:
    fields = parse_line(written({"cost": math.nan, "budget": math.inf})).fields
    assert dict(fields) == {"cost": None, "budget": None}


def test_a_time_has_microseconds_and_an_offset_and_comes_back() -> None:
    stamp = format_time(1_779_132_121.123456)
    line = format_line(LogEntry("stop", {}), stamp=stamp, sequence=1, prev=GENESIS)
    assert parse_line(line).time == pytest.approx(1_779_132_121.123456, abs=1e-6)
    assert stamp[19] == "."
    assert stamp[26] in "+-"


def test_the_one_line_form_of_a_shell_worker_is_read() -> None:
    line = parse_line(b"2026-05-18T14:22:01-05:00  dispatch  host=nas  msg=set a=b, then run it")
    assert line.event == "dispatch"
    assert dict(line.fields) == {"host": "nas", "msg": "set a=b, then run it"}
    assert line.prev is None
    assert line.time == pytest.approx(1_779_132_121)


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff\xfe\x00", b"hello there", b"2026-99-99T00:00:00Z  x  y", b"a  b  c=\x1b[2J"],
)
def test_a_line_in_no_form_is_kept_and_safe_to_show(data: bytes) -> None:
    line = parse_line(data, number=3, file="fleet.log")
    assert (line.event, line.number) == ("", 3)
    assert "\x1b" not in line.raw


@given(st.binary())
def test_no_bytes_break_the_parser(data: bytes) -> None:
    assert "\n" not in parse_line(data.replace(b"\n", b"")).raw


def test_the_mark_of_a_chained_line_is_found_only_at_its_end() -> None:
    line = written({"msg": f"x n=9 prev={GENESIS}"})
    assert chain_mark(line) == (7, GENESIS)
    assert chain_mark(line + b" more") is None
    assert len(line_hash(line)) == 32


@pytest.mark.parametrize("key", ["n", "prev", "Run", "a b", "", "x="])
def test_a_key_that_would_break_the_form_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="not a key"):
        LogEntry("dispatch", {key: "x"})


def test_an_unknown_event_is_refused() -> None:
    with pytest.raises(ValueError, match="not an event"):
        LogEntry("boom", {})  # type: ignore[arg-type]
