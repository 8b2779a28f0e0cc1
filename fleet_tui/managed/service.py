"""The cloud sessions of a fleet: kept in its store, followed while the screen or a command asks."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from fleet_tui.journal.managed import ManagedRows
from fleet_tui.journal.owner import is_alive
from fleet_tui.managed.cloud import INSTALL, has_library
from fleet_tui.managed.door import Door
from fleet_tui.managed.faults import CloudError
from fleet_tui.managed.follower import LOOK_SECONDS, Follower
from fleet_tui.managed.key import missing_key
from fleet_tui.managed.logbook import Logbook
from fleet_tui.managed.orders import Orders
from fleet_tui.managed.patience import Patience
from fleet_tui.managed.settings import missing, settings_of
from fleet_tui.managed.story import Story
from fleet_tui.managed.telling import tell
from fleet_tui.model.errors import FleetError, UsageError
from fleet_tui.model.events import PartChanged
from fleet_tui.model.managed_view import OVER, RESTING, ManagedRow, ManagedView

if TYPE_CHECKING:
    from fleet_tui.context import FleetContext
    from fleet_tui.model.managed_view import ManagedAsk, ManagedSession
    from fleet_tui.model.snapshot import ViewLine

TABLE_SECONDS = 2.0
"""How often the table is looked at for what other programs of this machine have begun."""
PICTURE_SECONDS = 0.1
FOLLOWED_AT_ONCE = 50
LOOKED_AT_ONCE = 8
HEARD_SECONDS = 10.0
"""How old the kept word may be before a newer one that says the same is written down."""
ENOUGH_EVENTS = 100
SENDING_SECONDS = 30.0
"""How long a text may be on its way."""


class ManagedAgents:
    """Starts, follows and ends sessions; part of a fleet. Raises UsageError for bad settings."""

    def __init__(
        self,
        context: FleetContext,
        *,
        patience: Patience | None = None,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self._context = context
        self.settings = settings_of(context.config)
        self._patience = patience or Patience()
        self._look_seconds = look_seconds
        self._rows = ManagedRows(context.store)
        self._door = Door(self.settings)
        self.orders = Orders(
            context,
            self.settings,
            self._rows,
            self._door,
            Logbook(context),
            self._patience,
            self.today,
        )
        self._followers: dict[str, Follower] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._keeper: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._shown: ManagedView | None = None

    async def start(self) -> None:
        """Follow every session that is not over, also those that other programs begin."""
        if self._keeper is None:
            self._keeper = asyncio.create_task(self._keep())

    async def close(self) -> None:
        """Stop following; the sessions go on in the cloud and are found again."""
        tasks = [task for task in (self._keeper, *self._tasks.values()) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._timer is not None:
            self._timer.cancel()
        await self._door.close()

    def today(self) -> str:
        """Return the day, as the costs are counted."""
        return datetime.fromtimestamp(self._context.clock.time()).date().isoformat()

    def problem(self) -> str:
        """Return why no session can be started, with the mend; empty if one can."""
        lacking = missing(self.settings)
        return self.deafness() or (str(lacking) if lacking else "")

    def deafness(self) -> str:
        """Return why the service cannot be heard at all, with the mend; empty if it can."""
        if not has_library():
            return f"the anthropic library is not installed ({INSTALL})"
        why = missing_key(self.settings)
        return f"{why} (set it, or name a program in key_command)" if why else ""

    # --- what is known ----------------------------------------------------------------------

    def sessions(self, limit: int = 200) -> list[ManagedSession]:
        """Return the newest sessions, newest first."""
        return self._rows.all(limit)

    def named(self, word: str) -> ManagedSession:
        """Return the one session that a person means; raises UsageError."""
        found = self._rows.named(word) if word else []
        if len(found) == 1:
            return found[0]
        what = "is the end of several ids" if found else "is no session of this fleet"
        raise UsageError(f"{word!r} {what}", mend="see `fleet-tui managed list`")

    def row(self, session: ManagedSession) -> ManagedRow:
        """Return a session with what following it tells."""
        follower = self._followers.get(session.id)
        if follower is None:
            return ManagedRow(session)
        story = follower.story
        return ManagedRow(session, story.asks, story.changes, follower.trouble)

    def view(self) -> ManagedView:
        """Return the picture for faces."""
        sums = self._rows.sums(self.today())
        return ManagedView(
            rows=tuple(self.row(session) for session in self._rows.all()),
            problem=self.problem(),
            spent_usd=sums.spent_usd,
            reserved_usd=sums.reserved_usd,
            cap_usd=self.settings.budget_usd_per_day,
            active=sums.active,
            max_parallel=self.settings.max_parallel,
            budget_usd=self.settings.budget_usd,
        )

    async def lines(self, identifier: str) -> tuple[ViewLine, ...]:
        """Return a session's conversation: as followed, else as the service tells it now."""
        follower = self._followers.get(identifier)
        if follower is not None and follower.story.changes:
            return follower.story.lines
        session = self._rows.get(identifier)
        if session is None or not session.session:
            return ()
        return (await self._read(session)).lines

    # --- looking without following ----------------------------------------------------------

    async def refresh(self, session: ManagedSession) -> ManagedRow:
        """Ask the service for its word on a session now; what it cannot say is the trouble."""
        if session.state in OVER:
            return ManagedRow(session)
        try:
            if not session.session:
                if not self._is_abandoned(session):
                    return ManagedRow(session)
                session = await self.orders.find_again(session)
            if session.session and session.state not in OVER:
                return await self._asked(session)
        except CloudError as error:
            self._door.heard(error)
            if error.kind != "gone":
                return ManagedRow(session, trouble=str(error))
            story = Story()
            story.state = "gone"
            return ManagedRow(self._keep_word(session, story, ""))
        return ManagedRow(session)

    async def refresh_all(self, sessions: list[ManagedSession]) -> list[ManagedRow]:
        """Ask for the word on each of these."""
        slots = asyncio.Semaphore(LOOKED_AT_ONCE)

        async def one(session: ManagedSession) -> ManagedRow:
            async with slots:
                return await self.refresh(session)

        return list(await asyncio.gather(*(one(session) for session in sessions)))

    async def asks(self, session: ManagedSession) -> tuple[ManagedAsk, ...]:
        """Return what a session waits to be allowed, as the service tells it now."""
        return (await self._read(session)).asks

    async def _asked(self, session: ManagedSession) -> ManagedRow:
        cloud = await self._door.open()
        story = Story()
        newest = await self._patience.ask(lambda: cloud.newest(session.session, ENOUGH_EVENTS))
        for event in reversed(newest):
            story.take(event)
        said = await self._patience.ask(lambda: cloud.look(session.session))
        if said.cost_usd is not None:
            story.cost_usd = max(said.cost_usd, story.cost_usd or 0.0)
        if said.is_archived:
            story.state = "archived"
        elif said.state is not None:
            story.hear_state(said.state)
        return ManagedRow(self._keep_word(session, story, said.model), story.asks)

    async def _read(self, session: ManagedSession) -> Story:
        cloud = await self._door.open()
        story = Story()
        for event in await self._patience.ask(lambda: cloud.events(session.session)):
            story.take(event)
        return story

    # --- following --------------------------------------------------------------------------

    def follow(self, session: ManagedSession) -> Follower:
        """Follow a session until it is over or the fleet is closed; again returns the same."""
        if session.id not in self._followers:
            follower = Follower(
                session.session,
                self._door,
                self._patience,
                lambda told: self._told(session.id, told),
                look_seconds=self._look_seconds,
            )
            self._followers[session.id] = follower
            self._tasks[session.id] = asyncio.create_task(follower.run())
        return self._followers[session.id]

    async def _keep(self) -> None:
        """Look at the table again and again, and follow what is not followed yet."""
        while True:
            try:
                await self._take_up()
            except FleetError as error:
                self._context.notice("managed", "error", "managed-failed", "cloud", str(error))
            self._publish()
            await asyncio.sleep(TABLE_SECONDS)

    async def _take_up(self) -> None:
        if self.deafness():
            return
        for session in self._rows.all():
            if session.state in OVER or session.id in self._followers:
                continue
            if session.session and len(self._running()) < FOLLOWED_AT_ONCE:
                self.follow(session)
            elif not session.session and self._is_abandoned(session):
                with contextlib.suppress(CloudError):  # it stays unknown, and is looked for again
                    await self.orders.find_again(session)

    def _running(self) -> list[asyncio.Task[None]]:
        return [task for task in self._tasks.values() if not task.done()]

    def _is_abandoned(self, session: ManagedSession) -> bool:
        """Tell whether nobody waits any more for the answer to its start."""
        if session.owner == self._context.owner:
            return bool(session.why)
        return not is_alive(self._context.data_dir, session.owner)

    def _told(self, identifier: str, follower: Follower) -> None:
        kept = self._rows.get(identifier)
        if kept is None:
            return
        if not follower.trouble:
            now = self._keep_word(kept, follower.story, follower.model)
            if now.state != kept.state:
                tell(self._context.notice, now, follower.story.asks)
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(PICTURE_SECONDS, self._publish)

    def _keep_word(self, kept: ManagedSession, story: Story, model: str) -> ManagedSession:
        """Write down what the service said, where it is new."""
        now = self._context.clock.time()
        changes: dict[str, object] = {}
        is_new = story.state is not None and story.state != kept.state
        if kept.state not in OVER and is_new and not _is_older(story, kept, now):
            changes |= {"state": story.state, "state_at": now}
        if story.last_word and story.last_word != kept.last_word:
            changes["last_word"] = story.last_word
        if story.why != kept.why:
            changes["why"] = story.why
        if model and model != kept.model:
            changes["model"] = model
        if changes or now - kept.heard_at >= HEARD_SECONDS:
            changes["heard_at"] = now
            self._rows.update(kept.id, **changes)
        if story.cost_usd is not None and story.cost_usd != kept.cost_usd:
            self._rows.spent(kept.id, story.cost_usd, self.today())
            changes["cost_usd"] = story.cost_usd
        return replace(kept, **changes)  # type: ignore[arg-type]

    def _publish(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        view = self.view()
        if view != self._shown:
            self._shown = view
            self._context.bus.publish(PartChanged(view))


def _is_older(story: Story, kept: ManagedSession, now: float) -> bool:
    """Tell whether a session is said to rest only because it has not heard yet what it was sent."""
    is_sending = kept.state == "sending" and now - kept.state_at < SENDING_SECONDS
    return is_sending and story.state in RESTING
