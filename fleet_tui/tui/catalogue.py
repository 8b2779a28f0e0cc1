"""Every action of the screen; there is none beside these."""

from __future__ import annotations

from fleet_tui.tui.actions import Registry
from fleet_tui.tui.verbs import (
    audit,
    costs,
    daemons,
    heartbeats,
    hosts,
    lines,
    lists,
    looks,
    managed,
    mcp,
    notices,
    output,
    past,
    peers,
    plans,
    program,
    questions,
    queue,
    replaying,
    roles,
    screens,
    sessions,
    threads,
    view,
)

REGISTRY = Registry(
    (
        *hosts.ACTIONS,
        *view.ACTIONS,
        *audit.ACTIONS,
        *costs.ACTIONS,
        *looks.ACTIONS,
        *notices.ACTIONS,
        *output.ACTIONS,
        *peers.ACTIONS,
        *sessions.ACTIONS,
        *questions.ACTIONS,
        *roles.ACTIONS,
        *lines.ACTIONS,
        *lists.ACTIONS,
        *screens.ACTIONS,
        *past.ACTIONS,
        *threads.ACTIONS,
        *plans.ACTIONS,
        *queue.ACTIONS,
        *heartbeats.ACTIONS,
        *daemons.ACTIONS,
        *mcp.ACTIONS,
        *managed.ACTIONS,
        *replaying.ACTIONS,
        *program.ACTIONS,
    )
)
