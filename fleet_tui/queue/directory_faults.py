"""Failures of a queue's folder, as sentences."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fleet_tui.model.errors import Unreachable
from fleet_tui.model.task import QueueError

if TYPE_CHECKING:
    from collections.abc import Iterator

_MENDS = {
    errno.ENOSPC: "free space on its disk; nothing was lost, and workers try again",
    errno.EDQUOT: "raise the quota or free space; nothing was lost, and workers try again",
    errno.EMFILE: "raise the limit of open files (`ulimit -n`)",
    errno.ENFILE: "raise the system's limit of open files",
    errno.EACCES: "make the folder and what is in it yours, or writable for your group",
    errno.EPERM: "make the folder and what is in it yours, or writable for your group",
    errno.EROFS: "its file system is read-only: mount it for writing",
    errno.EIO: "the disk reports errors: check it before you go on",
    errno.ESTALE: "the network mount went away and came back: mount it again",
    errno.ENOENT: "the queue's folder was removed or is not mounted: put it back",
}


@contextmanager
def told(place: str, doing: str) -> Iterator[None]:
    """Raise OSError as QueueError that says what was being done, and the mend."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error) or type(error).__name__
        mend = _MENDS.get(error.errno or 0, f"see that {place} can be used")
        raise QueueError(f"cannot {doing}: {reason}", where=place, mend=mend) from error
    except Unreachable as error:
        what = f"cannot {doing}: {error.what}"
        raise QueueError(what, where=place, mend=error.mend or "it is tried again") from error
