"""Agents' questions on the phone: sent with buttons, answered from there, refused when in doubt."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from fleet_tui.journal import LogEntry, log_message
from fleet_tui.model.errors import FleetError
from fleet_tui.model.events import AgentSpoke, RunChanged, RunFinished
from fleet_tui.model.notice import Notice
from fleet_tui.model.question import Allow, Deny
from fleet_tui.model.text import one_line
from fleet_tui.notify import phone
from fleet_tui.notify.compose import clean
from fleet_tui.notify.gatebook import GATE_SECONDS, GateBook, load_key
from fleet_tui.notify.incoming.subscription import Place, Subscription
from fleet_tui.notify.message import Button
from fleet_tui.notify.routing import QUESTION_ASKED
from fleet_tui.notify.telephone import Telephone

if TYPE_CHECKING:
    from fleet_tui.context import FleetContext
    from fleet_tui.model.events import Event
    from fleet_tui.model.question import Question
    from fleet_tui.notify.desk import NoticeDesk
    from fleet_tui.notify.incoming.publication import Publication
    from fleet_tui.notify.message import Message
    from fleet_tui.notify.phone import PhoneGate, Verdict
    from fleet_tui.notify.settings import Route

ANSWERED = "question-answered"
REFUSED = "phone-refused"
DENIED = "denied from the phone"
SHOWN_BYTES = 3500
"""A question that is longer is not offered: a phone must show all of what it allows."""


class PhoneDesk:
    """Offers buttons on ntfy routes that name a reply topic, and follows those topics."""

    def __init__(self, context: FleetContext, desk: NoticeDesk) -> None:
        self._context = context
        self._desk = desk
        self._book = GateBook(desk.outbox)
        self._asked: dict[str, dict[str, Question]] = {}
        """Open questions that were told, by run and notice."""
        self._tasks: list[asyncio.Task[None]] = []
        self._telling: asyncio.Queue[tuple[str, tuple[Question, ...]]] = asyncio.Queue()
        self._unsubscribe = context.bus.subscribe(self._heard)
        self.telephone = Telephone(desk, self._book)
        self.replies: dict[str, Subscription] = {}
        """The reply topics that are followed, by route."""

    async def start(self) -> None:
        """Begin to tell of questions, and to listen for answers."""
        if self._tasks:
            return
        self._tasks.append(asyncio.create_task(self._tell_all()))
        for route in self._desk.routes.values():
            if route.reply.is_given:
                self.replies[route.name] = subscription = self._subscription(route)
                self._tasks.append(asyncio.create_task(subscription.run()))

    async def close(self) -> None:
        """Listen no more; what is open stays open, on disk."""
        self._unsubscribe()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # --- out ------------------------------------------------------------------------------------

    async def offered(self, route: Route, notice: str, message: Message) -> Message:
        """Return `message` with the question in full and its buttons, where it may be answered."""
        if message.event != QUESTION_ASKED or not route.reply.is_given:
            return message
        gate = await asyncio.to_thread(self._book.of_notice, notice)
        question = None if gate is None else self._open(gate)
        if gate is None or question is None or self._desk.now() >= gate.expires_at:
            return message
        keys = await self._desk.carrier.keys.of(route)
        key = await asyncio.to_thread(load_key, self._context.data_dir)
        labels = {"allow": "Allow", "deny": "Deny"}
        buttons = tuple(
            Button(labels[decision], keys.reply, phone.button_body(gate, decision, key))
            for decision in phone.DECISIONS
        )
        return replace(message, text=in_full(question), buttons=buttons)

    def _heard(self, event: Event) -> None:
        ask = self._context.questions
        if ask is None:
            return
        if isinstance(event, AgentSpoke):
            run = event.run
        elif isinstance(event, RunChanged | RunFinished):
            run = event.run.id
        else:
            return
        found = ask(run)
        if found or run in self._asked:
            self._telling.put_nowait((run, found))

    async def _tell_all(self) -> None:
        while True:
            run, found = await self._telling.get()
            try:
                await self._tell(run, found)
            except FleetError as error:
                text = f"a question could not be sent on: {error}"
                self._context.notice("phone/failed", "error", "phone-failed", "fleet", text)

    async def _tell(self, run: str, found: tuple[Question, ...]) -> None:
        known = self._asked.get(run, {})
        new = {notice_id(question): question for question in found}
        for notice, question in new.items():
            if notice not in known:
                await self._tell_one(notice, question)
        gone = [notice for notice in known if notice not in new]
        if new:
            self._asked[run] = new
        else:
            self._asked.pop(run, None)
        if gone:
            await self._desk.acknowledge(gone, "its answer")

    async def _tell_one(self, notice: str, question: Question) -> None:
        run = await asyncio.to_thread(self._context.store.get_run, question.run)
        shown = in_full(question)
        if (
            run is not None
            and phone.may_be_asked(question, run.mode)
            and clean(shown) == shown
            and len(shown.encode()) <= SHOWN_BYTES
        ):
            digest, now = phone.digest_of(question), self._desk.now()
            until = now + self._button_seconds()
            await asyncio.to_thread(
                self._book.open, notice, question.run, question.id, digest, now, until
            )
        text = one_line(clean(f"asks: {question.tool}: {question.text}"), 500)
        await self._desk.tell(
            Notice(
                notice,
                self._desk.now(),
                "warning",
                QUESTION_ASKED,
                question.host,
                text,
                question.run,
            )
        )

    def _button_seconds(self) -> float:
        """Return how long buttons work: the shortest time that a route with answers names."""
        given = [
            route.answer_within for route in self._desk.routes.values() if route.reply.is_given
        ]
        return min((seconds for seconds in given if seconds), default=GATE_SECONDS)

    def _open(self, gate: PhoneGate) -> Question | None:
        ask = self._context.questions
        found = ask(gate.run) if ask is not None else ()
        return next((question for question in found if question.id == gate.question), None)

    # --- in -------------------------------------------------------------------------------------

    def _subscription(self, route: Route) -> Subscription:
        async def where() -> Place:
            keys = await self._desk.carrier.keys.of(route)
            return Place(keys.reply, keys.token)

        async def take(publication: Publication) -> None:
            await self.take(route, publication.message)

        return Subscription(
            f"reply/{route.name}", where, take, self._desk.outbox, self._desk.now, _nothing
        )

    async def take(self, route: Route, body: str) -> Verdict:
        """Judge what came on a reply topic and act on it; raises JournalError."""
        found = await asyncio.to_thread(self._book.find, phone.gate_named(body))
        gate, notice, is_used = found or (None, "", False)
        question = None if gate is None else self._open(gate)
        key = await asyncio.to_thread(load_key, self._context.data_dir)
        verdict = phone.judge(
            body,
            gate,
            key,
            now=self._desk.now(),
            is_used=is_used,
            digest_now=None if question is None else phone.digest_of(question),
        )
        if verdict.is_valid and not await asyncio.to_thread(
            self._book.use, verdict.gate, self._desk.now()
        ):
            verdict = replace(verdict, is_valid=False, reason="the question was answered before")
        if not verdict.is_valid or gate is None or question is None:
            await self._refuse(route, verdict, question)
            return verdict
        try:
            await self._answer(route, gate, verdict)
        except FleetError as error:
            verdict = replace(verdict, is_valid=False, reason=str(error))
            await self._refuse(route, verdict, question)
            return verdict
        await self._clear(route, notice, question, verdict)
        return verdict

    async def _answer(self, route: Route, gate: PhoneGate, verdict: Verdict) -> None:
        """Give the answer; the fleet writes it down first, with who. Raises FleetError."""
        answer = self._context.answer
        assert answer is not None  # there was a question, so there is somebody to answer
        given = Allow() if verdict.decision == "allow" else Deny(DENIED)
        await answer(gate.run, gate.question, given, f"phone:{route.name}")

    async def _refuse(self, route: Route, verdict: Verdict, question: Question | None) -> None:
        """Write down and tell that an answer was not taken."""
        fields: dict[str, str | int | float | None] = {
            "kind": "phone-refused",
            "route": route.name,
            "gate": verdict.gate or None,
            "host": question.host if question else None,
            "by": f"phone:{route.name}",
            "epoch": self._context.epoch(),
            "msg": log_message(verdict.reason),
        }
        await self._context.log.append([LogEntry("message", fields)], durable=True)
        text = f"an answer from the phone was refused: {verdict.reason}"
        await self._desk.tell(
            self._desk.own(f"{REFUSED}-{verdict.gate}", "warning", REFUSED, text, route.name)
        )

    async def _clear(self, route: Route, notice: str, question: Question, verdict: Verdict) -> None:
        """Say what became of it, in place of the question where the server can."""
        by = f"phone:{route.name}"
        await self._desk.acknowledge([notice], by)
        told = "allowed" if verdict.decision == "allow" else "denied"
        text = one_line(clean(f"{told} from the phone: {question.text}"), 300)
        await self._desk.say_again(route, notice, ANSWERED, question.host, text)
        await self._desk.tell(
            self._desk.own(f"{ANSWERED}-{notice}", "info", ANSWERED, text, question.host)
        )


def notice_id(question: Question) -> str:
    """Return the id of the notice about a question, as the screen has it too."""
    return f"question-{question.run}-{question.id}"


def in_full(question: Question) -> str:
    """Return everything that decides what would run, on lines of its own."""
    lines = [f"{question.tool} on {question.host}:", question.text]
    if question.details:
        lines.append(question.details)
    if question.cwd:
        lines.append(f"in {question.cwd}")
    return "\n".join(lines)


def _nothing() -> None:
    """Whether a reply topic can be reached is shown with its route when it is looked at."""
