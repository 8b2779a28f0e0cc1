"""A session that is killed: it registers, listens and keeps a transcript as Claude Code does.

`python -m tests.faults.receiver HOME SESSION SEED` takes messages in by its socket, writes that
they wait, and after a while that its model was shown them. Killed between any two steps, it is
started again with the same session and goes on with nothing but its transcript.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
from pathlib import Path

SLOWEST = 0.02


def start_time() -> str:
    """Return this process's start time as the kernel has it."""
    return Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]


class Receiver:
    """One process of a session."""

    def __init__(self, home: Path, session: str, seed: int) -> None:
        folder = home / ".claude/projects/-work"
        folder.mkdir(parents=True, exist_ok=True)
        self._transcript = (folder / f"{session}.jsonl").open("ab", buffering=0)
        self._registry = home / ".claude/sessions"
        self._registry.mkdir(parents=True, exist_ok=True)
        self._socket = home / f"{session[:8]}-{os.getpid()}.sock"
        self._session = session
        self._chance = random.Random(seed)
        self._waiting: asyncio.Queue[str] = asyncio.Queue()

    async def run(self) -> None:
        """Listen until killed."""
        server = await asyncio.start_unix_server(self._heard, self._socket, limit=1 << 20)
        about = {
            "pid": os.getpid(),
            "sessionId": self._session,
            "cwd": "/work",
            "procStart": start_time(),
            "status": "idle",
            "messagingSocketPath": str(self._socket),
        }
        path = self._registry / f"{os.getpid()}.json"
        path.with_suffix(".new").write_text(json.dumps(about))
        path.with_suffix(".new").rename(path)
        async with server:
            while True:
                text = await self._waiting.get()
                await asyncio.sleep(self._chance.uniform(0, SLOWEST))
                self._write({"type": "user", "message": {"role": "user", "content": text}})

    async def _heard(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async for line in reader:
            text = json.loads(line)["message"]["content"]
            self._write({"type": "queue-operation", "operation": "enqueue", "content": text})
            self._waiting.put_nowait(text)
        writer.close()

    def _write(self, event: dict[str, object]) -> None:
        self._transcript.write(json.dumps(event, separators=(",", ":")).encode() + b"\n")


if __name__ == "__main__":
    asyncio.run(Receiver(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])).run())
