"""What stands around an agent on its host so that it reaches its MCP servers: tokens and tunnels.

A token comes to the host on the input of a command, lies in a file of the user's alone until the
run begins, and is in the agent's environment from then on: it stands in no command line. A tunnel
is up before the agent begins, and ends with it. Both need a POSIX host.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.model.errors import Refused
from fleet_tui.model.text import one_line
from fleet_tui.transport.shell import quote, sh_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet_tui.model.mcp_run import AgentServer
    from fleet_tui.transport.base import Connection

SECONDS = 30.0
"""How long the host may take to put tokens down."""

_PLACE = 'd="${XDG_STATE_HOME:-$HOME/.local/state}/fleet-tui/tokens"; '
_LEAVE = (
    _PLACE + 'umask 077; mkdir -p "$d" || exit 1; '
    'find "$d" -type f -mmin +60 -exec rm -f {} + 2>/dev/null; cat >"$d"/'
)
"""What a run that never began has left is gone an hour later, at the next one's start."""

_WATCH = (
    '(trap "" INT TERM HUP QUIT; while kill -0 $$; do sleep 1; done; kill $p; rm -rf "$w") '
    "</dev/null >/dev/null 2>&1 & "
)
"""Ends the tunnels when the agent, which takes this shell's place, is gone."""

_LOST = "the tokens of its MCP servers are not on this host any more"


def wrapped(argv: Sequence[str], run: str, servers: Sequence[AgentServer]) -> tuple[str, ...]:
    """Return `argv` with what reads its tokens and opens its tunnels before it, where needed."""
    program = _take_tokens(run, variables(servers)) + _open_tunnels(servers)
    if not program:
        return tuple(argv)
    return ("/bin/sh", "-c", f'{program}exec "$@"', "fleet-mcp", *argv)


def variables(servers: Sequence[AgentServer]) -> tuple[str, ...]:
    """Return the variables of these servers' tokens, each once."""
    return tuple(sorted({one.token_variable for one in servers if one.token_variable}))


async def no_tokens(_servers: Sequence[AgentServer]) -> Mapping[str, str]:
    """Return none: for a fleet whose servers want none."""
    return {}


async def leave_tokens(connection: Connection, run: str, tokens: Mapping[str, str]) -> None:
    """Put the tokens of a run down on its host, by variable; raises Refused, Unreachable."""
    data = "".join(f"{tokens[name]}\n" for name in sorted(tokens)).encode()
    try:
        done = await connection.run(sh_line(_LEAVE + quote(run)), stdin=data, timeout=SECONDS)
    except TimeoutError:
        why = f"no answer within {SECONDS:g} s"
    else:
        if done.status.code == 0:
            return
        why = one_line(done.stderr.decode("utf-8", "replace"), 200) or "nothing was said"
    raise Refused(
        f"the tokens of its MCP servers could not be put down there: {why}",
        mend="see to the space in that user's ~/.local/state",
    )


async def take_tokens_back(connection: Connection, run: str) -> None:
    """Remove what `leave_tokens` put down for a run that did not begin; raises Unreachable."""
    line = sh_line(f'{_PLACE}rm -f "$d"/{quote(run)}')
    try:
        await connection.run(line, timeout=SECONDS)
    except TimeoutError:
        return  # it is gone an hour later


def _take_tokens(run: str, names: Sequence[str]) -> str:
    if not names:
        return ""
    reads = " && ".join(f"IFS= read -r {name}" for name in names)
    fail = f"{{ echo {quote(_LOST)} >&2; exit 1; }}"
    return (
        f'{_PLACE}f="$d"/{quote(run)}; {{ {reads}; }} <"$f" || {fail}; '
        f'rm -f "$f"; export {" ".join(names)}; '
    )


def _open_tunnels(servers: Sequence[AgentServer]) -> str:
    """Return what opens them one after the other; an agent does not begin without one of its own.

    That it is up is told by a command which ssh runs once it listens.
    """
    program = ""
    for number, server in enumerate(one for one in servers if one.tunnel):
        binary, *rest = server.tunnel
        options = ("-o", "ServerAliveInterval=15", "-o", "PermitLocalCommand=yes", "-o")
        words = " ".join(map(quote, (binary, *options)))
        what = quote(f"MCP server {server.name} cannot be reached from this host:")
        up, said = f'"$w"/up{number}', f'"$w"/said{number}'
        fail = f'echo {what} $(tail -n 1 {said}) >&2; kill $p 2>/dev/null; rm -rf "$w"; exit 1'
        program += (
            f"{words} LocalCommand=\"touch '$w/up{number}'\" {' '.join(map(quote, rest))} "
            f'</dev/null >/dev/null 2>{said} & p="$p $!"; '
            f"until [ -e {up} ]; do kill -0 $! 2>/dev/null || {{ {fail}; }}; "
            "sleep 0.1 2>/dev/null || sleep 1; done; "
        )
    return f"p=; w=$(mktemp -d) || exit 1; {program}{_WATCH}" if program else ""
