"""What the mock model is told to do, read from markers in the prompt.

[[text:HELLO]]              answer with this text (without it: "mock reply")
[[think]]                   a thought before the answer
[[tool:Bash:{"command":"echo hi"}]]   call a tool once, answer after its result
[[loop:Bash:{"command":"echo hi"}]]   call it again and again
[[calls:[["Bash",{"command":"a"}],["Read",{"file_path":"b"}]]]]   call these tools in one message
[[seq:[["Bash",{"command":"a"}],["Read",{"file_path":"b"}]]]]     call these, one after the other
[[slow:20:0.05]]            20 more pieces of text, 0.05 s apart, before the answer
[[endless]]                 pieces of text until the client goes away
[[err:529]]                 this HTTP error, always; with [[ra:3]] a retry-after header
[[flaky:529:2]]             this HTTP error twice, then the answer
[[drop:1]]                  close the connection in the middle of the answer, once; then answer
[[limit]]                   a subscription's usage limit is reached (HTTP 429)
[[limit:7]]                 the same once, over in 7 s; then the answer
[[near-limit]]              answer, with headers that say the limit is near
[[usage:1000:200]]          tokens in and out to report (without it: 100 and 20)
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

_NAMED = re.compile(r"\[\[([a-z-]+)(?::([^\[\]]*))?\]\]")
_CALL = re.compile(r"\[\[(tool|loop):([A-Za-z_]+):(?=\{)")
_CALLS = re.compile(r"\[\[(calls|seq):(?=\[)")


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call the model makes."""

    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Script:
    """The markers of one prompt."""

    prompt: str = ""
    marks: dict[str, str] = field(default_factory=dict)
    turns: tuple[tuple[ToolCall, ...], ...] = ()
    """The calls of each message, in order; after them comes the answer."""
    repeats: bool = False
    """True when the first turn is played again and again."""

    def has(self, name: str) -> bool:
        """Return whether the marker stands in the prompt."""
        return name in self.marks

    def pair(self, name: str, default: tuple[float, float]) -> tuple[float, float]:
        """Return the two numbers of a marker."""
        first, _, second = self.marks.get(name, "").partition(":")
        return (float(first), float(second or 1)) if first else default

    def calls_after(self, results: int) -> tuple[ToolCall, ...]:
        """Return the calls to make now that `results` of them were answered; empty for none."""
        if self.repeats:
            return self.turns[0]
        for calls in self.turns:
            if results < len(calls):
                return calls
            results -= len(calls)
        return ()

    @property
    def text(self) -> str:
        """The answer."""
        return self.marks.get("text", "mock reply")

    @property
    def usage(self) -> tuple[int, int]:
        """Tokens in and out of one response."""
        into, out = self.pair("usage", (100, 20))
        return int(into), int(out)


def read_script(prompt: str) -> Script:
    """Return what `prompt` asks of the mock."""
    marks = {name: value or "" for name, value in _NAMED.findall(prompt)}
    decoder = json.JSONDecoder()
    if found := _CALL.search(prompt):
        arguments, _ = decoder.raw_decode(prompt, found.end())
        return Script(prompt, marks, ((ToolCall(found[2], arguments),),), found[1] == "loop")
    if found := _CALLS.search(prompt):
        pairs, _ = decoder.raw_decode(prompt, found.end())
        calls = tuple(ToolCall(name, arguments) for name, arguments in pairs)
        return Script(
            prompt, marks, (calls,) if found[1] == "calls" else tuple((c,) for c in calls)
        )
    return Script(prompt, marks)


def claude_script(messages: list[dict[str, Any]]) -> tuple[Script, int]:
    """Return the script of a Messages request, and how many tool results came since its prompt."""
    script, results = Script(), 0
    for message in messages:
        if message.get("role") != "user":
            continue
        content = message.get("content")
        blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content or []
        for block in blocks:
            if block.get("type") == "tool_result":
                results += 1
            elif "[[" in (words := block.get("text") or ""):
                script, results = read_script(words), 0
    return script, results


def codex_script(items: list[dict[str, Any]]) -> tuple[Script, int]:
    """Return the script of a Responses request, and how many call outputs came since its prompt."""
    script, results = Script(), 0
    for item in items:
        if str(item.get("type", "")).endswith("_output"):
            results += 1
        content = item.get("content")
        if item.get("role") != "user" or not isinstance(content, list):
            continue
        for part in content:
            if "[[" in (words := part.get("text") or ""):
                script, results = read_script(words), 0
    return script, results
