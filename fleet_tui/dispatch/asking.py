"""What a run that can ask was begun with, kept beside its spool for whoever goes on with it."""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_tui.model.agent import AgentRequest

FILE = "asked-with"


@dataclass(frozen=True, slots=True)
class AskedWith:
    """The parts of a request that the store does not hold."""

    model: str | None = None
    stdin: bytes = b""


def keep_request(folder: Path, request: AgentRequest) -> None:
    """Write `asked-with` (mode 0600) into a run's folder; raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    document = {"model": request.model, "stdin": base64.b64encode(request.stdin).decode()}
    descriptor = os.open(folder / FILE, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        json.dump(document, file)


def asked_with(folder: Path) -> AskedWith | None:
    """Return what a run was begun with, None for one that cannot ask."""
    try:
        document = json.loads((folder / FILE).read_text(encoding="ascii"))
        return AskedWith(document["model"], base64.b64decode(document["stdin"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError):
        return AskedWith()
