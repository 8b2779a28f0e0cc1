"""Transcripts as the agents write them, for homes of test hosts."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

SESSION = "11111111-2222-4333-8444-555555555555"
OTHER = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
THREAD = "01a1feb9-f854-7052-b3ba-f190f60e4ba9"


def claude_lines(*turns: tuple[str, Any], folder: str = "/srv/app") -> list[dict[str, Any]]:
    """Return lines of (`user` or `assistant`, content) turns."""
    lines: list[dict[str, Any]] = [{"type": "queue-operation", "operation": "enqueue"}]
    for speaker, content in turns:
        lines.append(
            {
                "type": speaker,
                "timestamp": "2026-11-21T10:00:00.000Z",
                "cwd": folder,
                "gitBranch": "main",
                "message": {"role": speaker, "content": content},
            }
        )
    return lines


def plant_claude(
    home: Path,
    session: str = SESSION,
    lines: list[dict[str, Any]] | None = None,
    *,
    slug: str = "-srv-app",
    changed_at: float = 1_795_000_000,
    raw: bytes = b"",
) -> Path:
    """Write a transcript of Claude Code below `home`; `raw` goes behind the lines."""
    told = lines or claude_lines(("user", "mend the cart"), ("assistant", "It is mended."))
    path = home / ".claude" / "projects" / slug / f"{session}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(json.dumps(line).encode() + b"\n" for line in told) + raw)
    os.utime(path, (changed_at, changed_at))
    return path


def plant_codex(home: Path, *, changed_at: float = 1_795_000_100) -> Path:
    """Write a transcript of Codex below `home`."""
    lines = [
        {
            "type": "session_meta",
            "payload": {"id": THREAD, "cwd": "/srv/api", "git": {"branch": "dev"}},
        },
        _codex_message("user", "<environment_context>\n</environment_context>"),
        _codex_message("user", "count the Routes"),
        {
            "type": "response_item",
            "payload": {"type": "function_call", "name": "shell", "arguments": '{"c": "ls"}'},
        },
        {
            "type": "response_item",
            "payload": {"type": "function_call_output", "output": "api.py"},
        },
        _codex_message("assistant", "There are two."),
    ]
    folder = home / ".codex" / "sessions" / "2026" / "11" / "20"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"rollout-2026-11-20T08-00-00-{THREAD}.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    os.utime(path, (changed_at, changed_at))
    return path


def _codex_message(role: str, text: str) -> dict[str, Any]:
    content = [{"type": "input_text", "text": text}]
    payload = {"type": "message", "role": role, "content": content}
    return {"timestamp": "2026-11-20T08:00:01Z", "type": "response_item", "payload": payload}
