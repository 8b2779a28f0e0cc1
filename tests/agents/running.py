"""Runs a real agent program on this machine, as the dispatch would on a host."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fleet_tui.transport.base import ExitStatus

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_tui.agents.base import AgentAdapter, Dialogue, StreamParser
    from fleet_tui.model.agent import AgentActivity, AgentEvent, AgentRequest, Verdict
    from fleet_tui.model.question import Answer, Question

LINE_LIMIT = 32 << 20

Decide = Callable[["Dialogue", "Question"], "Answer | bytes | None"]
"""What a person says to a question, or bytes to write as they are; None leaves it open."""


@dataclass(slots=True)
class Finished:
    """What came of a run."""

    verdict: Verdict
    events: list[AgentEvent] = field(default_factory=list)
    activities: set[AgentActivity] = field(default_factory=set)
    out: list[bytes] = field(default_factory=list)
    err: list[bytes] = field(default_factory=list)
    sent: list[bytes] = field(default_factory=list)
    """What a dialogue wrote."""
    asked: list[Question] = field(default_factory=list)
    most_open: int = 0
    """How many questions were open at once."""

    def texts(self, kind: str) -> list[str]:
        """Return the texts of all events of one kind."""
        return [event.text for event in self.events if event.kind == kind]

    @property
    def answer_shown(self) -> str:
        """The answer as its deltas and blocks spell it."""
        return "".join(self.texts("text-delta") + self.texts("text"))


async def run_agent(
    adapter: AgentAdapter,
    request: AgentRequest,
    *,
    env: dict[str, str],
    cwd: Path,
    stop_after: Callable[[Finished], object] | None = None,
    stop_with: signal.Signals = signal.SIGINT,
    decide: Decide | None = None,
    reconnects: bool = False,
) -> Finished:
    """Run `request` to its end; when `stop_after` returns (it may wait) it is made to stop.

    A run that is led by a dialogue is interrupted by it, any other by a signal. With `reconnects`
    a fresh dialogue reads everything again after every line.
    """
    command = adapter.command(request)
    process = await asyncio.create_subprocess_exec(
        *command.argv,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**command.env, **env},
        cwd=cwd,
        limit=LINE_LIMIT,
        start_new_session=True,
    )
    dialogue = adapter.dialogue(request)
    assert command.keeps_stdin_open == (dialogue is not None)
    parser: StreamParser = dialogue or adapter.parser(request)
    finished = Finished(adapter.parser(request).finish(ExitStatus(reason="not run")))

    assert process.stdin
    assert process.stdout
    assert process.stderr
    if dialogue is None:
        process.stdin.write(command.stdin or b"")
        process.stdin.close()

        def feed(line: bytes) -> list[AgentEvent]:
            events = parser.feed(line)
            finished.activities.add(parser.activity)
            return events

    else:
        renew = (lambda: adapter.dialogue(request)) if reconnects else None
        lead = Lead(dialogue, process.stdin, finished, decide, renew)
        lead.begin()
        feed = lead.feed
    reading = asyncio.gather(
        _read(process.stdout, feed, finished.out, finished),
        _read(process.stderr, parser.feed_error, finished.err, finished),
    )
    if stop_after:
        await asyncio.to_thread(stop_after, finished)
        if dialogue is None:
            os.kill(process.pid, stop_with)
        else:
            lead.write(lead.dialogue.interrupt())
    await reading
    code = await process.wait()
    parser = lead.dialogue if dialogue else parser
    finished.verdict = parser.finish(exit_status(code))
    return finished


def exit_status(code: int) -> ExitStatus:
    """Return the status of a process of ours, by Python's return code."""
    if code >= 0:
        return ExitStatus(code=code)
    return ExitStatus(signal=signal.Signals(-code).name.removeprefix("SIG"))


class Lead:
    """Drives a dialogue over a process's standard input, as the dispatch does."""

    def __init__(
        self,
        dialogue: Dialogue,
        stdin: asyncio.StreamWriter,
        finished: Finished,
        decide: Decide | None,
        renew: Callable[[], Dialogue | None] | None = None,
    ) -> None:
        self.dialogue = dialogue
        self._stdin = stdin
        self._finished = finished
        self._decide = decide
        self._renew = renew
        self._met: set[str] = set()

    def begin(self) -> None:
        """Write the opening."""
        self.write(self.dialogue.opening())

    def feed(self, line: bytes) -> list[AgentEvent]:
        """Feed a line, write what it calls for, answer what it asks."""
        events = self.dialogue.feed(line)
        self.write(self.dialogue.take_output())
        self._finished.activities.add(self.dialogue.activity)
        open_now = self.dialogue.questions
        self._finished.most_open = max(self._finished.most_open, len(open_now))
        for question in open_now:
            if question.id not in self._met:
                self._met.add(question.id)
                self._finished.asked.append(question)
            answer = self._decide(self.dialogue, question) if self._decide else None
            if isinstance(answer, bytes):
                self.write(answer)
            elif answer is not None:
                self.write(self.dialogue.answer(question.id, answer))
        if self._renew:
            self._reconnect(self._renew())
        if not self.dialogue.wants_stdin_open:
            self._stdin.close()
        return events

    def _reconnect(self, fresh: Dialogue | None) -> None:
        """Go on as somebody who knows nothing but what the run has written."""
        assert fresh
        self.dialogue = fresh
        fresh.begin_replay()
        for line in self._finished.out:
            fresh.feed(line)
            assert fresh.take_output() == b""
        self.write(fresh.end_replay())

    def write(self, data: bytes) -> None:
        """Write to the process, and keep what was written."""
        if data:
            assert data.endswith(b"\n")
            self._finished.sent += data.splitlines()
            self._stdin.write(data)
        if not self.dialogue.wants_stdin_open:
            self._stdin.close()


async def _read(
    stream: asyncio.StreamReader,
    feed: Callable[[bytes], list[AgentEvent]],
    lines: list[bytes],
    finished: Finished,
) -> None:
    async for raw in stream:
        line = raw.rstrip(b"\n")
        lines.append(line)
        for event in feed(line):
            finished.events.append(event)
