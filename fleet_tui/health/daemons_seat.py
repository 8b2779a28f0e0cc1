"""Who runs a daemon: of the programs of this machine the one that holds its lock.

`<data_dir>/daemons/<name>.lock` says for people which program that is; the lock itself goes away
with its program, however that ends.
"""

from __future__ import annotations

import contextlib
import json
import os
from typing import TYPE_CHECKING

from fleet_tui.journal.disk import BINARY
from fleet_tui.journal.faults import journal_error
from fleet_tui.journal.filelock import try_lock
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = "daemons"
_MOST = 4096


class Seat:
    """The lock of one daemon, held."""

    def __init__(self, fd: int) -> None:
        self._fd: int | None = fd

    @classmethod
    def take(cls, data_dir: Path, name: str, who: str) -> Seat | None:
        """Take the lock and say so in it; None while another program holds it.

        Raises JournalError when the folder cannot be written.
        """
        path = _path(data_dir, name)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            fd = os.open(path, os.O_RDWR | os.O_CREAT | BINARY, 0o600)
            if not try_lock(fd):
                os.close(fd)
                return None
            os.ftruncate(fd, 0)
            os.lseek(fd, 0, os.SEEK_SET)
            os.write(fd, json.dumps({"pid": os.getpid(), "who": who}).encode() + b"\n")
        except OSError as error:
            raise journal_error(error, path, "sign in as who runs a daemon") from error
        return cls(fd)

    def give_back(self) -> None:
        """Let another program have it; the file stays, so that all lock the same one."""
        if self._fd is not None:
            with contextlib.suppress(OSError):  # a name that stays there is nobody's
                os.ftruncate(self._fd, 0)
            os.close(self._fd)
            self._fd = None


def holder(data_dir: Path, name: str) -> str:
    """Return which program runs it, as `fleet-tui daemon run (process 7)`; empty for none."""
    path = _path(data_dir, name)
    try:
        fd = os.open(path, os.O_RDWR | BINARY)
    except OSError:
        return ""
    try:
        if try_lock(fd, shared=True):
            return ""
        said = json.loads(os.read(fd, _MOST) or b"{}")
        return one_line(f"{said['who']} (process {said['pid']})", 80)
    except (OSError, ValueError, KeyError, TypeError):
        return "another program"
    finally:
        os.close(fd)


def _path(data_dir: Path, name: str) -> Path:
    return data_dir / FOLDER / f"{name}.lock"
