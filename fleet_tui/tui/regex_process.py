"""Regular expressions of the operator, run in a process that is ended when it takes too long.

Python's `re` can take for ever and holds the interpreter's lock while it does: in a thread it would
stop the screen and the core alike.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

Found: TypeAlias = "list[tuple[int, list[tuple[int, int]]]]"
"""Position of a text, and where in it the pattern matches."""

CHILD = Path(__file__).with_name("regex_child.py")
PATIENCE = 10.0
"""Seconds on the wall for one slice; the child's own limit is of processor time."""
MOST_PATTERN = 1_000
TOO_SLOW = "the pattern takes too long"


class PatternProblem(Exception):
    """The pattern is none, or takes too long; the message says which."""


class RegexProcess:
    """One pattern, one process, started by the first question. Never for the screen's thread."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._problem = "" if len(pattern) <= MOST_PATTERN else "the pattern is too long"
        self._is_closed = False

    def find(self, texts: Sequence[str]) -> Found:
        """Return which texts match and where; raises PatternProblem, and from then on always."""
        with self._lock:
            try:
                if not self._problem and not self._is_closed:
                    asked = json.dumps({"pattern": self.pattern, "texts": list(texts)})
                    told = self._ask(asked.encode() + b"\n")
                    if "found" in told:
                        return [(at, [(a, b) for a, b in spans]) for at, spans in told["found"]]
                    self._problem = told["error"]
                raise PatternProblem(self._problem)
            finally:
                if self._problem or self._is_closed:
                    self._end()

    def close(self) -> None:
        """End the process; a question under way fails."""
        self._is_closed = True
        process = self._process
        if process is not None:
            process.kill()
            if self._lock.acquire(blocking=False):
                self._end()
                self._lock.release()

    def _ask(self, line: bytes) -> dict[str, Any]:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(CHILD)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        timer = threading.Timer(PATIENCE, process.kill)
        timer.daemon = True
        timer.start()
        told = b""
        try:
            with suppress(OSError):  # it was ended; the empty answer says so
                process.stdin.write(line)
                process.stdin.flush()
                told = process.stdout.readline()
        finally:
            timer.cancel()
        return json.loads(told) if told.endswith(b"\n") else {"error": TOO_SLOW}

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with suppress(OSError):  # what it did not take is not wanted any more
                    stream.close()
        process.wait()
