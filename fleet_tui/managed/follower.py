"""Follows one session: a stream that cannot be taken up again, made whole by the list.

The stream has no cursor, so a new one is opened first, then everything that happened is listed,
and what both tell is taken once, by the event's id. A broken stream is opened again after a pause
that grows. Source: the SDK's own `SessionToolRunner` does the same.
"""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import aclosing
from typing import TYPE_CHECKING

from fleet_tui.managed.faults import CloudError
from fleet_tui.managed.story import Story
from fleet_tui.model.errors import FleetError
from fleet_tui.model.managed_view import OVER

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_tui.managed.cloud import Answered, Cloud
    from fleet_tui.managed.door import Door
    from fleet_tui.managed.patience import Patience

LOOK_SECONDS = 30.0
"""How often the service is asked for its word on a session that is silent."""
HOPELESS = ("auth", "billing", "forbidden")
"""Faults after which nothing is tried before the longest pause."""
HOPELESS_FAILURES = 99


class Follower:
    """Keeps a story up to date until the session is over; `told` hears of every change."""

    def __init__(
        self,
        session: str,
        door: Door,
        patience: Patience,
        told: Callable[[Follower], None],
        *,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self.session = session
        self.story = Story()
        self.trouble = ""
        """Why the service is not heard now; empty while it is."""
        self.model = ""
        self.is_live = asyncio.Event()
        """Set once all that happened is known, and what happens is heard."""
        self._door = door
        self._patience = patience
        self._told = told
        self._look_seconds = look_seconds
        self._failures = 0
        self._changed = asyncio.Event()

    async def changed(self) -> None:
        """Return after the next change, once it has been told."""
        await self._changed.wait()

    async def run(self) -> None:
        """Follow until it is over."""
        while self.story.state not in OVER:
            try:
                await self._follow()
                self._lost("the stream ended")
            except CloudError as error:
                if error.kind == "gone":
                    self.story.state = "gone"
                    self.trouble = ""
                    self._tell()
                    return
                self._lost(error.what)
                if error.kind in HOPELESS:
                    self._failures = HOPELESS_FAILURES
                self._door.heard(error)
            except FleetError as error:  # no library, or no key
                self._lost(str(error))
                self._failures = HOPELESS_FAILURES
            if self.story.state not in OVER:
                await self._patience.sleep(self._patience.pause(max(self._failures, 1)))

    async def _follow(self) -> None:
        cloud = await self._door.open()
        async with aclosing(cloud.stream(self.session)) as stream:
            await anext(stream)
            for past in await self._patience.ask(lambda: cloud.events(self.session)):
                self.story.take(past)
            await self._look(cloud)
            self.trouble = ""
            self.is_live.set()
            self._tell()
            looking = asyncio.create_task(self._keep_looking(cloud))
            try:
                async for event in stream:
                    self._failures = 0
                    if event is not None and self.story.take(event):
                        self._tell()
                    if self.story.state in OVER:
                        return
            finally:
                looking.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await looking

    async def _keep_looking(self, cloud: Cloud) -> None:
        """Ask for the service's word again and again: silence of a stream proves nothing."""
        while True:
            await asyncio.sleep(self._look_seconds)
            try:
                await self._look(cloud)
            except CloudError as error:
                self.trouble = error.what
            else:
                self.trouble = ""
            self._tell()

    async def _look(self, cloud: Cloud) -> None:
        heard = self.story.states_heard
        said = await self._patience.ask(lambda: cloud.look(self.session))
        self._take(said, is_fresh=heard == self.story.states_heard)

    def _take(self, said: Answered, *, is_fresh: bool) -> None:
        """Take what the service says; an event that came meanwhile is newer than its state."""
        story = self.story
        self.model = said.model or self.model
        if said.cost_usd is not None:
            story.cost_usd = max(said.cost_usd, story.cost_usd or 0.0)
        if said.is_archived:
            story.state = "archived"
        elif said.state is not None and is_fresh:
            story.hear_state(said.state)

    def _lost(self, why: str) -> None:
        self.is_live.clear()
        self._failures += 1
        self.trouble = why
        self._tell()

    def _tell(self) -> None:
        self._told(self)
        self._changed.set()
        self._changed = asyncio.Event()
