"""A question goes out with buttons; what is pressed comes back once, or is refused and told."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import httpx
import pytest

from fleet_tui.model.errors import UsageError
from fleet_tui.model.events import RunChanged
from fleet_tui.model.question import Allow, Answer, Deny, Question
from fleet_tui.model.run import Dispatch, Run
from fleet_tui.notify.desk import NoticeDesk
from fleet_tui.notify.gatebook import GATE_SECONDS, KEY_FILE
from fleet_tui.notify.phone import button_body, digest_of
from fleet_tui.notify.phone_desk import notice_id
from tests.notify.entrance import PATIENCE, Heard
from tests.notify.test_receiver import HERE
from tests.support.sshd import free_port
from tests.support.stage import fleet_file, staged

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from fleet_tui.model.run import Mode
    from tests.support.stage import Stage

ASKED = Question("q-1", "r-1", "Bash", "command", "rm -rf build", cwd="/srv/app", host="here")
TOPIC = "P" * 20


@dataclass
class Phone:
    """Somebody with the ntfy app, and the agent whose question it is."""

    stage: Stage
    desk: NoticeDesk
    heard: Heard
    url: str
    open: list[Question] = field(default_factory=list)
    answers: list[tuple[str, str, Answer, str]] = field(default_factory=list)

    def ask(self, question: Question = ASKED) -> None:
        """Let the agent ask."""
        self.open[:] = [question]
        self.tell()

    def tell(self) -> None:
        run = self.stage.fleet.store.get_run("r-1")
        assert run is not None
        self.stage.fleet.bus.publish(RunChanged(run))

    async def answer(self, run: str, question: str, answer: Answer, by: str = "") -> None:
        if not self.open:
            raise UsageError("nobody waits for this answer any more")
        self.open.clear()
        self.answers.append((run, question, answer, by))

    async def shown(self, count: int = 1) -> list[dict[str, object]]:
        """Return what the app shows once it shows so many messages."""
        async with asyncio.timeout(PATIENCE), httpx.AsyncClient(timeout=PATIENCE) as client:
            stream = client.stream("GET", f"{self.url}-phone/json?since=all")
            found = []
            async with stream as response:
                async for line in response.aiter_lines():
                    told = json.loads(line)
                    if told["event"] == "message":
                        found.append(told)
                    if len(found) == count:
                        return found
        raise AssertionError(found)

    async def press(self, label: str, message: dict[str, object]) -> str:
        """Press a button; returns what it sent."""
        actions = message["actions"]
        assert isinstance(actions, list)
        (button,) = [action for action in actions if action["label"] == label]
        await self.send(button["body"], button["url"])
        return str(button["body"])

    async def send(self, body: str, url: str = "") -> None:
        async with httpx.AsyncClient(timeout=PATIENCE) as client:
            said = await client.post(url or f"{self.url}-reply", content=body)
            assert said.status_code == 200

    async def refusal(self) -> str:
        return (await self.heard.until(lambda notice: notice.event == "phone-refused")).text


@asynccontextmanager
async def phoned(
    folder: Path, mode: Mode = "write", answer_within: float | None = None
) -> AsyncIterator[Phone]:
    """A fleet whose receiver is the ntfy server between it and a phone."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/{TOPIC}"
    route: dict[str, object] = {"kind": "ntfy", "name": "phone"}
    route |= {"url": f"{url}-phone", "reply": f"{url}-reply", "answer_within": answer_within}
    sections = {"receiver": {"port": port, "topic_env": "TOPIC"}, "notify": (route,)}
    config = replace(fleet_file(folder, [HERE]), sections=sections)
    async with staged(config, {}) as stage:
        now = stage.fleet.clock.time()
        dispatch = Dispatch("d-1", "here", "p", "claude", mode, "operator", "me", 0, now)
        run = Run("r-1", "d-1", "here", "claude", mode, "running", created_at=now)
        stage.fleet.store.add_dispatch(dispatch, [run], "me")
        phone: Phone
        context = replace(
            stage.fleet.parts._context,
            questions=lambda run: tuple(phone.open) if run == "r-1" else (),
            answer=lambda *given: phone.answer(*given),
        )
        desk = NoticeDesk(context, environ={"TOPIC": TOPIC}, luck=lambda: 0.0)
        phone = Phone(stage, desk, Heard(stage.fleet), url)
        try:
            await desk.start()
            yield phone
        finally:
            await desk.close()


@pytest.mark.parametrize(
    ("label", "given"), [("Allow", Allow()), ("Deny", Deny("denied from the phone"))]
)
async def test_a_button_answers_the_agent(tmp_path: Path, label: str, given: Answer) -> None:
    async with phoned(tmp_path) as phone:
        phone.ask()
        [message] = await phone.shown()
        assert message["message"] == "Bash on here:\nrm -rf build\nin /srv/app"
        assert message["priority"] == 5
        await phone.press(label, message)
        await phone.heard.until(lambda notice: notice.event == "question-answered")
        assert phone.answers == [("r-1", "q-1", given, "phone:phone")]
        [_, acked_at, _] = next(
            found for found in phone.desk.outbox.recent() if found[0].id == notice_id(ASKED)
        )
        assert acked_at is not None
        shown = (await phone.shown(2))[1]
        assert shown["sequence_id"] == notice_id(ASKED)
        assert "from the phone: rm -rf build" in str(shown["message"])


