"""The files of a demo host that agents write and hand-offs move; they live in memory only."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from fleet_tui.demo.transcripts import DemoFile, home_folder, transcript_files
from fleet_tui.handoff.places import slug_of

if TYPE_CHECKING:
    from fleet_tui.demo.host import Personality

MOST_BYTES = 4 << 20
"""Of one conversation; the demo forgets its beginning beyond that."""


class KeptFiles:
    """Absolute path and content; one for all connections of a host."""

    def __init__(self, host: Personality) -> None:
        self._host = host
        self.files: dict[str, DemoFile] = transcript_files(host)
        self.state = f"{home_folder(host)}/.local/state/fleet-tui"

    def put(self, path: str, data: bytes) -> None:
        """Write a file."""
        self.files[path] = DemoFile(data, time.time())

    def claude_said(self, session: str, speaker: str, message: object) -> None:
        """Keep one message of a session of Claude Code."""
        folder = self._host.workdir.replace("\\", "/")
        made = f"{home_folder(self._host)}/.claude/projects/{slug_of(folder)}/{session}.jsonl"
        path = self._known(f"/{session}.jsonl") or made
        place = {"cwd": folder, "gitBranch": "trunk", "sessionId": session}
        self._append(path, {"type": speaker, "timestamp": _now(), **place, "message": message})

    def codex_said(self, thread: str, payload: dict[str, Any]) -> None:
        """Keep one item of a thread of Codex, below the day on which it began."""
        known = self._known(f"-{thread}.jsonl")
        if not known:
            day = time.strftime("%Y/%m/%d", time.gmtime())
            known = f"{home_folder(self._host)}/.codex/sessions/{day}/rollout-demo-{thread}.jsonl"
            folder = self._host.workdir.replace("\\", "/")
            meta = {"id": thread, "cwd": folder, "git": {"branch": "trunk"}}
            self._append(known, {"type": "session_meta", "payload": meta})
        item = {"type": "response_item", "timestamp": _now(), "payload": payload}
        self._append(known, item)

    def _known(self, ending: str) -> str:
        return next((path for path in self.files if path.endswith(ending)), "")

    def _append(self, path: str, line: dict[str, Any]) -> None:
        before = self.files.get(path)
        data = (before.data if before else b"") + json.dumps(line).encode() + b"\n"
        if len(data) > MOST_BYTES:
            data = data[-MOST_BYTES:].partition(b"\n")[2]
        self.put(path, data)


def _now() -> str:
    return datetime.now(tz=UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
