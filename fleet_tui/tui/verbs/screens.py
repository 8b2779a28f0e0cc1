"""What can be done on the screens that open over the first one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from fleet_tui.tui.actions import Action
from fleet_tui.tui.verbs import reach

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_tui.tui.app import FleetApp


@runtime_checkable
class OpensRows(Protocol):
    """A screen that can open the row at its cursor."""

    def open_row(self) -> None:
        """Open it."""


@runtime_checkable
class Reloads(Protocol):
    """A screen that can ask the core for its content again."""

    def reload(self) -> None:
        """Ask again."""


@runtime_checkable
class Writes(Protocol):
    """A screen on which a prompt is written: the composer, or its form for one session."""

    def send(self) -> None:
        """Send what is written."""

    def open_history(self) -> None:
        """Choose among the prompts sent before."""

    def close_with_draft(self) -> None:
        """Close, and keep what is written."""


def open_row(app: FleetApp, _argument: str) -> None:
    """Open the row at the cursor of the screen on top."""
    if isinstance(app.screen, OpensRows):
        app.screen.open_row()


def reload(app: FleetApp, _argument: str) -> None:
    """Ask the core again for what the screen on top shows."""
    if isinstance(app.screen, Reloads):
        app.screen.reload()


def connect_host(app: FleetApp, _argument: str) -> None:
    """Connect now to the host that is shown."""
    name = getattr(app.screen, "host_name", "")
    app.ask(app.control.connect([name]), lambda _none: app.toast(f"Connecting to {name}."))


def _on_composer(act: Callable[[Writes], None]) -> Callable[[FleetApp, str], None]:
    def run(app: FleetApp, _argument: str) -> None:
        if isinstance(app.screen, Writes):
            act(app.screen)

    return run


ACTIONS = (
    Action(
        "runs.reopen",
        "Show this run again",
        ("enter",),
        "runs",
        open_row,
        hint="open",
        why_disabled=reach.no_rows,
    ),
    Action("runs.reload", "Read the list again", ("r",), "runs", reload, hint="reload"),
    Action(
        "host.open-run",
        "All that is known of this run",
        ("enter",),
        "host",
        open_row,
        hint="open run",
        why_disabled=reach.no_rows,
    ),
    Action("host.connect", "Connect now", ("c",), "host", connect_host, hint="connect"),
    Action(
        "composer.send",
        "Send",
        ("f5", "ctrl+r", "alt+enter"),
        "composer",
        _on_composer(lambda screen: screen.send()),
        hint="send",
        danger="named",
        needs_write=True,
    ),
    Action(
        "composer.history",
        "Prompts sent before",
        ("f4",),
        "composer",
        _on_composer(lambda screen: screen.open_history()),
        hint="history",
    ),
    Action(
        "composer.close",
        "Close, and keep the draft",
        ("escape",),
        "composer",
        _on_composer(lambda screen: screen.close_with_draft()),
        hint="keep draft",
    ),
)
