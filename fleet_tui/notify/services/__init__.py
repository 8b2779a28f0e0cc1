"""The services that notices go to: each makes a request of a message, and reads the response.

Formats as the services document them: ntfy ("Publishing", "Publish as JSON"), Pushover ("API",
"Receipts"), Slack ("Sending messages using incoming webhooks"), Discord ("Execute Webhook", "Rate
Limits"), Teams ("Create incoming webhooks with Workflows").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from fleet_tui.notify.services import discord, ntfy, pushover, slack, teams, webhook

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_tui.notify.message import Message, Request, Response, ServiceAnswer
    from fleet_tui.notify.settings import RouteKind


class Credentials(Protocol):
    """The secrets of a route, resolved; empty texts where there are none."""

    @property
    def url(self) -> str:
        """The address."""

    @property
    def token(self) -> str:
        """The token."""

    @property
    def user(self) -> str:
        """Pushover's user key."""


class Service(Protocol):
    """One service; pure functions in a module."""

    def request(self, message: Message, keys: Credentials) -> Request:
        """Return the request that delivers `message`; raises FleetError for an unusable address."""

    def answer(self, response: Response) -> ServiceAnswer:
        """Say what the response means."""


SERVICES: Mapping[RouteKind, Service] = {
    "ntfy": ntfy,
    "pushover": pushover,
    "slack": slack,
    "discord": discord,
    "teams": teams,
    "webhook": webhook,
}
"""Those that are reached by one HTTP request; `local` and `apprise` are not."""
