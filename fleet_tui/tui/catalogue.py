"""Every action of the screen; there is none beside these."""

from __future__ import annotations

from fleet_tui.tui.actions import Registry
from fleet_tui.tui.verbs import (
    audit,
    hosts,
    lines,
    lists,
    looks,
    output,
    program,
    questions,
    screens,
    sessions,
    view,
)

REGISTRY = Registry(
    (
        *hosts.ACTIONS,
        *view.ACTIONS,
        *audit.ACTIONS,
        *looks.ACTIONS,
        *output.ACTIONS,
        *sessions.ACTIONS,
        *questions.ACTIONS,
        *lines.ACTIONS,
        *lists.ACTIONS,
        *screens.ACTIONS,
        *program.ACTIONS,
    )
)
