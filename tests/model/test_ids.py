"""Identifiers sort by time, are well formed, and have a short form."""

from hypothesis import given
from hypothesis import strategies as st

from fleet_tui.model.ids import ID_PATTERN, short, ulid

times = st.integers(0, 2**48 - 1)
randoms = st.integers(0, 2**80 - 1)


@given(times, randoms)
def test_an_identifier_is_26_crockford_characters(milliseconds: int, randomness: int) -> None:
    assert ID_PATTERN.fullmatch(f"r-{ulid(milliseconds, randomness)}")


@given(times, randoms, times, randoms)
def test_text_order_is_time_order(
    first_time: int, first: int, second_time: int, second: int
) -> None:
    pairs = (first_time, first) < (second_time, second)
    assert pairs == (ulid(first_time, first) < ulid(second_time, second))


def test_the_specification_s_time_part() -> None:
    """`01ARYZ6S41` is 1469918176385, the example of https://github.com/ulid/javascript."""
    assert ulid(1_469_918_176_385, 0) == "01ARYZ6S41" + "0" * 16


def test_the_short_form_keeps_kind_and_end() -> None:
    assert short("r-01ARYZ6S41TSV4RRFFQ69G5FAV") == "r-9G5FAV"
    assert short("01ARYZ6S41TSV4RRFFQ69G5FAV") == "9G5FAV"
