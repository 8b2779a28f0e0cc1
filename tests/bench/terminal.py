"""A program in a pseudo-terminal, and the one who sits in front of it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

COLUMNS, LINES = 120, 40
KEPT = 200_000
_SYNC_QUERY, _SYNC_ANSWER = b"\x1b[?2026$p", b"\x1b[?2026;2$y"


class Terminal:
    """Reads what is painted; only the last part is kept."""

    def __init__(self, arguments: Sequence[str], environment: Mapping[str, str], cwd: str) -> None:
        self.began = time.perf_counter()
        self.received = 0
        self.kept: bytearray | None = None
        """Where every byte goes, when all are wanted."""
        self._seen = b""
        self._is_over = False
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.chdir(cwd)
            os.execvpe(arguments[0], list(arguments), dict(environment))
        size = struct.pack("HHHH", LINES, COLUMNS, 0, 0)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, size)

    def read(self, seconds: float) -> bool:
        """Wait up to `seconds` for something painted, and take it; False when nothing came."""
        ready, _, _ = select.select([self._fd], [], [], seconds)
        if not ready or self._is_over:
            return False
        try:
            data = os.read(self._fd, 65536)
        except OSError:
            self._is_over = True
            return False
        self.received += len(data)
        if self.kept is not None:
            self.kept += data
        if _SYNC_QUERY in data:
            os.write(self._fd, _SYNC_ANSWER)
        self._seen = (self._seen + data)[-KEPT:]
        return True

    def shows(self, text: str) -> bool:
        """Return whether `text`, in one style, was painted since `forget`."""
        return text.encode() in self._seen

    def forget(self) -> None:
        """Begin to look anew."""
        self._seen = b""

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self._fd, keys.encode())

    def read_until(self, is_done: Callable[[], bool], seconds: float) -> float:
        """Read until `is_done`; returns how long it took, or raises after `seconds`."""
        began = time.perf_counter()
        while not is_done():
            left = seconds - (time.perf_counter() - began)
            if left <= 0 or self._is_over:
                tail = self._seen[-600:].decode(errors="replace")
                raise RuntimeError(f"the screen did not come that far; it shows: {tail}")
            self.read(min(left, 0.05))
        return time.perf_counter() - began

    def read_for(self, seconds: float) -> None:
        """Read for so long."""
        until = time.perf_counter() + seconds
        while (left := until - time.perf_counter()) > 0 and not self._is_over:
            self.read(min(left, 0.05))

    @property
    def is_over(self) -> bool:
        """True once the program has closed the terminal."""
        return self._is_over

    def close(self) -> None:
        """Kill the program and let the terminal go."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._fd)


@contextlib.contextmanager
def open_terminal(
    arguments: Sequence[str], environment: Mapping[str, str], cwd: str
) -> Iterator[Terminal]:
    """Yield a terminal with the program in it; the program is killed at the end."""
    names = ("PATH", "LANG", "LC_ALL")
    basic = {name: os.environ[name] for name in names if name in os.environ}
    look = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    terminal = Terminal(arguments, {**basic, **look, **environment}, cwd)
    try:
        yield terminal
    finally:
        terminal.close()
