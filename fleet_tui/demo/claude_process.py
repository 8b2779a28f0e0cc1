"""What all turns of one scripted `claude` share: options, output, what was spent."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fleet_tui.demo.claude_events import Event, EventWriter, line
from fleet_tui.demo.prices import Usage

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from fleet_tui.demo.claude_options import ClaudeOptions
    from fleet_tui.demo.host import Personality
    from fleet_tui.demo.kept_files import KeptFiles
    from fleet_tui.demo.pace import Pace
    from fleet_tui.demo.steps import Use
    from fleet_tui.demo.streams import Streams

    Ask = Callable[[str, Use], Awaitable[Event]]
    RunCommand = Callable[[str], Awaitable[tuple[int, str]]]


@dataclass(frozen=True, slots=True)
class Prompt:
    """One user message."""

    text: str
    uuid: str = ""
    """As its sender named it; empty when it did not."""


@dataclass(slots=True)
class ClaudeProcess:
    """One `claude -p` process, between its turns."""

    host: Personality
    streams: Streams
    pace: Pace
    options: ClaudeOptions
    events: EventWriter
    run_command: RunCommand
    """Runs a shell command on the host; returns its status and what it printed."""
    kept: KeptFiles
    """Where its conversation is kept."""
    ask: Ask | None = None
    """Asks whether a call with this id may be made; returns the decision. None: nobody to ask."""
    spent: Usage = field(default_factory=Usage)
    _writing: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def emit(self, event: Event) -> None:
        """Print `event` as the output format asked for has it, which may be not at all."""
        options = self.options
        if event["type"] in ("assistant", "user") and not event.get("isReplay"):
            self.kept.claude_said(self.events.session, event["type"], event["message"])
        if options.output_format == "stream-json":
            is_live = event["type"] == "stream_event" or event.get("subtype") == "status"
            if options.is_partial or not is_live:
                async with self._writing:
                    await self.streams.write(line(event))
        elif event["type"] == "result" and options.output_format == "json":
            await self.streams.write(line(event))
        elif event["type"] == "result":
            text = event.get("result") or f"Error: {'; '.join(event.get('errors', []))}"
            await self.streams.write(f"{text}\n".encode())
