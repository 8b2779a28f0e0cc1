"""Turns errors of the file system and of SQLite into one the user can act on."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from fleet_tui.model.errors import JournalError

if TYPE_CHECKING:
    from pathlib import Path

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_FORBIDDEN = frozenset({errno.EACCES, errno.EPERM})


def journal_error(error: OSError, path: Path, doing: str) -> JournalError:
    """Return the JournalError for `error`, met at `path` while trying to do `doing`."""
    return JournalError(
        f"cannot {doing}: {error.strerror or error}", where=str(path), mend=mend_for(error, path)
    )


def mend_for(error: OSError, path: Path) -> str:
    """Return the next step for a failed write to `path`."""
    if error.errno in _FULL:
        return f"free space on the disk of {path.parent}, or raise the quota or file size limit"
    if error.errno in _FORBIDDEN:
        return f"make it writable for you: `chmod u+rw {path}`; `lsattr` shows if it is immutable"
    if error.errno == errno.EROFS:
        return "its file system is read-only: remount it, or choose another place in fleet.toml"
    if error.errno in (errno.EISDIR, errno.ENOTDIR, errno.EEXIST):
        return f"something else stands at {path}: move it away, or choose another place"
    if error.errno == errno.EIO:
        return "the disk reports errors: check it before you go on"
    return f"see that {path} is a file you can write"
