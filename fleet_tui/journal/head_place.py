"""Where the remembered end of an audit log is kept."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def head_path(data_dir: Path, log: Path) -> Path:
    """Return the head file of the log at `log`: one for each log, in the state folder."""
    name = hashlib.sha256(os.fsencode(os.path.realpath(log.expanduser()))).hexdigest()[:16]
    return data_dir / "heads" / name
