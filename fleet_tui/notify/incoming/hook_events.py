"""What Claude Code's hooks tell: the JSON of Stop, StopFailure, SessionEnd and Notification. Pure.

Fields as Claude Code 2.1.329 sends them: `hook_event_name`, `session_id`, `cwd`; a Stop has
`last_assistant_message`, a StopFailure `error`, a SessionEnd `reason`, a Notification `message` and
`notification_type`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.model.text import one_line
from fleet_tui.notify.incoming.message import Incoming

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_tui.model.notice import Severity

_EVENTS: Mapping[str, tuple[str, Severity]] = {
    "Stop": ("agent-stopped", "info"),
    "StopFailure": ("agent-failed", "error"),
    "SessionEnd": ("session-ended", "info"),
    "Notification": ("agent-notice", "warning"),
}


def incoming_of(key: str, document: Mapping[str, object]) -> Incoming | None:
    """Return what a hook tells; None for an event that nobody wants to be told of."""
    found = _EVENTS.get(str(document.get("hook_event_name")))
    if found is None:
        return None
    event, severity = found
    folder = one_line(str(document.get("cwd", "")), 200).rstrip("/").rpartition("/")[2]
    where = f" in {folder}" if folder else ""
    return Incoming(key, severity, event, f"{_said(event, document)}{where}{_more(document)}")


def session_of(document: Mapping[str, object]) -> str:
    """Return the session that a hook is about, empty when it names none."""
    return one_line(str(document.get("session_id", "")), 80)


def _said(event: str, document: Mapping[str, object]) -> str:
    if event == "agent-notice":
        return one_line(str(document.get("message", "it wants something")), 300)
    return {
        "agent-stopped": "claude has finished",
        "agent-failed": "claude was stopped by an error",
        "session-ended": "a session of claude has ended",
    }[event]


def _more(document: Mapping[str, object]) -> str:
    for name in ("last_assistant_message", "error", "reason"):
        value = document.get(name)
        if isinstance(value, str) and value.strip():
            return f": {one_line(value, 300)}"
    return ""
