"""Open files, a bounded number of them, however many runs there are."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict

from fleet_tui.journal.disk import BINARY, read_at, write_at

OPEN_FILES = 96
"""Files that one cache keeps open; the least recently used is closed for the next."""


class FileCache:
    """Reads and writes at offsets; opens files as needed and closes the idle ones.

    Safe from several threads; one call at a time. Files are created 0600. Raises OSError.
    """

    def __init__(self, flags: int, limit: int = OPEN_FILES) -> None:
        self._flags = flags | BINARY
        self._limit = limit
        self._fds: OrderedDict[str, int] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._fds)

    def write_at(self, path: str, data: bytes, offset: int) -> None:
        """Write all of `data` at `offset`."""
        with self._lock:
            write_at(self._fd(path), data, offset)

    def read_at(self, path: str, size: int, offset: int) -> bytes:
        """Read up to `size` bytes from `offset`; fewer at the end of the file."""
        with self._lock:
            fd = self._fd(path)
            data = read_at(fd, size, offset)
            while data and len(data) < size:
                more = read_at(fd, size - len(data), offset + len(data))
                if not more:
                    break
                data += more
            return data

    def close(self, path: str) -> None:
        """Close one file, if it is open."""
        with self._lock:
            fd = self._fds.pop(path, None)
            if fd is not None:
                os.close(fd)

    def _fd(self, path: str) -> int:
        fd = self._fds.get(path)
        if fd is not None:
            self._fds.move_to_end(path)
            return fd
        fd = os.open(path, self._flags, 0o600)
        self._fds[path] = fd
        if len(self._fds) > self._limit:
            os.close(self._fds.popitem(last=False)[1])
        return fd


WRITERS = FileCache(os.O_RDWR | os.O_CREAT)
"""Files of live runs. Apart from READERS, so that a slow disk does not hold up the screen."""

READERS = FileCache(os.O_RDONLY)
"""Files that faces read from."""
