"""The gate's second question: what the host itself says, asked before the agent starts there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fleet_tui.dispatch.drift import ask_drift
from fleet_tui.dispatch.gate import refusal
from fleet_tui.model.errors import Refused
from fleet_tui.transport.shell import posix_line, powershell_line

if TYPE_CHECKING:
    from fleet_tui.dispatch.gate import GateCase, Login
    from fleet_tui.model.host import Host
    from fleet_tui.transport.base import Connection

LOGIN_SECONDS = 15.0

_ADMINISTRATOR = """\
$me = [Security.Principal.WindowsIdentity]::GetCurrent()
$held = [Security.Principal.WindowsPrincipal]$me
if ($held.IsInRole([Security.Principal.WindowsBuiltInRole]::Administrator)) { 0 } else { 1000 }
"""
"""Windows has no root; an elevated administrator comes nearest. Untested: no Windows machine was at
hand."""


async def ask_login(connection: Connection, host: Host) -> Login:
    """Return who a run would be on the host: what it does not say is `unknown`.

    Raises Unreachable.
    """
    if host.shell == "powershell":
        line = powershell_line(script=_ADMINISTRATOR)
    else:
        line = posix_line(argv=("id", "-u"))
    try:
        answer = await connection.run(line, timeout=LOGIN_SECONDS)
    except TimeoutError:
        return "unknown"
    found = answer.stdout.decode("ascii", "replace").strip()
    if answer.status.code != 0 or not found.isdecimal():
        return "unknown"
    return "root" if int(found) == 0 else "user"


async def ask_gate(connection: Connection, host: Host, case: GateCase) -> Login:
    """Ask the host what the gate has to know of it, and the gate again.

    Returns who the run will be, `unasked` where that does not matter. Raises Refused, Unreachable.
    """
    drift = await ask_drift(connection, host)
    case = replace(
        case,
        hosts=(host.name,),
        verify=drift.state,
        verify_said=drift.said,
        verify_mend=drift.mend,
        allows_root=host.allow_root,
    )
    why = refusal(case)
    if why is None and case.mode == "unrestricted" and case.agent != "shell":
        case = replace(case, login=await ask_login(connection, host))
        why = refusal(case)
    if why is not None:
        raise Refused(why.what, mend=why.mend)
    return case.login
