"""The routes of `[[notify]]`, and those that the environment names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fleet_tui.model.errors import UsageError
from fleet_tui.model.target import resolve

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_tui.model.config import FleetConfig
    from fleet_tui.model.notice import Severity

RouteKind = Literal["ntfy", "pushover", "slack", "discord", "teams", "webhook", "apprise", "local"]
URL_VARIABLE = "CLAUDE_NOTIFY_URL"
"""Where shell hooks of the field send their notices; understood whatever service it names."""

_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_TOPIC = re.compile(r"/[-_A-Za-z0-9]{1,64}/?")


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a value comes from; it is read when it is needed, and never kept in a file."""

    value: str | None = None
    env: str | None = None
    command: str | None = None

    @property
    def is_given(self) -> bool:
        """True when the configuration names a place."""
        return any((self.value, self.env, self.command))


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Times of day, minutes after midnight, between which only errors are sent."""

    begin: int
    end: int
    zone: ZoneInfo | None
    """None is this machine's zone."""


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` messages in `seconds`."""

    count: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Route:
    """A way on which notices leave the machine."""

    name: str
    kind: RouteKind
    url: Secret = Secret()
    token: Secret = Secret()
    user: Secret = Secret()
    """Pushover's user key."""
    events: frozenset[str] = frozenset()
    """Only these; all when empty."""
    hosts: frozenset[str] | None = None
    """Only what happens there; None is anywhere, and `fleet`."""
    origins: frozenset[str] = frozenset()
    min_severity: Severity = "info"
    quiet: QuietHours | None = None
    rate: Rate | None = None
    escalate_after: float | None = None
    """Seconds for which a notice may go unacknowledged before this route is used at all."""
    digest: float | None = None
    """Seconds for which notices that are no errors are gathered into one message."""
    follows: bool = False
    """Whether what others publish there is taken in; ntfy only."""
    reply: Secret = Secret()
    """The topic on which a phone answers questions; ntfy only."""
    answer_within: float | None = None
    """Seconds for which its buttons work."""
    test_every: float | None = None
    """Seconds after which it is proven again by a test message."""
    dead_man: float | None = None
    """Seconds after which the server itself tells that we are gone; ntfy only."""


def routes_of(config: FleetConfig, environ: Mapping[str, str]) -> tuple[Route, ...]:
    """Return every route, those of the file first; raises UsageError for one that cannot work."""
    entries = cast("tuple[Mapping[str, object], ...]", config.sections.get("notify", ()))
    named: dict[str, Route] = {}
    for number, entry in enumerate(entries, 1):
        route = _route(config, entry, number)
        if route.name in named:
            raise UsageError(
                f"[[notify]] {number}: two routes are called {route.name!r}",
                mend='give one of them another name = "..."',
            )
        named[route.name] = route
    url = environ.get(URL_VARIABLE, "").strip()
    if url and URL_VARIABLE.lower() not in named and not _is_told(named, url, environ):
        named[URL_VARIABLE] = Route(URL_VARIABLE, kind_of(url), Secret(env=URL_VARIABLE))
    return tuple(named.values())


def kind_of(url: str) -> RouteKind:
    """Return the service that a URL belongs to, by its form."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if parts.scheme not in {"http", "https"}:
        return "ntfy" if parts.scheme in {"ntfy", "ntfys"} else "apprise"
    if host == "hooks.slack.com":
        return "slack"
    if host in {"discord.com", "discordapp.com"} and parts.path.startswith("/api/webhooks/"):
        return "discord"
    if host.endswith((".logic.azure.com", ".api.powerplatform.com")):
        return "teams"
    if host == "api.pushover.net":
        return "pushover"
    if _TOPIC.fullmatch(parts.path):
        return "ntfy"
    return "webhook"


def _is_told(routes: Mapping[str, Route], url: str, environ: Mapping[str, str]) -> bool:
    """Return whether a route of the file leads to the same place as the environment's."""
    return any(
        route.url.value == url or (route.url.env and environ.get(route.url.env) == url)
        for route in routes.values()
    )


def _route(config: FleetConfig, entry: Mapping[str, object], number: int) -> Route:
    kind = cast("RouteKind", entry["kind"])
    name = str(entry.get("name", f"{kind}-{number}"))
    where = f"[[notify]] {name}"
    quiet = entry.get("quiet_hours")
    hosts = entry.get("hosts")
    rate = entry.get("rate")
    route = Route(
        name=name,
        kind=kind,
        url=_secret(entry, "url"),
        token=_secret(entry, "token"),
        user=_secret(entry, "user"),
        events=frozenset(cast("tuple[str, ...]", entry.get("events", ()))),
        hosts=None if hosts is None else frozenset(resolve(str(hosts), config.hosts)),
        origins=frozenset(cast("tuple[str, ...]", entry.get("origins", ()))),
        min_severity=cast("Severity", entry.get("min_severity", "info")),
        quiet=None if quiet is None else _quiet(str(quiet), entry.get("timezone"), where),
        rate=None if rate is None else _rate(str(rate)),
        escalate_after=cast("float | None", entry.get("escalate_after")),
        digest=cast("float | None", entry.get("digest")),
        follows=bool(entry.get("follow", False)),
        reply=_secret(entry, "reply"),
        answer_within=cast("float | None", entry.get("answer_within")),
        test_every=cast("float | None", entry.get("test_every")),
        dead_man=cast("float | None", entry.get("dead_man")),
    )
    _refuse_unusable(route, where)
    return route


def _refuse_unusable(route: Route, where: str) -> None:
    needs_url = {"ntfy", "slack", "discord", "teams", "webhook", "apprise"}
    if route.kind in needs_url and not route.url.is_given:
        raise UsageError(
            f"{where}: {route.kind} needs an address",
            mend='give url, url_env = "VARIABLE" or url_command = "program"',
        )
    only_ntfy = {
        "follow": route.follows,
        "reply": route.reply.is_given,
        "dead_man": route.dead_man is not None,
        "answer_within": route.answer_within is not None,
    }
    for key, is_given in only_ntfy.items():
        if is_given and route.kind != "ntfy":
            raise UsageError(f"{where}: only ntfy can have {key}", mend="take that key away")
    if route.kind == "pushover" and not (route.token.is_given and route.user.is_given):
        raise UsageError(
            f"{where}: pushover needs the application's token and the user's key",
            mend="give token_env or token_command, and user_env or user_command",
        )


def _secret(entry: Mapping[str, object], key: str) -> Secret:
    def text(name: str) -> str | None:
        value = entry.get(name)
        return None if value is None else str(value)

    return Secret(text(key), text(f"{key}_env"), text(f"{key}_command"))


def _quiet(hours: str, zone: object, where: str) -> QuietHours:
    def minutes(time: str) -> int:
        hour, minute = time.split(":")
        return int(hour) * 60 + int(minute)

    begin, end = hours.split("-")
    try:
        known = None if zone is None else ZoneInfo(str(zone))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UsageError(
            f"{where}: no time zone is called {str(zone)!r}", mend='one is called "Europe/Berlin"'
        ) from None
    return QuietHours(minutes(begin), minutes(end), known)


def _rate(text: str) -> Rate:
    count, unit = text.split("/")
    return Rate(int(count), _SECONDS[unit])
