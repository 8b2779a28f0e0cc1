"""What is asked of the service on behalf of a person: each once, each in the log before."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fleet_tui.dispatch.spending import Spending
from fleet_tui.managed.admission import choose_budget, fit, pass_gate, raised_budget
from fleet_tui.managed.events import MOST_TEXT, Said
from fleet_tui.managed.faults import CloudError
from fleet_tui.managed.settings import missing
from fleet_tui.model.errors import JournalError, Refused, UsageError
from fleet_tui.model.ids import short
from fleet_tui.model.managed_view import GO_ON, OVER, RESTING, ManagedSession
from fleet_tui.model.text import one_line, sanitize

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from fleet_tui.context import FleetContext
    from fleet_tui.dispatch.gate import Standing
    from fleet_tui.journal.managed import ManagedRows
    from fleet_tui.managed.cloud import Answered
    from fleet_tui.managed.door import Door
    from fleet_tui.managed.logbook import Do, Logbook
    from fleet_tui.managed.patience import Patience
    from fleet_tui.managed.settings import ManagedSettings
    from fleet_tui.model.managed_view import ManagedAsk
    from fleet_tui.model.run import Origin

LOOKED_BACK = 50
"""Newest events among which a text is looked for whose answer was lost."""
NEVER_BEGAN_AFTER = 120.0
"""Seconds after which a session that the service does not know is said never to have begun."""
_LATER = "`fleet-tui managed list` looks again"


class Orders:
    """Carries orders out; raises UsageError, Refused, CloudError, JournalError."""

    def __init__(
        self,
        context: FleetContext,
        settings: ManagedSettings,
        rows: ManagedRows,
        door: Door,
        logbook: Logbook,
        patience: Patience,
        today: Callable[[], str],
    ) -> None:
        self._context = context
        self._settings = settings
        self._rows = rows
        self._door = door
        self._log = logbook
        self._patience = patience
        self._today = today
        self._spending = Spending(context.store, context.clock)

    async def start(
        self,
        prompt: str,
        *,
        title: str = "",
        budget_usd: float | None = None,
        origin: Origin = "operator",
        is_vouched_for: bool = False,
    ) -> ManagedSession:
        """Start a session with its prompt; returns once the service has named it."""
        if not prompt.strip():
            raise UsageError("the prompt is empty", mend="give it after --")
        if lacking := missing(self._settings):
            raise lacking
        now = self._context.clock.time()
        session = ManagedSession(
            id=self._context.new_id("m"),
            title=one_line(title or prompt, 80),
            prompt=prompt,
            agent=self._settings.agent,
            environment=self._settings.environment,
            origin=origin,
            by=self._context.by,
            epoch=self._context.epoch(),
            budget_usd=choose_budget(self._settings, budget_usd),
            created_at=now,
            state_at=now,
            owner=self._context.owner,
        )
        cloud = await self._door.open()
        await self._admit(session, session.budget_usd, is_vouched_for=is_vouched_for)
        try:
            await self._log.before(
                "start", session, prompt, title=session.title, budget=session.budget_usd
            )
        except JournalError:
            self._rows.forget(session.id)
            raise
        try:
            answered = await self._patience.once(
                lambda: cloud.create(session), lambda: cloud.find(session)
            )
        except CloudError as error:
            await self._not_started(session, error)
            raise
        return await self._started(session, answered)

    async def find_again(self, session: ManagedSession) -> ManagedSession:
        """Look for a session whose start was never answered, and close its line in the log."""
        cloud = await self._door.open()
        answered = await self._patience.ask(lambda: cloud.find(session))
        if answered is not None:
            return await self._started(session, answered)
        if self._context.clock.time() - session.created_at < NEVER_BEGAN_AFTER:
            return session
        why = "the service does not know it: it never began"
        await self._log.after("start", session, "failed", why)
        return self._ended(session, why)

    async def send(self, session: ManagedSession, text: str) -> None:
        """Say something to a session; one that rests passes the gate again, as it will cost."""
        if not text.strip():
            raise UsageError("the text is empty", mend="give it after --")
        self._require_open(session)
        if session.state == "over-budget":
            raise UsageError(
                "its budget is used up",
                where=short(session.id),
                mend=f"raise it: fleet-tui managed budget {short(session.id)} USD",
            )
        cloud = await self._door.open()
        known = await self._newest(session)
        rested = session.state in RESTING
        if rested:
            await self._wake(session)
        sent = sanitize(text[:MOST_TEXT])

        async def say() -> bool:
            await cloud.say(session.session, text)
            return True

        async def was_said() -> bool | None:
            newest = await cloud.newest(session.session, LOOKED_BACK)
            fresh = (e for e in newest if isinstance(e, Said) and e.id not in known)
            return any(e.speaker == "user" and e.text == sent for e in fresh) or None

        async def say_once() -> None:
            await self._patience.once(say, was_said)

        try:
            await self._do("send", session, text, say_once)
        except (CloudError, JournalError) as error:
            if rested and not (isinstance(error, CloudError) and error.is_unsure):
                self._rows.update(session.id, state=session.state, why=session.why)
            raise
        self._rows.advance(session.id, "sending", "starting")

    async def raise_budget(
        self, session: ManagedSession, budget_usd: float, text: str = GO_ON
    ) -> None:
        """Give a session that has stopped at its budget a larger one, and say to it to go on.

        What it may cost more passes the gate and the day's cap first.
        """
        if not text.strip():
            raise UsageError("the text is empty", mend="leave it out, or give it after --")
        self._require_open(session)
        budget = raised_budget(self._settings, session, budget_usd)
        cloud = await self._door.open()
        raised = replace(session, budget_usd=budget)
        await self._wake(raised)

        async def cap() -> None:  # the same again changes nothing, so it may be repeated
            await self._patience.ask(lambda: cloud.cap(session.session, budget))

        try:
            await self._do("budget", session, "", cap, budget=budget)
        except (CloudError, JournalError) as error:
            if not (isinstance(error, CloudError) and error.is_unsure):
                before = {"state": session.state, "why": session.why}
                self._rows.update(session.id, **before, budget_usd=session.budget_usd)
            raise
        self._rows.update(session.id, state="idle", state_at=self._context.clock.time())
        await self.send(replace(raised, state="idle"), text)

    async def stop(self, session: ManagedSession) -> None:
        """Ask it to stop what it does; it rests then, and can be talked to."""
        self._require_open(session)
        cloud = await self._door.open()
        await self._do("stop", session, "", lambda: cloud.interrupt(session.session))

    async def archive(self, session: ManagedSession) -> None:
        """End it for good."""
        self._require_open(session)
        cloud = await self._door.open()
        await self._do("archive", session, "", lambda: cloud.archive(session.session))
        now = self._context.clock.time()
        self._rows.update(session.id, state="archived", state_at=now, heard_at=now)

    async def decide(
        self, session: ManagedSession, ask: ManagedAsk, *, is_allowed: bool, why: str = ""
    ) -> None:
        """Allow or deny what it asks for; only ever called for a person's own decision."""
        self._require_open(session)
        if not ask.can_answer:
            raise UsageError(
                f"{ask.tool} is answered by a program of its own",
                where=short(session.id),
                mend="stop the session, or answer it there",
            )
        cloud = await self._door.open()
        do: Do = "allow" if is_allowed else "deny"
        await self._do(
            do,
            session,
            ask.text,
            lambda: cloud.decide(session.session, ask.use, is_allowed, why),
            tool=ask.tool,
            why=why or None,
        )

    # --- inside -----------------------------------------------------------------------------

    async def _do(
        self,
        do: Do,
        session: ManagedSession,
        msg: str,
        act: Callable[[], Awaitable[None]],
        **more: str | float | None,
    ) -> None:
        """Log, act, log again."""
        await self._log.before(do, session, msg, **more)
        try:
            await act()
        except CloudError as error:
            self._door.heard(error)
            await self._log.after(
                do, session, "unknown" if error.is_unsure else "failed", error.what
            )
            raise
        await self._log.after(do, session, "done")

    async def _newest(self, session: ManagedSession) -> set[str]:
        """Return the ids of what happened last; nothing has been sent if this fails."""
        cloud = await self._door.open()
        try:
            newest = await self._patience.ask(lambda: cloud.newest(session.session, LOOKED_BACK))
        except CloudError as error:
            self._door.heard(error)
            error.is_unsure = False
            raise
        return {event.id for event in newest}

    async def _wake(self, session: ManagedSession) -> None:
        """Write a session that rests down as active again, for what is left of its budget."""
        woken = replace(
            session,
            state="sending",
            state_at=self._context.clock.time(),
            why="",
            origin="operator",
            owner=self._context.owner,
        )
        left = max(session.budget_usd - (session.cost_usd or 0.0), 0.0)
        await self._admit(woken, left, is_vouched_for=False)

    async def _admit(
        self, session: ManagedSession, worst_case_usd: float, *, is_vouched_for: bool
    ) -> None:
        """Write the session down as active, if gate, cap and numbers allow; raises Refused."""
        try:
            pass_gate(
                self._settings,
                self._context.config.budget,
                origin=session.origin,
                is_vouched_for=is_vouched_for,
                standing=self._standing(),
                worst_case_usd=worst_case_usd,
                spent=self._spending.now(),
            )
            self._rows.begin(
                session, self._today(), lambda sums: fit(self._settings, worst_case_usd, sums)
            )
        except Refused as error:
            await self._log.refused(session, error)
            raise

    def _standing(self) -> Standing:
        standing = self._context.standing
        return "leads" if standing is None else standing.verdict(self._context.clock.time())

    async def _started(self, session: ManagedSession, answered: Answered) -> ManagedSession:
        now = self._context.clock.time()
        self._rows.update(session.id, session=answered.session, model=answered.model, heard_at=now)
        session = replace(session, session=answered.session, model=answered.model, heard_at=now)
        await self._log.after("start", session, "done")
        return session

    async def _not_started(self, session: ManagedSession, error: CloudError) -> None:
        self._door.heard(error)
        if error.is_unsure:
            error.mend = _LATER
            self._rows.update(session.id, why=one_line(error.what, 300))
            await self._log.after("start", session, "unknown", error.what)
            return
        await self._log.after("start", session, "failed", error.what)
        self._ended(session, error.what)

    def _ended(self, session: ManagedSession, why: str) -> ManagedSession:
        now = self._context.clock.time()
        why = one_line(why, 300)
        self._rows.update(session.id, state="failed", state_at=now, why=why)
        return replace(session, state="failed", state_at=now, why=why)

    def _require_open(self, session: ManagedSession) -> None:
        if session.state in OVER:
            raise UsageError(
                f"it is over: {session.state}", where=short(session.id), mend="start another one"
            )
        if not session.session:
            raise UsageError(
                "the service has not named it yet", where=short(session.id), mend=_LATER
            )
