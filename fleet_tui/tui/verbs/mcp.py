"""What can be done about MCP servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.tui import fmt
from fleet_tui.tui.actions import Action
from fleet_tui.tui.verbs import hosts, reach

if TYPE_CHECKING:
    from fleet_tui.model.mcp_view import McpServerView
    from fleet_tui.tui.app import FleetApp


def open_mcp(app: FleetApp, _argument: str) -> None:
    """Show every declared server."""
    from fleet_tui.tui.screens.mcp import McpScreen

    app.open_screen(McpScreen(app))


def _server(app: FleetApp) -> McpServerView | None:
    from fleet_tui.tui.screens.mcp import McpScreen

    return app.screen.at_cursor if isinstance(app.screen, McpScreen) else None


def _no_server(app: FleetApp) -> str:
    return "" if _server(app) is not None else reach.no_rows(app) or "There is no server here."


def _no_host(app: FleetApp) -> str:
    server = _server(app)
    if server is None:
        return _no_server(app)
    return "" if server.host in app.store.hosts else "It runs on this machine."


def ask(app: FleetApp, _argument: str) -> None:
    """Ask the server at the cursor now."""
    server = _server(app)
    if server is not None:
        name = server.name
        app.ask(
            app.control.mcp.ask((name,)),
            lambda up: app.toast(f"{name} answered." if up else f"{name} did not answer."),
        )


def ask_all(app: FleetApp, _argument: str) -> None:
    """Ask every server now."""
    app.ask(app.control.mcp.ask(), lambda up: app.toast(f"{fmt.some(up, 'MCP server')} answered."))


def open_host(app: FleetApp, _argument: str) -> None:
    """Show all that is known of its host."""
    server = _server(app)
    if server is not None and server.host in app.store.hosts:
        hosts.open_host(app, server.host)


ACTIONS = (
    Action(
        "mcp.open",
        "MCP servers: whether they answer, and their tools",
        ("7",),
        "main",
        open_mcp,
        command="mcp",
    ),
    Action(
        "mcp.host",
        "All that is known of its host",
        ("enter",),
        "mcp",
        open_host,
        hint="host",
        why_disabled=_no_host,
    ),
    Action("mcp.ask", "Ask it again", ("r",), "mcp", ask, hint="ask", why_disabled=_no_server),
    Action(
        "mcp.ask-all",
        "Ask all of them again",
        ("a",),
        "mcp",
        ask_all,
        hint="ask all",
        why_disabled=reach.no_rows,
    ),
)
