"""Durations are read as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_tui.config.durations import parse_duration, show_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30.0),
        ("10m", 600.0),
        ("2h", 7_200.0),
        ("1d", 86_400.0),
        ("500ms", 0.5),
        ("1h30m", 5_400.0),
        (" 1.5 h ", 5_400.0),
        ("0s", 0.0),
        ("", None),
        ("30", None),
        ("-5s", None),
        ("5 minutes", None),
        ("1e3s", None),
        ("s", None),
        ("٣s", None),
        ("9999999999s", None),
    ],
)
def test_reads(text: str, seconds: float | None) -> None:
    assert parse_duration(text) == seconds


@given(st.integers(1, 10**8))
def test_what_is_shown_is_read_back(seconds: int) -> None:
    assert parse_duration(show_duration(float(seconds))) == seconds
