"""The scripted `claude`: reads a prompt, plays a scene, speaks stream-json while it does."""

from __future__ import annotations

import asyncio
import json
import re
import time
from typing import TYPE_CHECKING

from fleet_tui.demo.claude_events import Ending, Event, EventWriter, line, new_id
from fleet_tui.demo.claude_options import BadUsage, ClaudeOptions, parse
from fleet_tui.demo.prices import Usage, tokens
from fleet_tui.demo.scenes import scene_for
from fleet_tui.demo.steps import Say, Scene, Think, Use
from fleet_tui.demo.streams import SIGNAL_NUMBERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fleet_tui.demo.host import Personality
    from fleet_tui.demo.pace import Pace
    from fleet_tui.demo.streams import Streams

_CHUNK = re.compile(r"(?:\S+\s*){1,3}|\s+")
_SYSTEM_PROMPT = 14_180
"""Tokens of system prompt and tools, cached already."""
_OVERLOADED = (
    "API Error: Repeated 529 Overloaded errors. This is a server-side issue, usually temporary "
    "— try again in a moment."
)
_RETRIES = 2


def _messages(scene: Scene) -> Iterator[Scene]:
    """Cut a scene into messages of the model: each ends with its tool call."""
    blocks: list[Think | Say | Use] = []
    for step in scene:
        blocks.append(step)
        if isinstance(step, Use):
            yield tuple(blocks)
            blocks = []
    if blocks:
        yield tuple(blocks)


