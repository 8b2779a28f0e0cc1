"""The `allowed_signers` file of OpenSSH: whose signature counts, for what, and when."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from fleet_tui.model.errors import FleetError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_KEY = re.compile(r"(?:sk-)?(?:ssh|ecdsa)-[a-z0-9@.-]+\Z")
_OPTIONS = re.compile(r'(?:[^\s"]|"[^"]*")+')
_OPTION = re.compile(r'([a-zA-Z-]+)(?:="([^"]*)"|=([^,]*))?(?:,|\Z)')
_TIME = re.compile(r"(\d{8})(?:(\d{4})(\d{2})?)?(Z?)\Z")
_KNOWN = frozenset({"namespaces", "valid-after", "valid-before", "cert-authority"})


@dataclass(frozen=True, slots=True)
class Signer:
    """One line of the file. Times are Unix seconds."""

    principals: str
    key: str
    """Type and base64."""
    namespaces: str = ""
    """Pattern list; empty allows every namespace."""
    valid_after: float | None = None
    valid_before: float | None = None
    line: int = 0

    def why_not(self, namespace: str, now: float) -> str:
        """Return why this signer does not count for `namespace` now; empty when it does."""
        if self.namespaces and not matches(self.namespaces, namespace):
            return f"the key may not sign for {namespace}"
        if self.valid_after is not None and now < self.valid_after:
            return "the key is not valid yet"
        if self.valid_before is not None and now >= self.valid_before:
            return "the key is not valid any more"
        return ""


def parse_allowed_signers(text: str, file: str = "allowed_signers") -> tuple[Signer, ...]:
    """Return the signers of a file; raises FleetError with the line that cannot be read.

    A line that is not understood is never skipped: it could be the one that limits a key. Lines
    of certificate authorities are, for certificates are not accepted here.
    """
    return tuple(_signers(text.splitlines(), file))


def _signers(lines: Iterable[str], file: str) -> Iterator[Signer]:
    for number, line in enumerate(lines, 1):
        words = line.strip()
        if not words or words.startswith("#"):
            continue
        try:
            signer = _signer(words, number)
        except ValueError as error:
            mend = 'write it as `name namespaces="fleet-task" ssh-ed25519 AAAA…`'
            raise FleetError(str(error), where=f"{file}:{number}", mend=mend) from None
        if signer is not None:
            yield signer


def _signer(words: str, line: int) -> Signer | None:
    principals, _, rest = words.partition(" ")
    rest = rest.strip()
    options: dict[str, str] = {}
    if not _KEY.match(rest.split(" ")[0]):
        found = _OPTIONS.match(rest)
        if found is None:
            raise ValueError("a signer without a key")
        options = _options(found[0])
        rest = rest[found.end() :].strip()
    kind, _, rest = rest.partition(" ")
    blob = rest.strip().split(" ")[0]
    if not _KEY.match(kind) or not blob:
        raise ValueError("a signer without a key")
    if "cert-authority" in options:
        return None
    return Signer(
        principals.strip('"'),
        f"{kind} {blob}",
        options.get("namespaces", ""),
        _when(options.get("valid-after")),
        _when(options.get("valid-before")),
        line,
    )


def _options(text: str) -> dict[str, str]:
    options = {}
    place = 0
    while place < len(text):
        found = _OPTION.match(text, place)
        if found is None or found[1].lower() not in _KNOWN:
            raise ValueError(f"an option that is not known: {text[place : place + 40]}")
        options[found[1].lower()] = found[2] if found[2] is not None else found[3] or ""
        place = found.end()
    return options


def _when(text: str | None) -> float | None:
    """Return a time as `allowed_signers` has it: local, or UTC with a Z at its end."""
    if text is None:
        return None
    found = _TIME.match(text)
    if found is None:
        raise ValueError(f"not a time like 20270101: {text[:40]}")
    digits = found[1] + (found[2] or "0000") + (found[3] or "00")
    moment = datetime.strptime(digits, "%Y%m%d%H%M%S")
    return (moment.replace(tzinfo=UTC) if found[4] else moment).timestamp()


def matches(patterns: str, name: str) -> bool:
    """Tell whether an OpenSSH pattern list has `name`; a `!pattern` that does decides against."""
    is_in = False
    for pattern in patterns.split(","):
        wanted = pattern.strip()
        if wanted.startswith("!"):
            if fnmatchcase(name, wanted[1:].replace("[", "[[]")):
                return False
        elif fnmatchcase(name, wanted.replace("[", "[[]")):
            is_in = True
    return is_in
