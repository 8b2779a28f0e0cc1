"""Server programs that greet whoever connects: started, and waited for until they do."""

from __future__ import annotations

import socket
import subprocess
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_STARTS_WITHIN = 60.0
_BETWEEN_TRIES = 0.02


def start_until_it_greets(
    command: Sequence[str], place: tuple[str, int], greeting: bytes, log: Path, **options: Any
) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own, and return it once it says `greeting` at `place`.

    Raises RuntimeError with the end of its `log` where it does not.
    """
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True, **options)
    deadline = time.monotonic() + _STARTS_WITHIN
    while not _greets(place, greeting):
        if process.poll() is not None or time.monotonic() > deadline:
            kill(process)
            said = log.read_text()[-2000:] if log.exists() else "it wrote nothing"
            raise RuntimeError(f"{command[0]} did not start: {said}")
        time.sleep(_BETWEEN_TRIES)
    return process


def kill(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL it and wait for its end."""
    process.kill()
    process.wait()


def _greets(place: tuple[str, int], greeting: bytes) -> bool:
    try:
        with socket.create_connection(place, 10) as probe:
            return probe.recv(len(greeting)) == greeting
    except OSError:
        return False
