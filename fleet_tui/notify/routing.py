"""Which notice goes on which route, and when. Pure: no clock, no I/O."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from fleet_tui.model.notice import Notice, Severity
    from fleet_tui.notify.settings import QuietHours, Rate, Route

RANK: dict[Severity, int] = {"info": 0, "warning": 1, "error": 2}
MAX_HOPS = 3
"""Fleets that a notice may pass through; beyond it two of them are telling each other."""

QUESTION_ASKED = "question-asked"
"""The event of what an agent asks; it is not gathered where it can be answered."""

Choice = Literal["send", "digest", "skip"]


def choose(route: Route, notice: Notice, *, origin: str = "", hops: int = 0) -> Choice:
    """Return whether `notice` goes on `route`, at once or gathered with others.

    `origin` is where it came from when another program sent it: the route's own name, or the
    sender. What came in on a route never goes out on it again.
    """
    if hops >= MAX_HOPS or (origin and origin == route.name):
        return "skip"
    if RANK[notice.severity] < RANK[route.min_severity]:
        return "skip"
    if route.events and notice.event not in route.events:
        return "skip"
    if route.hosts is not None and notice.source not in route.hosts:
        return "skip"
    if route.origins and (origin or "fleet") not in route.origins:
        return "skip"
    waits_for_an_answer = notice.event == QUESTION_ASKED and route.reply.is_given
    if route.digest is not None and notice.severity != "error" and not waits_for_an_answer:
        return "digest"
    return "send"


def first_due(route: Route, notice: Notice, choice: Choice, now: float) -> float:
    """Return when, Unix seconds, the first message about `notice` may leave on `route`."""
    due = now
    if route.escalate_after is not None:
        due = max(due, notice.at + route.escalate_after)
    if choice == "digest" and route.digest is not None:
        due = max(due, (now // route.digest + 1) * route.digest)
    if notice.severity != "error" and route.quiet is not None:
        due = max(due, quiet_until(route.quiet, due))
    return due


def quiet_until(quiet: QuietHours, at: float) -> float:
    """Return the end of the quiet hours that `at` (Unix seconds) lies in, else `at`."""
    local = datetime.fromtimestamp(at, tz=quiet.zone).astimezone(quiet.zone)
    minute = local.hour * 60 + local.minute
    if quiet.begin <= quiet.end:
        is_quiet = quiet.begin <= minute < quiet.end
        days = 0
    else:
        is_quiet = minute >= quiet.begin or minute < quiet.end
        days = 1 if minute >= quiet.begin else 0
    if not is_quiet:
        return at
    end = local.replace(hour=quiet.end // 60, minute=quiet.end % 60, second=0, microsecond=0)
    return (end + timedelta(days=days)).timestamp()


class Bucket:
    """A token bucket over an owned clock: `take` says how long to wait for the next message."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._tokens = float(rate.count)
        self._at: float | None = None

    def take(self, now: float) -> float:
        """Take one message at `now` (seconds); returns 0, or the seconds until one is free."""
        per_token = self._rate.seconds / self._rate.count
        if self._at is not None:
            grown = max(0.0, now - self._at) / per_token
            self._tokens = min(float(self._rate.count), self._tokens + grown)
        self._at = now
        if self._tokens >= 1.0 - 1e-9:
            self._tokens -= 1.0
            return 0.0
        return (1.0 - self._tokens) * per_token