async def test_a_button_pressed_twice_answers_once(tmp_path: Path) -> None:
    async with phoned(tmp_path) as phone:
        phone.ask()
        [message] = await phone.shown()
        body = await phone.press("Allow", message)
        await phone.heard.until(lambda notice: notice.event == "question-answered")
        phone.open[:] = [ASKED]
        await phone.send(body)
        assert "answered before" in await phone.refusal()
        assert len(phone.answers) == 1


async def test_a_late_answer_is_refused(tmp_path: Path) -> None:
    async with phoned(tmp_path) as phone:
        phone.ask()
        [message] = await phone.shown()
        with phone.desk.outbox.writing() as db:
            db.execute("UPDATE gates SET expires_at = expires_at - ?", (GATE_SECONDS + 1,))
        await phone.press("Allow", message)
        assert "too late" in await phone.refusal()
        assert phone.answers == []


async def test_an_answer_to_another_command_is_refused(tmp_path: Path) -> None:
    async with phoned(tmp_path) as phone:
        phone.ask()
        [message] = await phone.shown()
        phone.open[:] = [replace(ASKED, text="rm -rf /")]
        await phone.press("Allow", message)
        assert "has changed" in await phone.refusal()
        assert phone.answers == []


async def test_a_forged_answer_is_refused_and_written_down(tmp_path: Path) -> None:
    async with phoned(tmp_path) as phone:
        phone.ask()
        [message] = await phone.shown()
        gate = phone.desk.phone._book.of_notice(notice_id(ASKED))
        assert gate is not None
        await phone.send(button_body(gate, "allow", b"x" * 32))
        assert "MAC is wrong" in await phone.refusal()
        assert phone.answers == []
        lines = [
            line for line in phone.stage.log("message") if line.text("kind") == "phone-refused"
        ]
        assert lines[0].text("by") == "phone:phone"
        assert (phone.stage.fleet.data_dir / KEY_FILE).stat().st_mode & 0o777 == 0o600
        await phone.press("Deny", message)
        await phone.heard.until(lambda notice: notice.event == "question-answered")


async def test_a_telephone_at_our_own_receiver_is_answered_here(tmp_path: Path) -> None:
    async with phoned(tmp_path) as phone:
        phone.ask()
        await phone.shown()
        telephone, notice = phone.desk.phone.telephone, notice_id(ASKED)
        shown = await telephone.buttons(notice)
        assert [(one.decision, one.route, one.is_used) for one in shown] == [
            ("allow", "phone", False),
            ("deny", "phone", False),
        ]
        assert await telephone.press(notice, "allow") == "phone"
        await phone.heard.until(lambda one: one.event == "question-answered")
        assert phone.answers == [("r-1", "q-1", Allow(), "phone:phone")]
        assert all(one.is_used for one in await telephone.buttons(notice))
        phone.open[:] = [ASKED]
        await telephone.press(notice, "allow")
        assert "answered before" in await phone.refusal()
        assert len(phone.answers) == 1


async def test_only_buttons_of_our_own_questions_are_pressed_here(tmp_path: Path) -> None:
    async with phoned(tmp_path) as phone:
        phone.ask()
        await phone.shown()
        gate = phone.desk.phone._book.of_notice(notice_id(ASKED))
        assert gate is not None
        body = button_body(gate, "allow", b"x" * 32)
        evil = {"action": "http", "label": "Allow", "url": "http://127.0.0.1:1/x", "body": body}
        told = {"topic": f"{TOPIC}-phone", "message": "m", "actions": [evil]}
        async with httpx.AsyncClient(timeout=PATIENCE) as client:
            said = await client.post(phone.url.removesuffix(TOPIC), json=told)
        assert said.status_code == 200
        assert len(await phone.desk.phone.telephone.buttons(notice_id(ASKED))) == 2
        assert await phone.desk.phone.telephone.buttons("another") == ()
        with pytest.raises(UsageError, match="no telephone"):
            await phone.desk.phone.telephone.press("another", "allow")


async def test_a_route_may_let_its_buttons_work_for_a_shorter_time(tmp_path: Path) -> None:
    async with phoned(tmp_path, answer_within=60.0) as phone:
        phone.ask()
        await phone.shown()
        (shown, _) = await phone.desk.phone.telephone.buttons(notice_id(ASKED))
        now = phone.stage.fleet.clock.time()
        assert now < shown.expires_at <= now + 60.0


async def test_a_question_that_is_gone_takes_no_answer(tmp_path: Path) -> None:
    async with phoned(tmp_path) as phone:
        phone.ask()
        [message] = await phone.shown()
        phone.open.clear()
        await phone.press("Allow", message)
        assert "not open any more" in await phone.refusal()


@pytest.mark.parametrize(
    ("question", "mode"),
    [
        (ASKED, "unrestricted"),
        (replace(ASKED, is_exact=False), "write"),
        (replace(ASKED, kind="choice"), "write"),
        (
            replace(
                ASKED, text="curl -H 'Authorization: Bearer sk-ant-api03-abcdefghijklmnopqrst'"
            ),
            "write",
        ),
    ],
    ids=["unrestricted", "cut", "choice", "secret"],
)
async def test_some_questions_are_told_without_buttons(
    tmp_path: Path, question: Question, mode: Mode
) -> None:
    async with phoned(tmp_path, mode) as phone:
        phone.ask(question)
        [message] = await phone.shown()
        assert "actions" not in message
        assert "sk-ant" not in str(message)


def test_the_digest_is_of_the_whole_question() -> None:
    assert digest_of(ASKED) != digest_of(replace(ASKED, cwd="/"))
