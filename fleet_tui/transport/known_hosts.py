"""Which host keys are trusted: OpenSSH's known_hosts files, read once and indexed by name.

Format: sshd(8), SSH_KNOWN_HOSTS FILE FORMAT. Parsing needs no SSH library; keys stay text until a
host is looked up.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import fnmatch
import hashlib
import hmac
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Marker = Literal["", "cert-authority", "revoked"]


@dataclass(frozen=True, slots=True)
class HostKeyLine:
    """One key of a file, as text."""

    marker: Marker
    kind: str
    """Its type (`ssh-ed25519`)."""
    blob: str
    """The key in Base64."""
    file: str
    line: int

    @property
    def fingerprint(self) -> str:
        """`SHA256:` and the digest, as OpenSSH shows it."""
        return fingerprint(base64.b64decode(self.blob))


@dataclass(frozen=True, slots=True)
class KnownKeys:
    """What the files say of one name."""

    name: str
    trusted: tuple[HostKeyLine, ...] = ()
    authorities: tuple[HostKeyLine, ...] = ()
    revoked: tuple[HostKeyLine, ...] = ()
    file: str = ""
    """The user's file, where a newly accepted key would go."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """Types of the trusted keys, each once, in file order."""
        return tuple(dict.fromkeys(key.kind for key in self.trusted))


def fingerprint(blob: bytes) -> str:
    """Return OpenSSH's fingerprint of a public key in wire format."""
    digest = base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")
    return f"SHA256:{digest}"


@dataclass(slots=True)
class _File:
    """One file, indexed."""

    exact: dict[str, list[HostKeyLine]] = field(default_factory=dict)
    patterns: list[tuple[tuple[str, ...], HostKeyLine]] = field(default_factory=list)
    hashed: list[tuple[bytes, bytes, HostKeyLine]] = field(default_factory=list)

    def find(self, name: str) -> list[HostKeyLine]:
        found = list(self.exact.get(name, ()))
        found += [key for patterns, key in self.patterns if _matches(name, patterns)]
        if self.hashed:
            found += self._unhash(name)
        return found

    def _unhash(self, name: str) -> list[HostKeyLine]:
        """Find hashed lines of `name`; each is good for one name, so it moves to the exact ones."""
        encoded = name.encode()
        hits = [
            index
            for index, (salt, digest, _) in enumerate(self.hashed)
            if hmac.digest(salt, encoded, "sha1") == digest
        ]
        found = [self.hashed[index][2] for index in hits]
        for index in reversed(hits):
            del self.hashed[index]
        if found:
            self.exact.setdefault(name, []).extend(found)
        return found


class KnownHosts:
    """Looks names up; a file is read again only when its mtime or size changed."""

    def __init__(self) -> None:
        self._files: dict[str, tuple[tuple[int, int], _File]] = {}
        self._lock = asyncio.Lock()

    async def lookup(self, name: str, files: tuple[str, ...], *, port: int = 22) -> KnownKeys:
        """Return what `files` say of `name` (`host` or `[host]:port`, in lower case).

        As OpenSSH does, a name with a port that is not found is looked up without it.
        """
        async with self._lock:
            indexes = [await self._index(path) for path in files]
            if any(len(index.hashed) > 200 for index in indexes):
                return await asyncio.to_thread(_lookup, name, files, indexes)
            return _lookup(name, files, indexes)

    async def _index(self, path: str) -> _File:
        try:
            status = os.stat(path)
        except OSError:
            return _File()
        stamp = (status.st_mtime_ns, status.st_size)
        known = self._files.get(path)
        if known is not None and known[0] == stamp:
            return known[1]
        index = await asyncio.to_thread(_read, path)
        self._files[path] = (stamp, index)
        return index


def _lookup(name: str, files: tuple[str, ...], indexes: list[_File]) -> KnownKeys:
    found = [key for index in indexes for key in index.find(name)]
    if not any(key.marker != "revoked" for key in found) and name.startswith("["):
        bare = name[1:].partition("]")[0]
        found += [key for index in indexes for key in index.find(bare)]
    return KnownKeys(
        name=name,
        trusted=tuple(key for key in found if key.marker == ""),
        authorities=tuple(key for key in found if key.marker == "cert-authority"),
        revoked=tuple(key for key in found if key.marker == "revoked"),
        file=files[0] if files else "",
    )


def _read(path: str) -> _File:
    index = _File()
    try:
        text = Path(path).read_text("utf-8", "replace")
    except OSError:
        return index
    for number, line in enumerate(text.splitlines(), start=1):
        _add(index, line.strip(), path, number)
    return index


def _add(index: _File, line: str, path: str, number: int) -> None:
    if not line or line.startswith("#"):
        return
    marker: Marker = ""
    words = line.split(None, 4)
    if words[0].startswith("@"):
        if words[0] == "@cert-authority":
            marker = "cert-authority"
        elif words[0] == "@revoked":
            marker = "revoked"
        else:
            return
        words = words[1:]
    if len(words) < 3:
        return
    names, kind, blob = words[0], words[1], words[2]
    key = HostKeyLine(marker, kind, blob, path, number)
    if names.startswith("|1|"):
        _add_hashed(index, names, key)
        return
    patterns = tuple(names.lower().split(","))
    if any(character in names for character in "*?!"):
        index.patterns.append((patterns, key))
        return
    for name in patterns:
        index.exact.setdefault(name, []).append(key)


def _add_hashed(index: _File, names: str, key: HostKeyLine) -> None:
    try:
        _, _, salt, digest = names.split("|")
        index.hashed.append((base64.b64decode(salt), base64.b64decode(digest), key))
    except (ValueError, binascii.Error):
        return


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    """Whether `name` matches a pattern and no negated one. Only `*` and `?` are special."""
    if any(p.startswith("!") and _matches_one(name, p[1:]) for p in patterns):
        return False
    return any(not p.startswith("!") and _matches_one(name, p) for p in patterns)


def _matches_one(name: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(name, pattern.replace("[", "[[]"))
