"""Private key files of this machine, judged from outside: nothing secret is decoded."""

from __future__ import annotations

import base64
import binascii
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from fleet_tui.health.doctor_answers import LocalKey
from fleet_tui.transport.known_hosts import fingerprint

_MAGIC = b"openssh-key-v1\0"
"""Beginning of OpenSSH's own format (PROTOCOL.key in its sources): after it, as SSH strings, stand
the cipher, the key derivation and its options; then the number of keys and the public key."""
_MAX_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class _Inside:
    is_encrypted: bool | None = None
    blob: bytes = b""


def local_key(path: str) -> LocalKey | None:
    """Return what can be seen of the key at `path`; None when there is no private key."""
    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            return None
        with Path(path).open("rb") as file:
            data = file.read(_MAX_BYTES)
    except OSError:
        return None
    if b"PRIVATE KEY" not in data.partition(b"\n")[0]:
        return None
    inside = _openssh(data) if b"OPENSSH" in data.partition(b"\n")[0] else _pem(data)
    blob = inside.blob or public_blob(f"{path}.pub")
    return LocalKey(
        path,
        stat.S_IMODE(status.st_mode),
        status.st_uid,
        fingerprint(blob) if blob else "",
        inside.is_encrypted,
        is_hardware=b"sk-ssh-" in blob[:32] or b"sk-ecdsa-" in blob[:32],
    )


def public_blob(path: str) -> bytes:
    """Return the key in the public key file `path` in wire format; empty when there is none."""
    try:
        words = Path(path).read_text("utf-8", "replace")[:_MAX_BYTES].split()
        return base64.b64decode(words[1], validate=True) if len(words) > 1 else b""
    except (OSError, ValueError, binascii.Error):
        return b""


def _pem(data: bytes) -> _Inside:
    """Judge the older formats: RFC 1421 headers, PKCS #8."""
    head = data[:1024]
    return _Inside(b"ENCRYPTED" in head)


def _openssh(data: bytes) -> _Inside:
    body = b"".join(line for line in data.splitlines() if b"-----" not in line)
    try:
        raw = base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        return _Inside()
    if not raw.startswith(_MAGIC):
        return _Inside()
    cipher, rest = _string(raw[len(_MAGIC) :])
    _, rest = _string(rest)
    _, rest = _string(rest)
    blob, _ = _string(rest[4:])
    return _Inside(cipher != b"none" if cipher else None, blob)


def _string(data: bytes) -> tuple[bytes, bytes]:
    """Split off one SSH string (RFC 4251, section 5); empty when it is cut short."""
    size = int.from_bytes(data[:4], "big")
    if len(data) < 4 + size:
        return b"", b""
    return data[4 : 4 + size], data[4 + size :]
