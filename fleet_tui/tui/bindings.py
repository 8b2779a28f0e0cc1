"""From actions to Textual's bindings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.binding import Binding

from fleet_tui.tui.catalogue import REGISTRY

if TYPE_CHECKING:
    from textual.binding import BindingType

    from fleet_tui.tui.actions import Scope


def bindings_for(*scopes: Scope, priority: bool = False) -> list[BindingType]:
    """Return the bindings of the scopes' actions; each calls `App.action_perform`."""
    return [
        Binding(
            ",".join(action.keys),
            f"app.perform('{action.id}')",
            action.title,
            show=False,
            id=action.id,
            priority=priority,
        )
        for action in REGISTRY.in_scope(*scopes)
        if action.keys
    ]
