"""The scripted `codex exec --json`: the same scenes in Codex CLI's own events (0.169.0)."""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import TYPE_CHECKING

from fleet_tui.demo.claude_events import Event, line
from fleet_tui.demo.prices import tokens
from fleet_tui.demo.scenes import scene_for
from fleet_tui.demo.steps import Powers, Think, Use
from fleet_tui.demo.streams import SIGNAL_NUMBERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_tui.demo.host import Personality
    from fleet_tui.demo.kept_files import KeptFiles
    from fleet_tui.demo.pace import Pace
    from fleet_tui.demo.streams import Streams

_VALUED = frozenset(
    [
        "-s",
        "--sandbox",
        "-C",
        "--cd",
        "-m",
        "--model",
        "--output-schema",
        "-o",
        "--output-last-message",
        "-c",
        "--config",
        "-p",
        "--profile",
        "--color",
        "-i",
        "--image",
        "--add-dir",
    ]
)
_SWITCHES = frozenset(
    [
        "--json",
        "--skip-git-repo-check",
        "--ephemeral",
        "--ignore-user-config",
        "--ignore-rules",
        "--dangerously-bypass-approvals-and-sandbox",
    ]
)
_OVERLOADED = "We're currently experiencing high demand, which may cause temporary errors."
_BAD_USAGE = 2


class CodexAgent:
    """One `codex exec` process. `run` returns its exit status."""

    def __init__(self, host: Personality, streams: Streams, pace: Pace, kept: KeptFiles) -> None:
        self._host = host
        self._streams = streams
        self._pace = pace
        self._kept = kept
        self._thread = str(uuid.uuid4())
        self._items = 0
        self._signal: str | None = None
        self._turn: asyncio.Task[int] | None = None

    async def run(self, argv: Sequence[str]) -> int:
        """Play the part of `codex` with these arguments."""
        if argv[:1] == ["--version"]:
            await self._streams.write(self._host.agent_version("codex").encode() + b"\n")
            return 0
        if argv[:2] == ["login", "status"]:
            await self._streams.write(b"Logged in using an API key\n")
            return 0
        words, given = await self._arguments(argv)
        if words is None:
            return _BAD_USAGE
        if words[1:2] in (["resume"], ["fork"]) and len(words) > 2:
            self._thread = words[2] if words[1] == "resume" else self._thread
            del words[1:3]
        prompt = " ".join(word for word in words[1:] if word != "-")
        text = (await self._streams.read()).decode("utf-8", "replace")
        prompt = "\n".join(part for part in (prompt, text) if part.strip())
        if words[:1] != ["exec"] or not prompt.strip():
            await self._streams.write_error(
                b"No prompt provided. Either specify one as an argument or pipe it into stdin.\n"
            )
            return 1
        return await self._guarded_turn(prompt, given)

    async def _arguments(self, argv: Sequence[str]) -> tuple[list[str] | None, dict[str, str]]:
        words: list[str] = []
        given: dict[str, str] = {}
        rest = list(argv)
        while rest:
            word = rest.pop(0)
            if word == "--":
                return words + rest, given
            if word in _VALUED and rest:
                given[word] = rest.pop(0)
            elif word in _SWITCHES:
                given[word] = ""
            elif word.startswith("-") and word != "-":
                await self._streams.write_error(
                    f"error: unexpected argument '{word}' found\n".encode()
                )
                return None, given
            else:
                words.append(word)
        return words, given

    def _signalled(self, name: str) -> bool:
        if name != "INT" or self._turn is None:
            return False
        self._signal = name
        self._turn.cancel()
        return True

    async def _guarded_turn(self, prompt: str, given: dict[str, str]) -> int:
        self._turn = asyncio.create_task(self._play(prompt, given))
        self._streams.catch_signals(self._signalled)
        try:
            return await self._turn
        except asyncio.CancelledError:
            if self._signal is None:
                raise
            return 1 if self._signal == "INT" else 128 + SIGNAL_NUMBERS[self._signal]
        finally:
            self._turn.cancel()
            self._streams.catch_signals(None)

    async def _emit(self, event: Event) -> None:
        await self._streams.write(line(event))

    async def _item(self, **fields: object) -> None:
        item = {"id": f"item_{self._items}", **fields}
        self._items += 1
        await self._emit({"type": "item.completed", "item": item})

    def _say(self, role: str, text: str) -> None:
        """Keep what was said in the thread."""
        content = [{"type": "text", "text": text}]
        self._kept.codex_said(self._thread, {"type": "message", "role": role, "content": content})

    async def _play(self, prompt: str, given: dict[str, str]) -> int:
        await self._emit({"type": "thread.started", "thread_id": self._thread})
        self._say("user", prompt)
        await self._emit({"type": "turn.started"})
        if self._host.spec.mood == "overloaded":
            return await self._overload()
        sandbox = given.get("-s", given.get("--sandbox", "read-only"))
        is_free = "--dangerously-bypass-approvals-and-sandbox" in given
        powers = Powers(can_run=True, can_edit=is_free or sandbox != "read-only")
        spoken = 0
        for step in scene_for(prompt, self._host, powers):
            if isinstance(step, Use):
                await self._command(step)
                spoken += tokens(json.dumps(dict(step.arguments)))
                continue
            await self._pace.wait(tokens(step.text) / self._host.tokens_per_second)
            spoken += tokens(step.text)
            kind = "reasoning" if isinstance(step, Think) else "agent_message"
            await self._item(type=kind, text=step.text.strip())
            if kind == "agent_message":
                self._say("assistant", step.text.strip())
        usage = {
            "input_tokens": 9_400 + tokens(prompt),
            "cached_input_tokens": 7_900,
            "cache_write_input_tokens": 0,
            "output_tokens": spoken,
            "reasoning_output_tokens": spoken // 4,
        }
        await self._emit({"type": "turn.completed", "usage": usage})
        return 0

    async def _overload(self) -> int:
        await self._item(type="agent_message", text="I'll look at the repository first.")
        await self._pace.wait(2.0)
        await self._emit({"type": "error", "message": _OVERLOADED})
        await self._emit({"type": "turn.failed", "error": {"message": _OVERLOADED}})
        return 1

    async def _command(self, use: Use) -> None:
        """Play a tool call as the shell command that Codex would use for it."""
        status = "failed" if use.is_denied or use.is_error else "completed"
        item: Event = {
            "id": f"item_{self._items}",
            "type": "command_execution",
            "command": f"/bin/bash -lc '{_as_command(use)}'",
        }
        self._items += 1
        running = {"aggregated_output": "", "exit_code": None, "status": "in_progress"}
        await self._emit({"type": "item.started", "item": item | running})
        await self._pace.wait(use.seconds)
        ended: Event = {
            "aggregated_output": use.output + "\n",
            "exit_code": 0 if status == "completed" else 1,
            "status": status,
        }
        await self._emit({"type": "item.completed", "item": item | ended})


def _as_command(use: Use) -> str:
    if use.tool == "Bash":
        return use.arguments["command"]
    if use.tool == "Read":
        return f"cat {use.arguments['file_path']}"
    if use.tool == "Edit":
        return f"apply_patch {use.arguments['file_path']}"
    return f"rg {use.arguments.get('pattern', '')}"
