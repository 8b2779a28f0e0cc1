"""Leading a scripted `claude` through its dialogue, as a run that lives on its host."""

from __future__ import annotations

import asyncio
import json
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fleet_tui.agents.registry import adapter
from fleet_tui.model.agent import AgentRequest
from fleet_tui.transport.durable import DurableSpec, follow, launch
from fleet_tui.transport.shell import posix_line
from tests.support.durable import new_run
from tests.transport.helpers import Sink

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_tui.agents.base import Dialogue
    from fleet_tui.model.agent import AgentEvent, Verdict
    from fleet_tui.model.question import Answer
    from fleet_tui.model.run import Mode
    from fleet_tui.transport.base import Connection
    from fleet_tui.transport.durable import DurableProcess

BINARY = "/home/fleet/.local/bin/claude"


def gated(prompt: str, mode: Mode = "write", **more: Any) -> AgentRequest:
    """Return a request of somebody who can be asked."""
    session = str(uuid.uuid4())
    return AgentRequest("r-1", BINARY, prompt, mode, session, workdir="~/app", can_ask=True, **more)


@dataclass
class Conversation:
    """One run, its dialogue, and all that was heard."""

    request: AgentRequest
    dialogue: Dialogue
    process: DurableProcess
    sink: Sink
    events: list[AgentEvent] = field(default_factory=list)
    read: int = 0
    """Bytes of output that the dialogue was fed."""

    @property
    def raw(self) -> list[dict[str, Any]]:
        """All lines the agent printed."""
        return [json.loads(line) for line in self.sink.out.splitlines()]

    async def until(self, condition: Callable[[Conversation], bool]) -> None:
        """Go on until `condition` holds."""
        while True:
            await self._catch_up()
            if condition(self):
                return
            await self.sink.until(lambda sink: b"\n" in sink.out[self.read :])

    async def asked(self) -> str:
        """Go on until a question is open; returns its id."""
        await self.until(lambda talk: bool(talk.dialogue.questions))
        return self.dialogue.questions[0].id

    async def answer(self, answer: Answer) -> None:
        """Wait for a question, and answer it."""
        await self.process.write(self.dialogue.answer(await self.asked(), answer))

    async def end(self) -> Verdict:
        """Go on to the end of the run."""
        await self.until(lambda talk: not talk.dialogue.wants_stdin_open)
        self.process.close_stdin()
        status = await self.process.wait()
        await self._catch_up()
        await self.process.wait_closed()
        return self.dialogue.finish(status)

    async def _catch_up(self) -> None:
        while (end := self.sink.out.find(b"\n", self.read)) >= 0:
            line = bytes(self.sink.out[self.read : end])
            self.read = end + 1
            self.events += self.dialogue.feed(line)
            if data := self.dialogue.take_output():
                await self.process.write(data)


def _dialogue(request: AgentRequest) -> Dialogue:
    dialogue = adapter("claude").dialogue(request)
    assert dialogue is not None
    return dialogue


async def begin(connection: Connection, request: AgentRequest) -> Conversation:
    """Start the agent and let it be verified."""
    command = adapter("claude").command(request)
    assert command.keeps_stdin_open
    line = posix_line(argv=command.argv, cwd=request.workdir, env=command.env)
    sink = Sink()
    process = await launch(connection, DurableSpec(new_run(), line, "open"), sink)
    talk = Conversation(request, _dialogue(request), process, sink)
    await process.write(talk.dialogue.opening())
    return talk


async def resume(connection: Connection, before: Conversation) -> Conversation:
    """Take a conversation up again that another program had, from what the host kept."""
    sink = Sink()
    process = await follow(connection, before.process.run, sink)
    talk = Conversation(before.request, _dialogue(before.request), process, sink)
    await sink.until(lambda s: len(s.out) >= len(before.sink.out))
    talk.dialogue.begin_replay()
    await talk._catch_up()
    if data := talk.dialogue.end_replay():
        await process.write(data)
    return talk


async def converse(connection: Connection, request: AgentRequest, *answers: Answer) -> Conversation:
    """Begin, and answer as many questions as there are answers."""
    talk = await begin(connection, request)
    for answer in answers:
        async with asyncio.timeout(60):
            await talk.answer(answer)
    return talk
