"""Where agents keep their transcripts on a host, and how Claude Code names a folder's own.

Claude Code: `$CLAUDE_CONFIG_DIR` or `~/.claude`, then `projects/<slug>/<session>.jsonl`. Codex:
`$CODEX_HOME` or `~/.codex`, then `sessions/YYYY/MM/DD/rollout-<time>-<session>.jsonl`. Measured
with Claude Code 2.1.329 and Codex 0.169.0.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_tui.model.errors import FleetError
from fleet_tui.transport.shell import posix_line, powershell_line

if TYPE_CHECKING:
    from fleet_tui.transport.base import Connection

SECONDS = 20.0
SLUG_LENGTH = 200
MARK = "fleet-places=1"
_SCRIPT = (
    'printf "fleet-places=1\\n%s\\n%s\\n%s\\n%s\\n" "$HOME" "${CLAUDE_CONFIG_DIR:-$HOME/.claude}" '
    '"${CODEX_HOME:-$HOME/.codex}" "${XDG_STATE_HOME:-$HOME/.local/state}/fleet-tui"'
)
_POWERSHELL = (
    '$c = if ($env:CLAUDE_CONFIG_DIR) {$env:CLAUDE_CONFIG_DIR} else {"$HOME\\.claude"}\n'
    '$x = if ($env:CODEX_HOME) {$env:CODEX_HOME} else {"$HOME\\.codex"}\n'
    "'fleet-places=1', $HOME, $c, $x, \"$HOME\\.local\\state\\fleet-tui\" | "
    "ForEach-Object { $_.Replace('\\', '/') -replace '^([A-Za-z]):', '/$1:' }"
)
"""Untested on Windows: its SFTP server names a drive `/C:/`."""
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Places:
    """Absolute folders of one host, with forward slashes."""

    home: str
    claude: str
    codex: str
    state: str
    """Where we keep what we must remember there."""


async def ask_places(connection: Connection) -> Places:
    """Ask the host; raises Unreachable, FleetError for an answer that is none."""
    host = connection.host
    env = dict(host.env)
    if host.shell == "powershell":
        line = powershell_line(script=_POWERSHELL, env=env)
    else:
        line = posix_line(argv=("/bin/sh", "-c", _SCRIPT), env=env)
    try:
        answer = await connection.run(line, timeout=SECONDS, limit=1 << 16)
    except TimeoutError:
        raise FleetError(
            f"{host.name} did not say where its transcripts are within {SECONDS:g} s",
            mend=f"try `ssh {host.name} true`",
        ) from None
    _, found, rest = answer.stdout.partition(MARK.encode())
    lines = [line.strip() for line in rest.decode("utf-8", "surrogateescape").splitlines()[1:5]]
    if not found or len(lines) < 4 or not all(line.startswith("/") for line in lines):
        raise FleetError(
            f"{host.name} did not say where its transcripts are",
            mend="its login shell must run `/bin/sh`; set HOME and CLAUDE_CONFIG_DIR absolute",
        )
    return Places(*lines)


def slug_of(folder: str) -> str:
    """Return the name of the folder in which Claude Code keeps the transcripts of `folder`.

    What is no ASCII letter or digit becomes a dash; beyond 200 characters the rest is replaced by
    a 32-bit hash of the whole, in base 36.
    """
    units = folder.encode("utf-16-le", "surrogatepass")
    codes = [units[i] | units[i + 1] << 8 for i in range(0, len(units), 2)]
    plain = "".join(
        chr(code) if code < 128 and re.match("[A-Za-z0-9]", chr(code)) else "-" for code in codes
    )
    if len(plain) <= SLUG_LENGTH:
        return plain
    total = 0
    for code in codes:
        total = (total * 31 + code) & 0xFFFFFFFF
    number = abs(total - (1 << 32) if total >= 1 << 31 else total)
    return f"{plain[:SLUG_LENGTH]}-{_base36(number)}"


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = _DIGITS[rest] + digits
    return digits or "0"
