"""The words by which runs are found."""

from __future__ import annotations

import contextlib
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_tui.model.errors import TargetError, UsageError
from fleet_tui.model.host import Host
from fleet_tui.model.run_filter import EXAMPLE, RunFilter, parse_filter, with_hosts

NOW = 1_795_000_000.0


def test_every_kind_of_word() -> None:
    found = parse_filter(EXAMPLE + " agent:codex mode:read origin:queue cost<=2 until:30m", NOW)
    assert found == RunFilter(
        text=("some text",),
        hosts=("web*",),
        agents=("codex",),
        states=("failed",),
        modes=("read",),
        origins=("queue",),
        min_cost=0.1,
        max_cost=2.0,
        since=NOW - 7200,
        until=NOW - 1800,
    )


def test_words_without_a_name_are_text() -> None:
    found = parse_filter('12:30 http://x "host:web01" c++ ""', NOW)
    assert found.text == ("12:30", "http://x", "host:web01", "c++")
    assert parse_filter("   ", NOW).is_empty


def test_a_state_may_be_named_by_its_outcome() -> None:
    found = parse_filter("state:lost,rate-limited", NOW)
    assert (found.states, found.outcomes) == (("lost",), ("rate-limited",))
    assert parse_filter("state:done", NOW).states == ("succeeded",)


def test_a_day_is_local() -> None:
    found = parse_filter("since:2026-11-20 until:2026-11-20T14:30", NOW)
    assert found.since == datetime(2026, 11, 20).timestamp()
    assert found.until == datetime(2026, 11, 20, 14, 30).timestamp()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("state:failedd", "did you mean failed?"),
        ("agent:gpt", "there are claude, codex, shell"),
        ("since:soon", "'soon' is no time"),
        ("cost:1", "write cost>0.1"),
        ("cost>much", "is no amount"),
        ("cost>nan", "is no amount"),
        ("host:", "host: is empty"),
        ("host>a", "only cost is compared"),
    ],
)
def test_what_is_wrong_is_named(line: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_filter(line, NOW)
    assert said in str(caught.value)


def test_targets_become_names_and_names_stay() -> None:
    hosts = (Host("web01", groups=("web",)), Host("nas"))
    found = with_hosts(parse_filter("host:@web host:gone,n*", NOW), hosts)
    assert found.hosts == ("web01", "gone", "n*")
    assert with_hosts(parse_filter("host:all!nas", NOW), hosts).hosts == ("web01",)
    with pytest.raises(TargetError):
        with_hosts(parse_filter("host:@none", NOW), hosts)


@given(st.text(max_size=40))
def test_no_line_does_anything_else(line: str) -> None:
    with contextlib.suppress(UsageError):
        assert isinstance(parse_filter(line, NOW), RunFilter)
