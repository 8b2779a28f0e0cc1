"""One turn of the scripted `claude`: plays a scene in stream-json at human speed."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING

from fleet_tui.demo.claude_events import Ending, Event, new_id
from fleet_tui.demo.claude_leave import changed_use, must_ask, refused_ending, told_ending
from fleet_tui.demo.prices import Usage, tokens
from fleet_tui.demo.scenes import scene_for
from fleet_tui.demo.steps import Say, Scene, Think, Use

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet_tui.demo.claude_process import ClaudeProcess, Prompt

_CHUNK = re.compile(r"(?:\S+\s*){1,3}|\s+")
_SYSTEM_PROMPT = 14_180
"""Tokens of system prompt and tools, cached already."""
_OVERLOADED = (
    "API Error: Repeated 529 Overloaded errors. This is a server-side issue, usually temporary "
    "— try again in a moment."
)
_RETRIES = 2
_NOTE = "[Request interrupted by user]"
_TOOL_NOTE = "[Request interrupted by user for tool use]"


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


class _Stopped(Exception):
    """A question was answered with a denial that ends the turn."""


class ClaudeTurn:
    """From one user message to its `result`. `play` returns the exit status it stands for."""

    def __init__(self, process: ClaudeProcess, prompt: Prompt) -> None:
        self._process = process
        self._prompt = prompt
        self._host = process.host
        self._pace = process.pace
        self._options = process.options
        self._events = process.events
        self._emit = process.emit
        self._usage = Usage()
        self._began = time.monotonic()
        self._partial = ""
        self._tool: tuple[str, Use] | None = None
        self._is_asking = False
        self._rest: list[Scene] = []
        self.has_result = False
        """True once its last event was begun: too late to interrupt."""
        self.was_stopped = False
        """True when it was stopped from outside."""

    async def play(self) -> int:
        """Play the scene that answers the prompt."""
        options = self._options
        await self._pace.wait(0.45)
        mode, servers = options.permission_mode, options.servers
        init = self._events.init(self._host.workdir, options.tools, mode, servers)
        names = {"user_message_uuids": [self._prompt.uuid]} if self._prompt.uuid else {}
        await self._emit(init | names)
        said = {"role": "user", "content": self._prompt.text}
        self._process.kept.claude_said(self._events.session, "user", said)
        scene = scene_for(self._prompt.text, self._host, options.powers)
        self._rest = list(_messages(scene))
        try:
            return await self._play_messages()
        except _Stopped:
            return await self.interrupted()

    async def _play_messages(self) -> int:
        options = self._options
        context = _SYSTEM_PROMPT
        number = 0
        blocks: Scene = ()
        while self._rest:
            is_overloaded = self._host.spec.mood == "overloaded" and not options.is_resumed
            if is_overloaded and (number or len(self._rest) == 1):
                return await self._overload(number)
            if options.max_turns is not None and number >= options.max_turns:
                reason = f"Reached maximum number of turns ({options.max_turns})"
                return await self._failed("error_max_turns", "max_turns", reason)
            blocks = self._rest.pop(0)
            fresh = tokens(self._prompt.text) if number == 0 else 6
            usage = Usage(fresh=fresh, cache_read=context, cache_write=410 + 90 * number)
            use = await self._message(blocks, usage, is_first=number == 0)
            number += 1
            context += usage.cache_write
            cost = self._usage.cost(options.model)
            if options.budget_usd is not None and cost >= options.budget_usd:
                reason = f"Reached maximum budget (${options.budget_usd:g})"
                return await self._failed("error_max_budget_usd", "budget_exhausted", reason)
            if use is not None:
                await self._run_tool(*use)
        answer = next((step.text for step in reversed(blocks) if isinstance(step, Say)), "")
        return await self._finish(Ending(text=answer, turns=number))

    async def interrupted(self) -> int:
        """Close the stream as the real program does when it is stopped: in order, with its cost."""
        self.was_stopped = True
        note = _NOTE
        stop_reason: str | None = None
        if self._tool is not None:
            note = _TOOL_NOTE
            identifier, use = self._tool
            if self._is_asking:
                stop_reason = "tool_use"
                await self._emit(self._events.rejected(identifier, use))
            else:
                broken = Use("", output=_TOOL_NOTE, is_error=True)
                await self._emit(self._events.tool_result(identifier, broken))
        elif self._partial:
            block = {"type": "text", "text": self._partial}
            await self._emit(self._events.assistant(block, Usage(), aborted=True))
        await self._emit(self._events.user({"type": "text", "text": note}))
        told = stop_reason or "null"
        reason = f"[ede_diagnostic] result_type=user last_content_type=n/a stop_reason={told}"
        ending = Ending(
            subtype="error_during_execution",
            is_error=True,
            terminal_reason="aborted_tools" if self._tool else "aborted_streaming",
            stop_reason=stop_reason,
            errors=(reason,),
            turns=2,
        )
        return await self._finish(ending)

    async def _failed(self, subtype: str, terminal_reason: str, reason: str) -> int:
        ending = Ending(subtype, True, terminal_reason, None, errors=(reason,))
        return await self._finish(ending)

    async def _finish(self, ending: Ending) -> int:
        self.has_result = True
        self._process.spent += self._usage
        seconds = time.monotonic() - self._began
        total = self._process.spent
        await self._emit(self._events.result(ending, self._usage, total, seconds))
        return 1 if ending.is_error else 0

    # Tools.

    async def _run_tool(self, identifier: str, use: Use) -> None:
        self._tool = (identifier, use)
        source = "config"
        allowed: Use | None = use
        if self._process.ask is not None and must_ask(use):
            source = "user_temporary"
            allowed = await self._ask(identifier, use)
        if allowed is not None:
            if allowed.is_denied:
                await self._emit(self._events.denied(identifier, allowed))
            await self._pace.wait(allowed.seconds)
            self._tool = None
            await self._emit(self._events.tool_result(identifier, allowed, source=source))
        self._tool = None

    async def _ask(self, identifier: str, use: Use) -> Use | None:
        """Return what to run after all; None when it was denied, which then is told already."""
        assert self._process.ask is not None
        self._is_asking = True
        decision = await self._process.ask(identifier, use)
        if decision.get("behavior") != "allow":
            if decision.get("interrupt") is True:
                raise _Stopped
            self._is_asking = False
            reason = str(decision.get("message", ""))
            await self._emit(self._events.refused(identifier, use, reason))
            self._rest = [refused_ending(use, reason)]
            return None
        self._is_asking = False
        wanted = decision.get("updatedInput", {})
        if not wanted or wanted == dict(use.arguments):
            return use
        changed = await changed_use(use, wanted, self._process.run_command)
        self._rest = told_ending(use, changed, self._rest)
        return changed

    # Streaming.

    async def _message(
        self, blocks: Scene, usage: Usage, *, is_first: bool
    ) -> tuple[str, Use] | None:
        """Stream one message; return its tool call, which is not run yet."""
        await self._emit(self._events.system("status", status="requesting"))
        if is_first and self._options.replays and self._prompt.uuid:
            await self._emit(self._events.replayed(self._prompt.uuid, self._prompt.text))
        await self._pace.wait(0.5 + (self._host.seed % 7) / 10)
        self._usage += usage
        await self._emit(self._events.message_start(usage))
        before = self._usage.output
        call: tuple[str, Use] | None = None
        for index, step in enumerate(blocks):
            if isinstance(step, Use):
                call = (new_id("toolu"), step)
                await self._stream_call(index, *call, usage)
            else:
                await self._stream_text(index, step, usage)
        spoken = self._usage.output - before
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
            self._usage += Usage(output=count, thinking=count if kind == "thinking" else 0)
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
        self._usage += Usage(output=tokens(arguments))
        await self._emit(self._events.assistant(call | {"input": dict(use.arguments)}, usage))
        await self._stop_block(index)

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
