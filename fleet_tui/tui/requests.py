"""From the composer's fields, as typed, to a request; what cannot be read is said, not guessed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, cast

from fleet_tui.model.request import DispatchRequest
from fleet_tui.tui import fmt

if TYPE_CHECKING:
    from fleet_tui.model.run import AgentName, Mode, OnLimit
    from fleet_tui.tui.drafts import Draft

MOST_STDIN_BYTES = 16 * 1024 * 1024


class DraftProblem(ValueError):
    """A field that cannot be read; the message is one sentence."""


def request_of(draft: Draft) -> DispatchRequest:
    """Return the request without its stdin; raises DraftProblem."""
    return DispatchRequest(
        target=draft.target.strip(),
        prompt=draft.prompt,
        agent=cast("AgentName", draft.agent) if draft.agent else None,
        mode=cast("Mode", draft.mode) if draft.mode else None,
        budget_usd=_number("budget", draft.budget.removeprefix("$"), "dollars"),
        timeout_seconds=_seconds(draft.timeout),
        on_limit=cast("OnLimit", draft.on_limit) if draft.on_limit else None,
        opens=frozenset(draft.opens.split()),
        mcp=tuple(dict.fromkeys(name for name in re.split(r"[\s,]+", draft.mcp) if name)),
        named_hosts=frozenset(name for name in re.split(r"[\s,]+", draft.named) if name),
    )


def stdin_of(draft: Draft) -> bytes:
    """Read the file named for stdin; raises DraftProblem."""
    if not draft.stdin_path.strip():
        return b""
    path = Path(draft.stdin_path.strip()).expanduser()
    try:
        if path.stat().st_size > MOST_STDIN_BYTES:
            raise DraftProblem(f"stdin: {path} is larger than 16 MB")
        return path.read_bytes()
    except OSError as error:
        raise DraftProblem(f"stdin: {path}: {error.strerror or error}") from error


def _number(field: str, typed: str, unit: str) -> float | None:
    if not typed.strip():
        return None
    try:
        value = float(typed)
    except ValueError:
        found = fmt.clip_middle(typed.strip(), 20)
        raise DraftProblem(f"{field}: {found!r} is not a number of {unit}") from None
    if not 0 < value < 1e9:
        raise DraftProblem(f"{field}: {typed.strip()!r} must be more than 0 {unit}")
    return value


def _seconds(typed: str) -> float | None:
    text = typed.strip().lower()
    unit = {"s": 1, "m": 60, "h": 3600}.get(text[-1:])
    number = _number("timeout", text[:-1] if unit else text, "seconds (or 90s, 30m, 2h)")
    return None if number is None else number * (unit or 1)
