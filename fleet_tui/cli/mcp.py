"""`fleet-tui mcp`: the declared MCP servers, what agents get of them, and the fleet as one."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from fleet_tui.cli.console import ago, complain, emit, say, table
from fleet_tui.cli.context import load_config, open_fleet, run_async
from fleet_tui.model.errors import UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from fleet_tui.mcp.agent_config import AgentConfig
    from fleet_tui.model.mcp_view import McpServerView


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare `mcp`."""
    parser = commands.add_parser("mcp", help="MCP servers of the fleet, and the fleet as one")
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    status = verbs.add_parser(
        "status",
        help="ask the declared servers now; exit 1 if one fails, 4 if its host is out of reach",
    )
    status.add_argument("name", nargs="*", help="only these servers")
    status.add_argument("-v", "--verbose", action="store_true", help="name their tools")
    status.add_argument("--json", action="store_true", help="one JSON object a line")
    status.set_defaults(handler=status_command)
    config = verbs.add_parser(
        "config", help="print the configuration that gives an agent these servers"
    )
    config.add_argument("name", nargs="*", help="only these servers")
    config.add_argument("--host", metavar="H", help="for an agent on this host; else, here")
    config.add_argument(
        "--agent", choices=("claude", "codex"), default="claude", help="for which one"
    )
    config.set_defaults(handler=config_command)
    serve = verbs.add_parser(
        "serve",
        help="be an MCP server on standard input and output: the fleet as tools of an agent",
    )
    serve.add_argument(
        "--allow-dispatch",
        action="store_true",
        help="let the agent start runs and add tasks, through the gate; else it may only look",
    )
    serve.set_defaults(handler=serve_command)


def status_command(options: argparse.Namespace) -> int:
    """Ask the servers and print what came of it."""
    return run_async(_status(options))


async def _status(options: argparse.Namespace) -> int:
    async with open_fleet(options) as fleet:
        servers = await fleet.parts.mcp.ask(options.name)
        now = fleet.clock.time()
    if options.json:
        for server in servers:
            emit("mcp-server", now, **_fields(server))
    elif not servers:
        say("no MCP server is declared; add a [[mcp]] to fleet.toml")
    else:
        _print(servers, now, is_verbose=options.verbose)
    if any(server.is_unreached for server in servers):
        return 4
    return 1 if any(server.state != "up" for server in servers) else 0


def _print(servers: Sequence[McpServerView], now: float, *, is_verbose: bool) -> None:
    rows: list[tuple[str, ...]] = [
        (
            server.name,
            server.host or "here",
            server.transport,
            server.state,
            str(len(server.tools)) if server.state == "up" else "",
            "" if server.latency_seconds is None else f"{server.latency_seconds * 1000:.0f} ms",
            " ".join(word for word in (server.server, server.version) if word),
            "" if server.asked_at is None else f"{ago(now - server.asked_at)} ago",
        )
        for server in servers
    ]
    head = ("name", "host", "transport", "state", "tools", "answered in", "server", "asked")
    table(rows, head)
    for server in servers:
        if is_verbose:
            for tool in server.tools:
                say(f"{server.name}/{tool.name}: {tool.about}")
        if server.why:
            mend = f" ({server.mend})" if server.mend else ""
            complain(f"{server.name}: {server.why}{mend}")


def _fields(server: McpServerView) -> dict[str, object]:
    latency = server.latency_seconds
    return {
        "name": server.name,
        "host": server.host or None,
        "transport": server.transport,
        "place": server.place,
        "state": server.state,
        "why": server.why,
        "mend": server.mend,
        "host_reached": not server.is_unreached,
        "asked_at": server.asked_at,
        "proven_at": server.proven_at,
        "latency_ms": None if latency is None else round(latency * 1000, 2),
        "server": server.server,
        "version": server.version,
        "protocol": server.protocol,
        "tools": [tool.name for tool in server.tools],
    }


def config_command(options: argparse.Namespace) -> int:
    """Print an agent's configuration; exit 1 when a server has to be left out of it."""
    from fleet_tui.mcp.agent_config import agent_config, render, unfit
    from fleet_tui.mcp.settings import choose, mcp_servers

    config = load_config(options)
    if options.host is not None and options.host not in {host.name for host in config.hosts}:
        raise UsageError(f"no host is called {options.host}", mend="see `fleet-tui hosts`")
    servers = choose(mcp_servers(config), options.name)
    found = agent_config(config, servers, options.host or "")
    say(render(found, options.agent))
    sys.stdout.flush()
    left_out = dict(found.left_out)
    left_out |= dict.fromkeys(unfit(found, options.agent), f"{options.agent} speaks no sse")
    _explain(found, left_out, options.host or "this machine")
    return 1 if left_out else 0


def _explain(found: AgentConfig, left_out: dict[str, str], machine: str) -> None:
    for name, why in left_out.items():
        complain(f"{name} is left out: {why}")
    for note in found.notes:
        complain(note)
    for name, variable in found.tokens.items():
        if name not in left_out:
            complain(f"{name} needs its token in the agent's environment there, as {variable}")
    for name, command in found.tunnels.items():
        if name not in left_out:
            complain(f"{name} needs this to be kept running on {machine}: {command}")


def serve_command(options: argparse.Namespace) -> int:
    """Serve one agent until its end of standard input."""
    return run_async(_serve(options))


async def _serve(options: argparse.Namespace) -> int:
    from fleet_tui.mcp_server.serving import serve

    async with open_fleet(options) as fleet:
        await serve(fleet, may_dispatch=options.allow_dispatch and not options.read_only)
    return 0