class ClaudeAgent:
    """One `claude -p` process. `run` returns its exit status."""

    def __init__(self, host: Personality, streams: Streams, pace: Pace) -> None:
        self._host = host
        self._streams = streams
        self._pace = pace
        self._options = ClaudeOptions(session="", model="")
        self._events = EventWriter("", "")
        self._spent = Usage()
        self._turn_usage = Usage()
        self._partial = ""
        self._tool = ""
        self._signal: str | None = None
        self._turn: asyncio.Task[int] | None = None
        self._began = 0.0

    async def run(self, argv: Sequence[str]) -> int:
        """Play the part of `claude` with these arguments."""
        if argv[:1] in (["--version"], ["-v"]):
            await self._streams.write(self._host.agent_version("claude").encode() + b"\n")
            return 0
        if argv[:2] == ["auth", "status"]:
            await self._streams.write(b'{"loggedIn":true,"authMethod":"api_key"}\n')
            return 0
        try:
            self._options = parse(argv)
        except BadUsage as refusal:
            await self._streams.write_error(f"{refusal}\n".encode())
            return 1
        version = self._host.agent_version("claude").partition(" ")[0]
        self._events = EventWriter(self._options.session, self._options.model, version)
        prompts = await self._prompts()
        if not prompts:
            await self._streams.write_error(
                b"Error: Input must be provided either through stdin or as a prompt argument when "
                b"using --print\n"
            )
            return 1
        status = 0
        for prompt in prompts:
            status = await self._guarded_turn(prompt)
            if self._signal is not None:
                break
        return status

    async def _prompts(self) -> list[str]:
        text = (await self._streams.read()).decode("utf-8", "replace")
        if self._options.input_format != "stream-json":
            whole = "\n".join(part for part in (self._options.prompt, text) if part)
            return [whole] if whole.strip() else []
        prompts = []
        for raw in text.splitlines():
            message = json.loads(raw)
            if message.get("type") == "control_request":
                await self._emit(self._control_response(message))
            elif message.get("type") == "user":
                content = message["message"]["content"]
                if not isinstance(content, str):
                    content = "".join(block.get("text", "") for block in content)
                prompts.append(content)
        return prompts

    def _control_response(self, message: Event) -> Event:
        identifier = message.get("request_id")
        subtype = message.get("request", {}).get("subtype")
        if subtype != "get_settings":
            problem = f"Unsupported control request subtype: {subtype}"
            answer: Event = {"subtype": "error", "request_id": identifier, "error": problem}
        else:
            effective = json.loads(self._options.settings)
            sources = [{"source": "flagSettings", "settings": effective}]
            answer = {
                "subtype": "success",
                "request_id": identifier,
                "response": {"effective": effective, "sources": sources},
            }
        return {"type": "control_response", "response": answer}

    def _signalled(self, name: str) -> bool:
        if name == "KILL" or self._turn is None:
            return False
        self._signal = name
        self._turn.cancel()
        return True

    async def _guarded_turn(self, prompt: str) -> int:
        self._began = time.monotonic()
        self._turn_usage = Usage()
        self._turn = asyncio.create_task(self._play(prompt))
        self._streams.catch_signals(self._signalled)
        try:
            return await self._turn
        except asyncio.CancelledError:
            if self._signal is None:
                raise
            if self._signal != "INT":
                return 128 + SIGNAL_NUMBERS[self._signal]
        finally:
            self._turn.cancel()
            self._streams.catch_signals(None)
        await self._interrupted()
        return 0

    async def _emit(self, event: Event) -> None:
        options = self._options
        if options.output_format == "stream-json":
            is_live = event["type"] == "stream_event" or event.get("subtype") == "status"
            if options.is_partial or not is_live:
                await self._streams.write(line(event))
        elif event["type"] == "result" and options.output_format == "json":
            await self._streams.write(line(event))
        elif event["type"] == "result":
            text = event.get("result") or f"Error: {'; '.join(event.get('errors', []))}"
            await self._streams.write(f"{text}\n".encode())

    async def _play(self, prompt: str) -> int:
        options = self._options
        await self._pace.wait(0.45)
        await self._emit(
            self._events.init(self._host.workdir, options.tools, options.permission_mode)
        )
        messages = list(_messages(scene_for(prompt, self._host, options.powers)))
        context = _SYSTEM_PROMPT
        for number, blocks in enumerate(messages):
            fails = self._host.spec.mood == "overloaded"
            if fails and number == min(1, len(messages) - 1):
                return await self._overload(number)
            if options.max_turns is not None and number >= options.max_turns:
                reason = f"Reached maximum number of turns ({options.max_turns})"
                ending = Ending("error_max_turns", True, "max_turns", None, errors=(reason,))
                return await self._finish(ending)
            fresh = tokens(prompt) if number == 0 else 6
            usage = Usage(fresh=fresh, cache_read=context, cache_write=410 + 90 * number)
            use = await self._message(blocks, usage)
            context += usage.cache_write
            if options.budget_usd is not None and self._cost() >= options.budget_usd:
                reason = f"Reached maximum budget (${options.budget_usd:g})"
                ending = Ending(
                    "error_max_budget_usd", True, "budget_exhausted", None, errors=(reason,)
                )
                return await self._finish(ending)
            if use is not None:
                await self._run_tool(*use)
        answer = next((step.text for step in reversed(messages[-1]) if isinstance(step, Say)), "")
        return await self._finish(Ending(text=answer, turns=len(messages)))

    def _cost(self) -> float:
        return self._turn_usage.cost(self._options.model)

    async def _finish(self, ending: Ending) -> int:
        self._spent += self._turn_usage
        seconds = time.monotonic() - self._began
        await self._emit(self._events.result(ending, self._turn_usage, self._spent, seconds))
        return 1 if ending.is_error else 0

    async def _message(self, blocks: Scene, usage: Usage) -> tuple[str, Use] | None:
        """Stream one message; return its tool call, which is not run yet."""
        await self._emit(self._events.system("status", status="requesting"))
        await self._pace.wait(0.5 + (self._host.seed % 7) / 10)
        self._turn_usage += usage
        await self._emit(self._events.message_start(usage))
        before = self._turn_usage.output
        call: tuple[str, Use] | None = None
        for index, step in enumerate(blocks):
            if isinstance(step, Use):
                call = (new_id("toolu"), step)
                await self._stream_call(index, *call, usage)
            else:
                await self._stream_text(index, step, usage)
        spoken = self._turn_usage.output - before
        await self._emit(self._events.message_delta("tool_use" if call else "end_turn", spoken))
        await self._emit(self._events.stream({"type": "message_stop"}))
        return call

    async def _block(self, index: int, start: Event) -> None:
        event = {"type": "content_block_start", "index": index, "content_block": start}
        await self._emit(self._events.stream(event))

    async def _delta(self, index: int, delta: Event) -> None:
        event = {"type": "content_block_delta", "index": index, "delta": delta}
        await self._emit(self._events.stream(event))

    async def _stop_block(self, index: int) -> None:
        await self._emit(self._events.stream({"type": "content_block_stop", "index": index}))

    async def _stream_text(self, index: int, step: Think | Say, usage: Usage) -> None:
        kind = "thinking" if isinstance(step, Think) else "text"
        empty: Event = {"type": kind, kind: ""}
        await self._block(index, empty)
        self._partial = ""
        for chunk in _CHUNK.findall(step.text):
            count = tokens(chunk)
            await self._pace.wait(count / self._host.tokens_per_second)
            self._turn_usage += Usage(output=count, thinking=count if kind == "thinking" else 0)
            await self._delta(index, {"type": f"{kind}_delta", kind: chunk})
            if kind == "text":
                self._partial += chunk
        self._partial = ""
        block = empty | {kind: step.text}
        if kind == "thinking":
            block["signature"] = "demo"
        await self._emit(self._events.assistant(block, usage))
        await self._stop_block(index)

    async def _stream_call(self, index: int, identifier: str, use: Use, usage: Usage) -> None:
        call: Event = {"type": "tool_use", "id": identifier, "name": use.tool}
        arguments = json.dumps(dict(use.arguments))
        await self._block(index, call | {"input": {}})
        await self._delta(index, {"type": "input_json_delta", "partial_json": arguments})
        self._turn_usage += Usage(output=tokens(arguments))
        await self._emit(self._events.assistant(call | {"input": dict(use.arguments)}, usage))
        await self._stop_block(index)

    async def _run_tool(self, identifier: str, use: Use) -> None:
        self._tool = identifier
        if use.is_denied:
            await self._emit(self._events.denied(identifier, use))
        await self._pace.wait(use.seconds)
        self._tool = ""
        await self._emit(self._events.tool_result(identifier, use))

    async def _overload(self, number: int) -> int:
        """End as when the API stays overloaded: two retries, then a failed result."""
        await self._emit(self._events.system("status", status="requesting"))
        for attempt in range(1, _RETRIES + 1):
            await self._pace.wait(0.7)
            delay = 569 * 2 ** (attempt - 1)
            retry = self._events.system(
                "api_retry",
                attempt=attempt,
                max_retries=10,
                retry_delay_ms=delay,
                error_status=529,
                error="overloaded",
            )
            await self._emit(retry)
            await self._pace.wait(delay / 1000)
        kind = "overloaded_error"
        await self._emit(self._events.api_error(_OVERLOADED, "server_error", 529, kind))
        ending = Ending(
            is_error=True,
            terminal_reason="api_error",
            stop_reason="stop_sequence",
            text=_OVERLOADED,
            turns=number + 1,
            api_status=529,
            api_type=kind,
        )
        return await self._finish(ending)

    async def _interrupted(self) -> None:
        """Close the stream as the real program does on SIGINT: in order, with its cost."""
        note = "[Request interrupted by user]"
        if self._tool:
            rejected = Use("", output="[Request interrupted by user for tool use]", is_error=True)
            await self._emit(self._events.tool_result(self._tool, rejected))
            note = "[Request interrupted by user for tool use]"
        elif self._partial:
            block = {"type": "text", "text": self._partial}
            await self._emit(self._events.assistant(block, Usage(), aborted=True))
        await self._emit(self._events.user({"type": "text", "text": note}))
        reason = "[ede_diagnostic] result_type=user last_content_type=n/a stop_reason=null"
        ending = Ending(
            subtype="error_during_execution",
            is_error=True,
            terminal_reason="aborted_tools" if self._tool else "aborted_streaming",
            stop_reason=None,
            errors=(reason,),
            turns=2,
        )
        await self._finish(ending)
