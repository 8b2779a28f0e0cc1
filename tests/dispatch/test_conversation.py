from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from fleet_tui.dispatch.conversation import Conversation
from fleet_tui.model.errors import Unreachable, UsageError
from fleet_tui.model.question import Allow, Answer, Question
from tests.dispatch.test_ladder import FakeProcess

if TYPE_CHECKING:
    from fleet_tui.agents.base import Dialogue

QUESTION = Question("q1", "r-1", "Bash", "command", "ls")


class OneQuestion:
    """A dialogue that waits for one answer."""

    wants_stdin_open = True
    questions = (QUESTION,)

    def take_output(self) -> bytes:
        return b""

    def answer(self, question: str, answer: Answer) -> bytes:
        return b"yes\n"


class DeafProcess(FakeProcess):
    """Takes no input: it has gone, or it never answers."""

    def __init__(self, error: Exception | None) -> None:
        super().__init__(None)
        self.error = error
        self.asked = asyncio.Event()

    async def write(self, data: bytes) -> None:
        self.asked.set()
        if self.error is not None:
            raise self.error
        await asyncio.get_running_loop().create_future()


class StoppedClock:
    def time(self) -> float:
        return 1000.0

    def monotonic(self) -> float:
        return 0.0


def conversation(process: DeafProcess) -> Conversation:
    dialogue: Dialogue = OneQuestion()  # type: ignore[assignment]
    talk = Conversation(dialogue, process, "web1", StoppedClock())
    talk.begin(b"")
    return talk


def test_questions_say_where_and_when_they_were_asked() -> None:
    async def look() -> tuple[Question, ...]:
        talk = conversation(DeafProcess(None))
        try:
            return talk.questions()
        finally:
            talk.end()

    (question,) = asyncio.run(look())
    assert (question.host, question.asked_at) == ("web1", 1000.0)


async def test_an_answer_to_a_process_that_is_gone_fails() -> None:
    talk = conversation(DeafProcess(Unreachable("lost", host="web1", fault="lost")))
    with pytest.raises(Unreachable):
        await talk.answer("q1", Allow())
    talk.end()


async def test_an_answer_does_not_wait_for_a_run_that_has_ended() -> None:
    process = DeafProcess(None)
    talk = conversation(process)
    first = asyncio.create_task(talk.answer("q1", Allow()))
    await process.asked.wait()
    second = asyncio.create_task(talk.answer("q1", Allow()))
    await asyncio.sleep(0)
    talk.end()
    for waiting in (first, second):
        with pytest.raises(UsageError, match="before it was answered"):
            await waiting
