"""The conversations that the agents of a demo host have kept, from before the demo began."""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fleet_tui.demo import powershell
from fleet_tui.handoff.places import MARK, slug_of
from fleet_tui.handoff.search import GREP_END

if TYPE_CHECKING:
    from fleet_tui.demo.host import Personality

_BEGAN = time.time()
_TALKS: tuple[tuple[str, str, str, str], ...] = (
    (
        "The discounted total of two mugs is off by a cent. Find out why.",
        "Read src/orders/cart.py",
        "return round(gross * (1 - self.discount), 2)",
        "`Cart.total` rounds a binary float: 5.35 * 0.5 is 2.6749…, so it becomes 2.67. "
        "Summing `Decimal` prices mends it; `tests/test_cart.py` already expects 2.68.",
    ),
    (
        "Why did receipts fail on the 20th?",
        "Bash: grep ERROR ops/orders.log",
        "2026-11-20T06:03:40Z ERROR orders.mail receipt 88121: SMTP 421 too many connections",
        "The mail relay refused a fourth connection (SMTP 421). Receipts are sent inside the "
        "request; commit 9f31c07 moves them to a queue, which is not deployed here yet.",
    ),
    (
        "List dependencies with known vulnerabilities.",
        "Read pyproject.toml",
        '"requests==2.31.0", "jinja2==3.1.4"',
        "Two are worth an update: requests 2.31.0 and jinja2 3.1.4.",
    ),
)


@dataclass(frozen=True, slots=True)
class DemoFile:
    """One file with its time."""

    data: bytes
    changed_at: float


def asks_for_places(line: str) -> bool:
    """Return whether `line` asks where transcripts are, in either of its two languages."""
    return MARK in (powershell.decode(line) or line)


def asks_for_grep(line: str) -> bool:
    """Return whether `line` searches transcripts on the host; these have no `grep` for it."""
    return GREP_END in line


def places_answer(host: Personality) -> bytes:
    """Return what that script would have printed on `host`."""
    home = home_folder(host)
    lines = (MARK, home, f"{home}/.claude", f"{home}/.codex", f"{home}/.local/state/fleet-tui")
    return "\n".join(lines).encode() + b"\n"


def transcript_files(host: Personality) -> dict[str, DemoFile]:
    """Return absolute path and content of every transcript of `host`."""
    found: dict[str, DemoFile] = {}
    folder = host.workdir.replace("\\", "/")
    for number in range(1 + host.seed % 3):
        talk = _TALKS[(host.seed + number) % len(_TALKS)]
        age = 900.0 + (host.seed % 7 + number * 11) * 5400
        session = str(uuid.uuid5(uuid.NAMESPACE_DNS, f"talk{number}.{host.name}.demo"))
        if number == 1 and "codex" in host.spec.agents:
            day = time.strftime("%Y/%m/%d", time.gmtime(_BEGAN - age))
            path = f"{home_folder(host)}/.codex/sessions/{day}/rollout-{number}-{session}.jsonl"
            lines = _codex_lines(folder, talk)
        elif "claude" in host.spec.agents:
            path = f"{home_folder(host)}/.claude/projects/{slug_of(folder)}/{session}.jsonl"
            lines = _claude_lines(folder, talk)
        else:
            continue
        data = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
        found[path] = DemoFile(data, _BEGAN - age)
    return found


def home_folder(host: Personality) -> str:
    """Return the home folder with forward slashes, as an SFTP server of that kind has it."""
    home = host.home.replace("\\", "/")
    return f"/{home}" if home[1:2] == ":" else home


def _claude_lines(folder: str, talk: tuple[str, str, str, str]) -> list[dict[str, Any]]:
    asked, tool, result, answer = talk
    name, _, given = tool.partition(" ")
    argument = "command" if name == "Bash:" else "file_path"
    call = {"type": "tool_use", "name": name.rstrip(":"), "input": {argument: given}}
    turns = (
        ("user", asked),
        ("assistant", [call]),
        ("user", [{"type": "tool_result", "content": result}]),
        ("assistant", [{"type": "text", "text": answer}]),
    )
    return [
        {
            "type": speaker,
            "cwd": folder,
            "gitBranch": "trunk",
            "message": {"role": speaker, "content": content},
        }
        for speaker, content in turns
    ]


def _codex_lines(folder: str, talk: tuple[str, str, str, str]) -> list[dict[str, Any]]:
    asked, tool, result, answer = talk

    def message(role: str, text: str) -> dict[str, Any]:
        return {"type": "message", "role": role, "content": [{"type": "text", "text": text}]}

    call = {"type": "function_call", "name": "shell", "arguments": tool}
    output = {"type": "function_call_output", "output": result}
    items = (message("user", asked), call, output, message("assistant", answer))
    meta = {"type": "session_meta", "payload": {"cwd": folder, "git": {"branch": "trunk"}}}
    return [meta, *({"type": "response_item", "payload": item} for item in items)]
