"""Secrets that stand in a configuration where they must not: found by key or by look."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet_tui.config.lines import KeyPath

_SECRET_KEY = re.compile(
    r"(?:^|[_-])(?:token|pass|passwd|password|passphrase|secret|credentials?|auth"
    r"|(?:api|access|private|secret)[_-]?key)$",
    re.IGNORECASE,
)
_SECRET_VALUE = re.compile(
    r"\bsk-[A-Za-z0-9_-]{16,}"  # Anthropic (sk-ant-), OpenAI
    r"|\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_[A-Za-z0-9_]{20,}|\bglpat-[\w-]{16,}"
    r"|\bxox[abeoprs]-[A-Za-z0-9-]{10,}|\bxapp-[A-Za-z0-9-]{10,}"  # Slack
    r"|\btk_[a-z0-9]{29}\b"  # ntfy
    r"|\bAKIA[0-9A-Z]{16}\b|\bAIza[\w-]{35}"  # AWS, Google
    r"|\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\."  # JSON web token
    r"|-----BEGIN [A-Z ]*PRIVATE KEY"
    r"|hooks\.slack\.com/(?:services|workflows|triggers)/\w"
    r"|discord(?:app)?\.com/api/webhooks/\d"
    r"|\b(?:webhook\.office|logic\.azure|api\.powerplatform)\.com\b\S*[/?&]\w"
    r"|://[^/\s:@]*:[^/\s@]+@"  # a password in a URL
    r"|[?&](?:sig|token|auth|key|password)=\w"
)
_SWITCHES = frozenset({"", "0", "1", "true", "false", "yes", "no", "on", "off"})


def looks_secret(value: str) -> bool:
    """Return whether a text has the form of a well-known kind of secret."""
    return _SECRET_VALUE.search(value) is not None


def find_secrets(value: object, path: KeyPath = ()) -> Iterator[tuple[KeyPath, str]]:
    """Yield the place of each secret, with why it is taken for one."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from find_secrets(inner, (*path, key))
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            yield from find_secrets(inner, (*path, position))
    elif isinstance(value, str):
        if looks_secret(value):
            yield path, "a secret stands here in the clear"
        elif _names_secret(path) and value.lower() not in _SWITCHES:
            yield path, "a secret must not stand in this file"


def _names_secret(path: KeyPath) -> bool:
    key = path[-1] if path else ""
    return isinstance(key, str) and _SECRET_KEY.search(key) is not None
