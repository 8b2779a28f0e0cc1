"""Command lines that mean the same in whatever login shell a host gives us.

A line is safe in `sh`, `dash`, `bash`, `zsh`, `fish` and `csh` alike, because it keeps to what they
share: single quotes, `"$HOME"`, `&&`, `exec`, `env`. What they do not share (a backslash or a
newline inside quotes, the history sign `!` of csh) is spelled in octal and decoded by `/bin/sh`.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

from fleet_tui.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PLAIN_WORD = re.compile(r"^[A-Za-z0-9_./][A-Za-z0-9_@%+=:,./-]*$")
_VARIABLE = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")
_SHELLS_DISAGREE = frozenset("\\!\n\r")
_OCTAL = re.compile(r"""[\\!'"`$\x00-\x1f\x7f]""")


def quote(word: str) -> str:
    """Return `word` as one POSIX shell word, single-quoted unless it is plain."""
    if _PLAIN_WORD.match(word):
        return word
    return "'" + word.replace("'", "'\\''") + "'"


def posix_line(
    *,
    argv: Sequence[str] | None = None,
    script: str | None = None,
    cwd: str | None = None,
    env: Mapping[str, str] | None = None,
) -> str:
    """Return a line for `Connection.start` on a POSIX host.

    Exactly one of `argv` (executed, never interpreted) and `script` (handed to the user's own
    login shell as typed) is given. `cwd` may start with `~/`; when it cannot be entered the line
    fails and nothing is run. Raises UsageError for NUL characters and impossible
    variable names.
    """
    if (argv is None) == (script is None):
        raise ValueError("give argv or script, not both")
    _refuse_nul(*(argv or ()), script or "", cwd or "", *(env or {}).values())
    prefix = f"cd {_folder(cwd)} && " if cwd else ""
    assignments = _assignments(env)
    if argv is not None:
        if not argv:
            raise UsageError("the command is empty")
        words = " ".join(quote(word) for word in argv)
        return _for_any_shell(f"{prefix}exec {assignments}{words}")
    assert script is not None
    if not prefix and not assignments:
        return script
    return _for_any_shell(
        f'{prefix}exec {assignments}"$SHELL" -c {quote(script)}',
        interpreted=f'{prefix}exec {assignments}"${{SHELL:-/bin/sh}}" -c {quote(script)}',
    )


def sh_line(program: str) -> str:
    """Return a line that runs `program`, which is written for POSIX `sh`, whatever the shell."""
    _refuse_nul(program)
    if not _SHELLS_DISAGREE & set(program):
        return f"exec /bin/sh -c {quote(program)}"
    encoded = _OCTAL.sub(lambda match: f"\\0{ord(match[0]):03o}", program)
    return f'exec /bin/sh -c \'eval "$(printf %b "{encoded}")"\''


def powershell_line(
    *,
    argv: Sequence[str] | None = None,
    script: str | None = None,
    cwd: str | None = None,
    env: Mapping[str, str] | None = None,
) -> str:
    """Return the same for a Windows host whose OpenSSH starts PowerShell or cmd. Untested there.

    The program is passed Base64 in UTF-16LE, so no quoting rule of either shell applies to it
    (`powershell.exe -EncodedCommand`, Microsoft's about_PowerShell_exe).
    """
    if (argv is None) == (script is None):
        raise ValueError("give argv or script, not both")
    _refuse_nul(*(argv or ()), script or "", cwd or "", *(env or {}).values())
    parts = ["$ErrorActionPreference = 'Stop'"]
    if cwd:
        parts.append(f"Set-Location -LiteralPath {_powershell_word(cwd)}")
    for name, value in (env or {}).items():
        parts.append(f"$env:{_variable(name)} = {_powershell_word(value)}")
    if argv is not None:
        if not argv:
            raise UsageError("the command is empty")
        parts.append("& " + " ".join(_powershell_word(word) for word in argv))
    else:
        parts.append(script or "")
    parts.append("if ($null -ne $LASTEXITCODE) { exit $LASTEXITCODE }")
    encoded = base64.b64encode("\n".join(parts).encode("utf-16-le")).decode()
    return f"powershell.exe -NoProfile -NonInteractive -EncodedCommand {encoded}"


def _for_any_shell(line: str, interpreted: str | None = None) -> str:
    return sh_line(interpreted or line) if _SHELLS_DISAGREE & set(line) else line


def _folder(path: str) -> str:
    if path == "~":
        return '"$HOME"'
    if path.startswith("~/"):
        return f'"$HOME"/{quote(path[2:])}'
    return quote(f"./{path}" if path.startswith("-") else path)


def _assignments(env: Mapping[str, str] | None) -> str:
    if not env:
        return ""
    return "env " + "".join(f"{_variable(name)}={quote(value)} " for name, value in env.items())


def _variable(name: str) -> str:
    if not _VARIABLE.match(name):
        raise UsageError(f"{name!r} cannot be the name of an environment variable")
    return name


def _powershell_word(word: str) -> str:
    return "'" + word.replace("'", "''") + "'"


def _refuse_nul(*texts: str) -> None:
    if any("\0" in text for text in texts):
        raise UsageError("a command cannot hold a NUL character")
