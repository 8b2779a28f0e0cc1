"""Which notice goes where, and when: rules, quiet hours, rates, retries."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_tui.model.config import FleetConfig
from fleet_tui.model.errors import UsageError
from fleet_tui.model.host import Host
from fleet_tui.model.notice import Notice
from fleet_tui.notify import retry
from fleet_tui.notify.routing import MAX_HOPS, Bucket, choose, first_due, quiet_until
from fleet_tui.notify.settings import URL_VARIABLE, QuietHours, Rate, Route, kind_of, routes_of

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = QuietHours(22 * 60, 7 * 60, BERLIN)
ROUTE = Route("phone", "ntfy")
NOTICE = Notice("n", 0.0, "warning", "run-failed", "web01", "text")


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp()


@pytest.mark.parametrize(
    ("changes", "choice"),
    [
        ({}, "send"),
        ({"min_severity": "error"}, "skip"),
        ({"min_severity": "warning"}, "send"),
        ({"events": frozenset({"host-lost"})}, "skip"),
        ({"events": frozenset({"run-failed"})}, "send"),
        ({"hosts": frozenset({"nas"})}, "skip"),
        ({"hosts": frozenset({"web01"})}, "send"),
        ({"origins": frozenset({"fleet"})}, "send"),
        ({"origins": frozenset({"phone-topic"})}, "skip"),
        ({"digest": 3600.0}, "digest"),
    ],
)
def test_a_rule_decides(changes: dict[str, object], choice: str) -> None:
    assert choose(replace(ROUTE, **changes), NOTICE) == choice  # type: ignore[arg-type]


def test_an_error_is_in_no_digest() -> None:
    assert choose(replace(ROUTE, digest=60.0), replace(NOTICE, severity="error")) == "send"


def test_what_came_in_on_a_route_does_not_leave_on_it() -> None:
    assert choose(ROUTE, NOTICE, origin="phone") == "skip"
    assert choose(ROUTE, NOTICE, origin="other") == "send"
    assert choose(ROUTE, NOTICE, origin="other", hops=MAX_HOPS) == "skip"


@pytest.mark.parametrize(
    ("now", "end"),
    [
        ("2026-05-21T23:00", "2026-05-22T07:00"),
        ("2026-05-22T06:59", "2026-05-22T07:00"),
        ("2026-05-22T07:00", "2026-05-22T07:00"),
        ("2026-05-22T12:00", "2026-05-22T12:00"),
        ("2026-10-24T23:00", "2026-10-25T07:00"),
    ],
)
def test_quiet_hours_end_in_their_own_zone(now: str, end: str) -> None:
    assert quiet_until(NIGHT, at(now)) == at(end)


def test_quiet_hours_of_a_day() -> None:
    noon = QuietHours(12 * 60, 13 * 60, BERLIN)
    assert quiet_until(noon, at("2026-05-22T12:30")) == at("2026-05-22T13:00")
    assert quiet_until(noon, at("2026-05-22T13:30")) == at("2026-05-22T13:30")


def test_an_error_is_not_held_back() -> None:
    route = replace(ROUTE, quiet=NIGHT)
    night = at("2026-05-21T23:00")
    assert first_due(route, replace(NOTICE, severity="error"), "send", night) == night
    assert first_due(route, NOTICE, "send", night) == at("2026-05-22T07:00")


def test_escalation_and_digest_wait_their_time() -> None:
    assert first_due(replace(ROUTE, escalate_after=600.0), NOTICE, "send", 0.0) == 600.0
    assert first_due(replace(ROUTE, digest=3600.0), NOTICE, "digest", 4000.0) == 7200.0


@given(st.lists(st.floats(0, 30), max_size=200), st.integers(1, 5), st.floats(1, 60))
def test_a_bucket_never_gives_more_than_its_rate(
    steps: list[float], count: int, seconds: float
) -> None:
    bucket = Bucket(Rate(count, seconds))
    now, given_at = 0.0, list[float]()
    for step in steps:
        now += step
        if bucket.take(now) == 0.0:
            given_at.append(now)
    for index, start in enumerate(given_at):
        within = [t for t in given_at[index:] if t < start + seconds * 0.999]
        assert len(within) <= 2 * count


def test_a_bucket_says_how_long_to_wait() -> None:
    bucket = Bucket(Rate(2, 10.0))
    assert (bucket.take(0.0), bucket.take(0.0)) == (0.0, 0.0)
    assert bucket.take(0.0) == pytest.approx(5.0)
    assert bucket.take(5.0) == 0.0


@given(
    st.integers(1, retry.MAX_ATTEMPTS - 1),
    st.none() | st.floats(0, 3600),
    st.floats(0, 1, exclude_max=True),
)
def test_a_retry_never_undercuts_what_was_asked(
    attempts: int, asked: float | None, luck: float
) -> None:
    pause = retry.wait(attempts, asked, luck)
    assert pause is not None
    assert pause >= (asked if asked is not None else retry.FIRST / 2)
    assert pause <= max(retry.LONGEST, (asked or 0.0) * 1.1 + 1.0)


def test_retries_end() -> None:
    assert retry.wait(retry.MAX_ATTEMPTS, 1.0, 0.5) is None


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://ntfy.sh/abc_DEF-1", "ntfy"),
        ("https://ntfy.example.net:8443/topic", "ntfy"),
        ("ntfys://host/topic", "ntfy"),
        ("https://hooks.slack.com/services/T/B/x", "slack"),
        ("https://discord.com/api/webhooks/1/abc", "discord"),
        ("https://prod-1.westeurope.logic.azure.com/workflows/x?sig=y", "teams"),
        ("https://default.environment.api.powerplatform.com/x?sig=y", "teams"),
        ("https://api.pushover.net/1/messages.json", "pushover"),
        ("https://example.net/hooks/deep/path", "webhook"),
        ("gotify://host/token", "apprise"),
    ],
)
def test_a_url_says_its_service(url: str, kind: str) -> None:
    assert kind_of(url) == kind


def fleet(*entries: dict[str, object]) -> FleetConfig:
    hosts = (Host("web01", groups=("web",)), Host("nas"))
    return FleetConfig(hosts=hosts, sections={"notify": entries})


def test_the_environment_is_a_route_of_its_own() -> None:
    [route] = routes_of(fleet(), {URL_VARIABLE: "https://ntfy.sh/topic"})
    assert (route.name, route.kind, route.url.env) == (URL_VARIABLE, "ntfy", URL_VARIABLE)
    told: dict[str, object] = {"kind": "ntfy", "url": "https://ntfy.sh/topic"}
    assert len(routes_of(fleet(told), {URL_VARIABLE: "https://ntfy.sh/topic"})) == 1


def test_keys_of_a_route_are_read() -> None:
    [route] = routes_of(
        fleet(
            {
                "kind": "webhook",
                "url": "http://x/y",
                "hosts": "@web",
                "rate": "10/h",
                "quiet_hours": "22:00-07:00",
                "timezone": "Europe/Berlin",
            }
        ),
        {},
    )
    assert route.name == "webhook-1"
    assert (route.hosts, route.rate, route.quiet) == (frozenset({"web01"}), Rate(10, 3600.0), NIGHT)


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({"kind": "slack"}, "slack needs an address"),
        ({"kind": "pushover", "token_env": "T"}, "the user's key"),
        (
            {"kind": "local", "quiet_hours": "22:00-07:00", "timezone": "Mars/Olympus"},
            "no time zone is called 'Mars/Olympus'",
        ),
    ],
)
def test_a_route_that_cannot_work_is_said(entry: dict[str, object], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        routes_of(fleet(entry), {})


def test_two_routes_of_one_name_are_refused() -> None:
    entry: dict[str, object] = {"kind": "local", "name": "a"}
    with pytest.raises(UsageError, match="two routes are called 'a'"):
        routes_of(fleet(entry, entry), {})
