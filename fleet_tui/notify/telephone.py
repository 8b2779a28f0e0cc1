"""The buttons of questions that lie on topics of our own receiver, and the pressing of one.

An app on a phone follows a route's topic and posts a button's body to the reply topic. Where both
topics are branches of this fleet's receiver, whoever sits here can hold that phone: what is
pressed goes over HTTP like any other answer, and is judged like any other.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fleet_tui.model.errors import FleetError, UsageError
from fleet_tui.model.routes_view import PhoneButton
from fleet_tui.notify import phone
from fleet_tui.notify.incoming.publication import of_subscription
from fleet_tui.notify.message import Request
from fleet_tui.notify.services import ntfy
from fleet_tui.transport.remote_port import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_tui.notify.desk import NoticeDesk
    from fleet_tui.notify.gatebook import GateBook
    from fleet_tui.notify.settings import Route


@dataclass(frozen=True, slots=True)
class _Found:
    """A button as it lies on the topic, and where pressing it leads."""

    shown: PhoneButton
    url: str
    body: str


class Telephone:
    """Reads and presses buttons on loopback, never those of another server."""

    def __init__(self, desk: NoticeDesk, book: GateBook) -> None:
        self._desk = desk
        self._book = book

    async def buttons(self, notice: str) -> tuple[PhoneButton, ...]:
        """Return the newest buttons of a question's notice; raises FleetError, JournalError."""
        return tuple(found.shown for found in await self._find(notice))

    async def press(self, notice: str, decision: str) -> str:
        """Press one; what it is worth is told as a notice. Returns the route it belongs to.

        Raises UsageError when there is no such button, FleetError when it leads nowhere.
        """
        for found in await self._find(notice):
            if found.shown.decision == decision:
                await self._ask("POST", found.url, found.body.encode())
                return found.shown.route
        raise UsageError(
            "no telephone on this machine has such a button",
            mend="answer the question itself: ! in the terminal",
        )

    async def _find(self, notice: str) -> list[_Found]:
        found: dict[str, _Found] = {}
        for route in self._desk.routes.values():
            if not route.reply.is_given:
                continue
            keys = await self._desk.carrier.keys.of(route)
            if self._is_here(keys.url) and self._is_here(keys.reply):
                for one in await self._on_topic(route, keys.url, keys.reply, notice):
                    found[one.shown.decision] = one
        return list(found.values())

    def _is_here(self, url: str) -> bool:
        ways = self._desk.ways
        if ways.settings is None or not url:
            return False
        parts = urlsplit(url)
        is_at_door = (parts.hostname, parts.port) == (LOOPBACK, ways.settings.port)
        return is_at_door and parts.path.startswith(f"/{ways.topic}-")

    async def _on_topic(self, route: Route, url: str, reply: str, notice: str) -> list[_Found]:
        answer = await self._ask("GET", f"{url}/json?poll=1&since=all", b"")
        found = []
        for line in answer.splitlines():
            publication = of_subscription(json.loads(line))
            for action in publication.actions if publication is not None else ():
                one = await self._button(route, reply, notice, action)
                if one is not None:
                    found.append(one)
        return found

    async def _button(
        self, route: Route, reply: str, notice: str, action: Mapping[str, object]
    ) -> _Found | None:
        """Return a button that one of our own questions was sent with, else None."""
        body = str(action.get("body", ""))
        known = await asyncio.to_thread(self._book.find, phone.gate_named(body))
        decision = phone.decision_named(body)
        if known is None or known[1] != notice or decision is None or action.get("url") != reply:
            return None
        gate, _, is_used = known
        return _Found(PhoneButton(decision, route.name, gate.expires_at, is_used), reply, body)

    async def _ask(self, method: str, url: str, body: bytes) -> bytes:
        ntfy.place(url)  # an address that is none is told without it: it is a secret
        try:
            response = await self._desk.carrier.ask(Request(method, url, body))
        except OSError as error:
            raise FleetError(f"the receiver of this fleet does not answer: {error}") from None
        if response.status != 200:
            raise FleetError(f"the receiver of this fleet said {response.status}")
        return response.body
