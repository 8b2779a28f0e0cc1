"""The scripted `claude`: reads prompts and plays a scene for each."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from fleet_tui.demo.claude_events import EventWriter
from fleet_tui.demo.claude_options import BadUsage, parse
from fleet_tui.demo.claude_process import ClaudeProcess, Prompt
from fleet_tui.demo.claude_talk import Talk
from fleet_tui.demo.claude_turn import ClaudeTurn
from fleet_tui.demo.streams import SIGNAL_NUMBERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_tui.demo.claude_options import ClaudeOptions
    from fleet_tui.demo.claude_process import RunCommand
    from fleet_tui.demo.host import Personality
    from fleet_tui.demo.kept_files import KeptFiles
    from fleet_tui.demo.pace import Pace
    from fleet_tui.demo.streams import Streams

_NO_INPUT = (
    b"Error: Input must be provided either through stdin or as a prompt argument when using "
    b"--print\n"
)


class ClaudeAgent:
    """One `claude -p` process. `run` returns its exit status."""

    def __init__(
        self,
        host: Personality,
        streams: Streams,
        pace: Pace,
        run_command: RunCommand,
        kept: KeptFiles,
    ) -> None:
        self._host = host
        self._streams = streams
        self._pace = pace
        self._run_command = run_command
        self._kept = kept
        self._signal: str | None = None
        self._was_interrupted = False
        self._turn: ClaudeTurn | None = None
        self._playing: asyncio.Task[int] | None = None

    async def run(self, argv: Sequence[str]) -> int:
        """Play the part of `claude` with these arguments."""
        if argv[:1] in (["--version"], ["-v"]):
            await self._streams.write(self._host.agent_version("claude").encode() + b"\n")
            return 0
        if argv[:2] == ["auth", "status"]:
            await self._streams.write(b'{"loggedIn":true,"authMethod":"api_key"}\n')
            return 0
        try:
            options = parse(argv)
        except BadUsage as refusal:
            await self._streams.write_error(f"{refusal}\n".encode())
            return 1
        process = self._process(options)
        if options.input_format == "stream-json":
            return await self._converse(process)
        text = (await self._streams.read()).decode("utf-8", "replace")
        whole = "\n".join(part for part in (options.prompt, text) if part)
        if not whole.strip():
            await self._streams.write_error(_NO_INPUT)
            return 1
        return await self._guarded_turn(process, Prompt(whole))

    def _process(self, options: ClaudeOptions) -> ClaudeProcess:
        version = self._host.agent_version("claude").partition(" ")[0]
        events = EventWriter(options.session, options.model, version)
        return ClaudeProcess(
            self._host,
            self._streams,
            self._pace,
            options,
            events,
            self._run_command,
            self._kept,
        )

    async def _converse(self, process: ClaudeProcess) -> int:
        """Answer one message after the other until the input ends."""
        talk = Talk(process, self._interrupt)
        if process.options.asks:
            process.ask = talk.ask
        listening = asyncio.create_task(talk.listen())
        status = 0
        try:
            while (prompt := await talk.next_prompt()) is not None:
                await talk.lifecycle(prompt, "started")
                status = await self._guarded_turn(process, prompt)
                was_stopped = self._turn is not None and self._turn.was_stopped
                await talk.lifecycle(prompt, "cancelled" if was_stopped else "completed")
                if self._signal is not None:
                    break
        finally:
            listening.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await listening
        return status or int(talk.was_garbled)

    def _signalled(self, name: str) -> bool:
        if name == "KILL" or self._playing is None:
            return False
        self._signal = name
        self._playing.cancel()
        return True

    def _interrupt(self) -> None:
        """Stop the turn in hand, unless it has just ended."""
        if self._playing is not None and self._turn is not None and not self._turn.has_result:
            self._was_interrupted = True
            self._playing.cancel()

    async def _guarded_turn(self, process: ClaudeProcess, prompt: Prompt) -> int:
        self._was_interrupted = False
        turn = self._turn = ClaudeTurn(process, prompt)
        self._playing = asyncio.create_task(turn.play())
        self._streams.catch_signals(self._signalled)
        try:
            return await self._playing
        except asyncio.CancelledError:
            if self._signal is None and not self._was_interrupted:
                raise
            if self._signal not in (None, "INT"):
                return 128 + SIGNAL_NUMBERS[self._signal]
        finally:
            self._playing.cancel()
            self._playing = None
            self._streams.catch_signals(None)
        status = await turn.interrupted()
        return 0 if self._signal == "INT" else status
