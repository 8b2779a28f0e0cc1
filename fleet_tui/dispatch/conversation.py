"""Speaks with a running agent: what its dialogue calls for, and what a person says, in order."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from fleet_tui.journal import LogEntry, log_message
from fleet_tui.model.errors import FleetError, UsageError
from fleet_tui.model.question import Allow, AllowEdited, Choose, Deny

if TYPE_CHECKING:
    from fleet_tui.agents.base import Dialogue
    from fleet_tui.model.clock import Clock
    from fleet_tui.model.question import Answer, Question
    from fleet_tui.model.run import Run
    from fleet_tui.transport.base import Process


class Conversation:
    """One run's dialogue on its way to the process."""

    def __init__(self, dialogue: Dialogue, process: Process, host: str, clock: Clock) -> None:
        self._dialogue = dialogue
        self._process = process
        self._host = host
        self._clock = clock
        self._asked_at: dict[str, float] = {}
        self._is_closing = False
        self._waiting: asyncio.Queue[tuple[bytes, asyncio.Future[None] | None]] = asyncio.Queue()
        self._writer: asyncio.Task[None] | None = None

    def begin(self, first: bytes) -> None:
        """Write `first`, then whatever the dialogue calls for, until it wants no more."""
        self._writer = asyncio.create_task(self._write())
        self._put(first)
        self.pump()

    def pump(self) -> None:
        """Take what the lines read so far call for; to be called after each of them."""
        self._put(self._dialogue.take_output())
        now = self._clock.time()
        for question in self._dialogue.questions:
            self._asked_at.setdefault(question.id, now)
        if not self._dialogue.wants_stdin_open and not self._is_closing:
            self._is_closing = True
            self._waiting.put_nowait((b"", None))

    def questions(self) -> tuple[Question, ...]:
        """Return what waits for a person, oldest first."""
        return tuple(
            replace(question, host=self._host, asked_at=self._asked_at.get(question.id, 0.0))
            for question in self._dialogue.questions
        )

    async def answer(self, question: str, answer: Answer) -> None:
        """Tell the agent; returns once the host has it. Raises UsageError."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.put_nowait((self._dialogue.answer(question, answer), done))
        self.pump()
        await done

    async def say(self, identifier: str, text: str) -> None:
        """Say something beside the prompt; returns once the host has it.

        The agent passes over an `identifier` that its session has heard. Raises UsageError.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.put_nowait((self._dialogue.say(identifier, text), done))
        await done

    def has_echoed(self, identifier: str) -> bool:
        """Tell whether the agent said back what it was told under this identifier."""
        return self._dialogue.has_echoed(identifier)

    def end(self) -> None:
        """Write nothing more; the process is gone, and nobody hears what was still to be said."""
        if self._writer is not None:
            self._writer.cancel()
        while not self._waiting.empty():
            _fail(self._waiting.get_nowait()[1], UsageError("the run ended before it was answered"))

    def _put(self, data: bytes) -> None:
        if data:
            self._waiting.put_nowait((data, None))

    async def _write(self) -> None:
        """Write one thing after another; without contact, as soon as it is back."""
        while True:
            data, done = await self._waiting.get()
            try:
                if data:
                    await self._process.write(data)
                else:
                    self._process.close_stdin()
            except asyncio.CancelledError:
                _fail(done, UsageError("the run ended before it was answered"))
                raise
            except (FleetError, OSError) as error:  # an attached process that is gone
                _fail(done, error)
            else:
                if done is not None and not done.done():
                    done.set_result(None)


def _fail(done: asyncio.Future[None] | None, error: Exception) -> None:
    if done is not None and not done.done():
        done.set_exception(error)


def answer_entry(run: Run, question: str, answer: Answer, by: str, epoch: int) -> LogEntry:
    """Return the `message` line of an answer, to be on disk before the agent hears it."""
    told = {
        Allow: "allow",
        AllowEdited: "allow-edited",
        Choose: "choose",
        Deny: "deny",
    }[type(answer)]
    text = ""
    if isinstance(answer, AllowEdited):
        text = answer.text
    elif isinstance(answer, Choose):
        text = "; ".join(answer.answers)
    elif isinstance(answer, Deny):
        told = "deny-and-stop" if answer.stops else told
        text = answer.reason
    fields: dict[str, str | int | float | None] = {
        "kind": "answer",
        "run": run.id,
        "host": run.host,
        "question": question,
        "answer": told,
        "by": by,
        "epoch": epoch,
        "msg": log_message(text),
    }
    return LogEntry("message", fields)
