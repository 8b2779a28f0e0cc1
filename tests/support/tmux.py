"""A real terminal: the program in a tmux window, keys typed into it, its screen read back."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support.parts import require
from tests.support.program import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType

BETWEEN_LOOKS = 0.05
PROMPT = "ready> "
_STATUS = "fleet-tui ended with"
_ESCAPED = re.compile(rb"\x1b\[[0-9;?]*[ -/]*[@-~]")
_MODES = "#{alternate_on} #{cursor_flag} #{mouse_any_flag} #{keypad_cursor_flag}"


@dataclass
class Terminal:
    """A shell in a tmux of its own; `start` types the program's command line into it."""

    folder: Path
    env: Mapping[str, str]
    columns: int
    rows: int

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.written = self.folder / "written"
        """Every byte that was written to the terminal."""
        self._tmux = [require("tmux"), "-S", str(self.folder / "tmux"), "-f", "/dev/null"]

    def __enter__(self) -> Terminal:
        env = {"TERM": "xterm-256color", **self.env, "PS1": PROMPT}
        shell = ["env", "-i", *(f"{name}={value}" for name, value in env.items()), "/bin/sh", "-i"]
        size = ["-x", str(self.columns), "-y", str(self.rows)]
        self._call("new-session", "-d", *size, "-c", str(self.folder), shlex.join(shell))
        self._call("pipe-pane", "-o", f"cat > {shlex.quote(str(self.written))}")
        self.until(PROMPT.strip())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._call("kill-server")

    def start(self, *arguments: str) -> None:
        """Start the program."""
        line = shlex.join([sys.executable, "-m", "fleet_tui", *arguments])
        self.type(f"clear; {line}; echo {_STATUS} $?")
        self.keys("Enter")

    def type(self, text: str) -> None:
        """Type characters as they are."""
        self._call("send-keys", "-l", text)

    def keys(self, *names: str) -> None:
        """Press keys by their tmux names."""
        self._call("send-keys", *names)

    def resize(self, columns: int, rows: int) -> None:
        """Give the terminal another size."""
        self._call("resize-window", "-x", str(columns), "-y", str(rows))

    def paste(self, file: Path) -> None:
        """Paste a file's text the way terminals do (bracketed, where the program asked for it)."""
        self._call("load-buffer", str(file))
        self._call("paste-buffer", "-p", "-d")

    def screen(self) -> str:
        """Return what is on the screen."""
        return self._call("capture-pane", "-p")

    def until(self, *patterns: str) -> str:
        """Return the screen once all these patterns are on it; fails with the screen if never."""
        deadline = time.monotonic() + PATIENCE
        while True:
            shown = self.screen()
            missing = [pattern for pattern in patterns if not re.search(pattern, shown)]
            if not missing:
                return shown
            if time.monotonic() > deadline:
                raise AssertionError(f"never on the screen: {missing}\n{shown}")
            time.sleep(BETWEEN_LOOKS)

    def gone(self, pattern: str) -> str:
        """Return the screen once `pattern` is no more on it; fails with the screen if never."""
        deadline = time.monotonic() + PATIENCE
        while re.search(pattern, shown := self.screen()):
            if time.monotonic() > deadline:
                raise AssertionError(f"still on the screen: {pattern}\n{shown}")
            time.sleep(BETWEEN_LOOKS)
        return shown

    def told(self, text: str) -> None:
        """Return once `text` was shown, be it for a moment only; fails with the screen if never."""
        deadline = time.monotonic() + PATIENCE
        while text.encode() not in _ESCAPED.sub(b"", self.written.read_bytes()):
            if time.monotonic() > deadline:
                raise AssertionError(f"never shown: {text}\n{self.screen()}")
            time.sleep(BETWEEN_LOOKS)

    def modes(self) -> str:
        """Return alternate screen, cursor, mouse and keypad of the terminal, as tmux has them."""
        return self._call("display-message", "-p", _MODES).strip()

    def ended(self) -> int:
        """Wait until the program has ended; return its exit status."""
        shown = self.until(rf"{_STATUS} \d+", rf"\n{PROMPT.strip()}")
        found = re.search(rf"{_STATUS} (\d+)", shown)
        assert found is not None
        return int(found[1])

    def _call(self, *arguments: str) -> str:
        done = subprocess.run([*self._tmux, *arguments], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"tmux {arguments[0]}: {done.stderr}")
        return done.stdout
