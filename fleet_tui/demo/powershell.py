"""What arrives at a Windows demo host, put into the words of the demo's one shell."""

from __future__ import annotations

import base64
import binascii
import re

_ENCODED = re.compile(r"^powershell(?:\.exe)?\s.*-EncodedCommand\s+(\S+)\s*$", re.I | re.S)
_STATUS_TAIL = re.compile(r"^if \(\$null -ne \$LASTEXITCODE\).*$")
_ENVIRONMENT = re.compile(r"^\$env:(\w+)\s*=\s*(.*)$")
_WORD = re.compile(r"'((?:[^']|'')*)'")


def translate(line: str) -> str:
    """Return `line` as the demo shell reads it; lines for other shells come back unchanged."""
    script = decode(line)
    if script is not None and "WindowsPrincipal" in script:
        return "id -u"
    return "\n".join(_statements(script)) if script is not None else line


def decode(line: str) -> str | None:
    """Return the script of an encoded PowerShell command line, None for any other line."""
    match = _ENCODED.match(line.strip())
    if not match:
        return None
    try:
        return base64.b64decode(match[1], validate=True).decode("utf-16-le")
    except (binascii.Error, UnicodeDecodeError):
        return None


def _statements(script: str) -> list[str]:
    found = []
    for raw in script.splitlines():
        text = raw.strip()
        if text.startswith("$ErrorActionPreference") or _STATUS_TAIL.match(text):
            continue
        if match := _ENVIRONMENT.match(text):
            text = f"{match[1]}={match[2]}"
        text = text.removeprefix("& ").replace("$env:COMPUTERNAME", "$HOSTNAME")
        found.append(_WORD.sub(_requoted, text))
    return found


def _requoted(match: re.Match[str]) -> str:
    return "'" + match[1].replace("''", "'\\''") + "'"
