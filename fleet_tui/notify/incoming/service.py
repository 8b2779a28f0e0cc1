"""All ways in: the receiver with its doors, when fleet.toml wants one, and the followed topics."""

from __future__ import annotations

import asyncio
import os
import secrets
from typing import TYPE_CHECKING

from fleet_tui.model.errors import FleetError
from fleet_tui.notify.incoming.entrance import Entrance
from fleet_tui.notify.incoming.inbox import Inbox
from fleet_tui.notify.incoming.message import incoming_of
from fleet_tui.notify.incoming.receiver import Receiver
from fleet_tui.notify.incoming.settings import receiver_settings
from fleet_tui.notify.incoming.subscription import Place, Subscription
from fleet_tui.notify.incoming.topics import Topics
from fleet_tui.notify.settings import URL_VARIABLE
from fleet_tui.transport.remote_port import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fleet_tui.context import FleetContext
    from fleet_tui.notify.desk import NoticeDesk
    from fleet_tui.notify.incoming.publication import Publication
    from fleet_tui.notify.settings import Route

TOPIC_NOTE = "receiver-topic"
TOPIC_LENGTH = 16
"""Characters that a topic from the environment must have at least: it is a password."""


class Ways:
    """Opens the ways in when it is started."""

    def __init__(
        self,
        context: FleetContext,
        desk: NoticeDesk,
        changed: Callable[[], None],
        environ: Mapping[str, str] = os.environ,
    ) -> None:
        self._context = context
        self._desk = desk
        self._changed = changed
        self._environ = environ
        self.inbox = Inbox(desk)
        self.settings = receiver_settings(context.config)
        self.receiver: Receiver | None = None
        self.entrance: Entrance | None = None
        self.followed: dict[str, Subscription] = {}
        """The topics that are followed, by route."""
        self._following: list[asyncio.Task[None]] = []

    @property
    def topic(self) -> str:
        """The receiver's topic; raises FleetError for one of the environment that is no secret."""
        name = self.settings.topic_env if self.settings else ""
        if name:
            given = self._environ.get(name, "").strip()
            is_word = all(char.isalnum() or char == "_" for char in given) and given.isascii()
            if len(given) < TOPIC_LENGTH or not is_word:
                raise FleetError(
                    f"{name} holds no topic of {TOPIC_LENGTH} letters and digits or more",
                    where="[receiver] topic_env",
                    mend="take that key away, and a topic is made and kept here",
                )
            return given
        if self.settings and self.settings.topic:
            return self.settings.topic
        known = self._desk.outbox.note(TOPIC_NOTE)
        if known is None:
            known = secrets.token_hex(16)
            self._desk.outbox.remember(TOPIC_NOTE, known)
        return known

    def url_for(self, host: str) -> str:
        """Return the receiver's address as `host` sees it; empty when it may not send."""
        if self.settings is None or host not in self.settings.hosts:
            return ""
        return f"http://{LOOPBACK}:{self.settings.port}/{self.topic}"

    def variables_for(self, host: str) -> dict[str, str]:
        """Return what runs on `host` get in their environment, so that they can tell us."""
        try:
            url = self.url_for(host)
        except FleetError:  # told at the start; a run does not fail for it
            return {}
        return {URL_VARIABLE: url} if url else {}

    async def start(self) -> None:
        """Open what is configured; a way that cannot be opened is told and stops nothing else."""
        if not self._following:
            self._follow_routes()
        if self.settings is None or self.receiver is not None:
            return
        try:
            topic = await asyncio.to_thread(lambda: self.topic)
            self.receiver = Receiver(self._context, self.inbox, Topics(topic))
            url = f"http://{LOOPBACK}:{self.settings.port}/{topic}"
            self.entrance = Entrance(
                self._context, self.settings, self.receiver.server, url, self._changed
            )
            await self.entrance.open()
        except FleetError as error:
            self._context.notice("receiver", "error", "receiver-failed", "fleet", str(error))

    def _follow_routes(self) -> None:
        for route in self._desk.routes.values():
            if route.follows:
                subscription = self._subscription(route)
                self.followed[route.name] = subscription
                self._following.append(asyncio.create_task(subscription.run()))

    def _subscription(self, route: Route) -> Subscription:
        async def where() -> Place:
            keys = await self._desk.carrier.keys.of(route)
            return Place(keys.url, keys.token)

        async def take(publication: Publication) -> None:
            incoming = incoming_of(publication)
            await self.inbox.take(incoming, route.name, route.name, hears_us=True)

        return Subscription(
            route.name, where, take, self._desk.outbox, self._desk.now, self._changed
        )

    async def close(self) -> None:
        """Close every way in."""
        for task in self._following:
            task.cancel()
        await asyncio.gather(*self._following, return_exceptions=True)
        if self.entrance is not None:
            await self.entrance.close()
        if self.receiver is not None:
            await self.receiver.close()
