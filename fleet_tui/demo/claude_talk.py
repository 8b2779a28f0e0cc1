"""The scripted `claude` under `--input-format stream-json`: messages, control requests, questions.

Shapes and order follow recordings of version 2.1.329.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import TYPE_CHECKING

from fleet_tui.demo import claude_events
from fleet_tui.demo.claude_process import Prompt

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_tui.demo.claude_events import Event
    from fleet_tui.demo.claude_process import ClaudeProcess
    from fleet_tui.demo.steps import Use

_NOBODY_LISTENS: Event = {
    "behavior": "deny",
    "message": "Tool permission request failed: the stream was closed before it was answered",
}


class Talk:
    """Reads standard input while turns are played."""

    def __init__(self, process: ClaudeProcess, on_interrupt: Callable[[], None]) -> None:
        self._process = process
        self._on_interrupt = on_interrupt
        """Called when the turn in hand is to be stopped."""
        self._queue: list[Prompt] = []
        self._has_ended = False
        self._changed = asyncio.Event()
        self._waiting: dict[str, asyncio.Future[Event]] = {}
        self.was_garbled = False
        """True once a line came that is no message."""

    async def listen(self) -> None:
        """Read to the end of input. Questions still open then are answered with a denial."""
        try:
            while raw := await self._process.streams.read_line():
                if raw.strip() and not await self._take(raw):
                    break
        finally:
            self._has_ended = True
            self._changed.set()
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_result(_NOBODY_LISTENS)

    async def next_prompt(self) -> Prompt | None:
        """Return the next message; None at the end of input."""
        while not self._queue:
            if self._has_ended:
                return None
            self._changed.clear()
            await self._changed.wait()
        return self._queue.pop(0)

    async def ask(self, tool_use: str, use: Use) -> Event:
        """Ask whether a call may be made; returns the decision, however long it takes."""
        identifier = str(uuid.uuid4())
        answered: asyncio.Future[Event] = asyncio.get_running_loop().create_future()
        if self._has_ended:
            return _NOBODY_LISTENS
        self._waiting[identifier] = answered
        try:
            await self._process.emit(claude_events.can_use_tool(identifier, tool_use, use))
            return await answered
        finally:
            self._waiting.pop(identifier, None)

    async def lifecycle(self, prompt: Prompt, state: str) -> None:
        """Say what becomes of a message that has a name."""
        if prompt.uuid:
            await self._process.emit(self._process.events.lifecycle(prompt.uuid, state))

    async def _take(self, raw: bytes) -> bool:
        try:
            message = json.loads(raw)
            kind = message.get("type")
        except (ValueError, AttributeError):
            self.was_garbled = True
            shown = raw.strip().decode("utf-8", "replace")
            complaint = f"Error parsing streaming input line: {shown}: not a JSON message\n"
            await self._process.streams.write_error(complaint.encode())
            return False
        if kind == "control_request":
            await self._requested(message.get("request_id"), message.get("request", {}))
        elif kind == "control_response":
            await self._answered(message)
        elif kind == "user":
            await self._said(message)
        return True

    async def _said(self, message: Event) -> None:
        content = message["message"]["content"]
        if not isinstance(content, str):
            content = "".join(block.get("text", "") for block in content)
        prompt = Prompt(content, str(message.get("uuid") or ""))
        await self.lifecycle(prompt, "queued")
        self._queue.append(prompt)
        self._changed.set()

    async def _answered(self, message: Event) -> None:
        """Pass a decision on; an answer to a question that is settled is ignored."""
        response = message.get("response", {})
        waiting = self._waiting.get(response.get("request_id"))
        if waiting is None or waiting.done():
            return
        if self._process.options.replays:
            await self._process.emit({"type": "control_response", "response": response})
        refusal: Event = {"behavior": "deny", "message": str(response.get("error", ""))}
        is_answer = response.get("subtype") == "success"
        waiting.set_result(response.get("response", {}) if is_answer else refusal)

    async def _requested(self, identifier: object, request: Event) -> None:
        subtype = request.get("subtype")
        answer: Event = {"subtype": "success", "request_id": identifier}
        if subtype == "initialize":
            answer |= {"response": self._started()}
            answer |= {"pending_permission_requests": [], "pending_user_dialog_requests": []}
        elif subtype == "get_settings":
            answer |= {"response": self._settings()}
        elif subtype == "mcp_status":
            servers = [server.said for server in self._process.options.servers]
            answer |= {"response": {"mcpServers": servers}}
        elif subtype == "interrupt":
            answer |= {
                "response": await self._withdraw(takes_all=bool(request.get("cancel_queued")))
            }
        else:
            problem = f"Unsupported control request subtype: {subtype}"
            answer |= {"subtype": "error", "error": problem, "error_code": "unsupported_request"}
        await self._process.emit({"type": "control_response", "response": answer})
        if subtype == "interrupt":
            self._on_interrupt()

    async def _withdraw(self, *, takes_all: bool) -> Event:
        """Withdraw open questions, and the messages not begun on when all are meant."""
        for identifier in self._waiting:
            cancelled = {"type": "control_cancel_request", "request_id": identifier}
            await self._process.emit(cancelled)
        taken: list[Prompt] = []
        if takes_all:
            taken, self._queue = self._queue, []
        for prompt in taken:
            await self.lifecycle(prompt, "cancelled")
        return {
            "still_queued": [prompt.uuid for prompt in self._queue],
            "cancelled": [prompt.uuid for prompt in taken],
        }

    def _started(self) -> Event:
        return {
            "current_permission_mode": self._process.options.permission_mode,
            "claude_code_version": self._process.events.version,
            "session_state": "idle",
        }

    def _settings(self) -> Event:
        effective = json.loads(self._process.options.settings)
        sources = [{"source": "flagSettings", "settings": effective}] if effective else []
        return {
            "effective": effective,
            "sources": sources,
            "served_settings_state": "ineligible",
            "applied": {"model": self._process.options.model, "effort": "medium"},
        }
