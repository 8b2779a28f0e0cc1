"""The topics of the receiver: the newest messages of each, and those who read along."""

from __future__ import annotations

import asyncio
import hmac
import re
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fleet_tui.notify.incoming.publication import Publication

KEPT = 500
"""Messages that are kept of each topic, in memory."""
TOPICS_LIMIT = 16
KEEPALIVE_SECONDS = 45.0
_BRANCH = re.compile(r"[A-Za-z0-9]{1,20}")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class Topics:
    """The receiver's own topic, whose messages are notices, and branches of it (`TOPIC-word`).

    A branch is only kept and passed on: where a phone listens, or answers.
    """

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._kept: dict[str, deque[Publication]] = {}
        self._more: dict[str, asyncio.Event] = {}

    def branch(self, topic: str) -> str | None:
        """Return the branch that a topic names, empty for the topic itself; None for neither."""
        stem, branch = topic[: len(self._secret)], topic[len(self._secret) :]
        is_known = hmac.compare_digest(stem.encode(), self._secret.encode())
        if not is_known or not branch:
            return "" if is_known else None
        name = branch.removeprefix("-")
        return name if branch.startswith("-") and _BRANCH.fullmatch(name) else None

    def put(self, branch: str, publication: Publication) -> bool:
        """Keep a message and pass it on; False when there are too many branches."""
        if branch not in self._kept:
            if len(self._kept) >= TOPICS_LIMIT:
                return False
            self._kept[branch] = deque(maxlen=KEPT)
        kept = self._kept[branch]
        if publication.sequence_id and any(_is_same(one, publication) for one in kept):
            return True  # sent once more, as after a lost answer: it has been told
        kept.append(publication)
        self._more.pop(branch, asyncio.Event()).set()
        return True

    def since(self, branch: str, since: str, now: float) -> list[Publication]:
        """Return what was kept since: `all`, `latest`, an id, Unix seconds, a span like 10m."""
        kept = list(self._kept.get(branch, ()))
        if since in ("all", ""):
            return kept
        if since == "latest":
            return kept[-1:]
        if since == "none":
            return []
        for number, one in enumerate(kept):
            if one.id == since:
                return kept[number + 1 :]
        begin = _moment(since, now)
        return kept if begin is None else [one for one in kept if one.time >= begin]

    async def follow(
        self, branch: str, since: str, now: float
    ) -> AsyncIterator[Publication | None]:
        """Yield what is kept and then what comes; None where nothing came for a while."""
        last = self._kept[branch][-1].id if self._kept.get(branch) else ""
        for publication in self.since(branch, since, now):
            yield publication
        while True:
            waiting = self._more.setdefault(branch, asyncio.Event())
            fresh = self.since(branch, last or "all", now)
            for publication in fresh:
                last = publication.id
                yield publication
            if fresh:
                continue
            try:
                await asyncio.wait_for(waiting.wait(), KEEPALIVE_SECONDS)
            except TimeoutError:
                yield None


def _is_same(one: Publication, other: Publication) -> bool:
    """Tell whether two are one message sent twice, and not a newer word in its place."""
    return (one.sequence_id, one.title, one.message) == (
        other.sequence_id,
        other.title,
        other.message,
    )


def _moment(since: str, now: float) -> float | None:
    if since.isdigit() and len(since) <= 12:
        return float(since)
    unit = _UNITS.get(since[-1:])
    if unit is not None and since[:-1].isdigit() and len(since) <= 10:
        return now - int(since[:-1]) * unit
    return None
