"""asyncssh options, built once per user name and algorithm set; a login only adds its own part."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import asyncssh

if TYPE_CHECKING:
    from fleet_tui.transport.endpoint import Endpoint
    from fleet_tui.transport.known_hosts import HostKeyLine, KnownKeys

KEX = (
    "mlkem768x25519-sha256",
    "curve25519-sha256",
    "curve25519-sha256@libssh.org",
    "ecdh-sha2-nistp256",
    "ecdh-sha2-nistp384",
    "ecdh-sha2-nistp521",
    "diffie-hellman-group14-sha256",
    "diffie-hellman-group16-sha512",
)
"""Post-quantum first; never group-exchange, which costs 390 ms of CPU a login."""
CIPHERS = (
    "aes128-gcm@openssh.com",
    "aes256-gcm@openssh.com",
    "chacha20-poly1305@openssh.com",
    "aes128-ctr",
    "aes256-ctr",
)
MACS = (
    "hmac-sha2-256-etm@openssh.com",
    "hmac-sha2-512-etm@openssh.com",
    "hmac-sha2-256",
    "hmac-sha2-512",
)
HOST_KEYS = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
)
_RSA = ("rsa-sha2-512", "rsa-sha2-256")
HOST_CERTIFICATES = (
    "ssh-ed25519-cert-v01@openssh.com",
    "ecdsa-sha2-nistp256-cert-v01@openssh.com",
    "ecdsa-sha2-nistp384-cert-v01@openssh.com",
    "ecdsa-sha2-nistp521-cert-v01@openssh.com",
    "rsa-sha2-512-cert-v01@openssh.com",
    "rsa-sha2-256-cert-v01@openssh.com",
)


@dataclass(frozen=True, slots=True)
class Trust:
    """The keys a server may prove itself with, as asyncssh wants them."""

    trusted: tuple[asyncssh.SSHKey, ...]
    authorities: tuple[asyncssh.SSHKey, ...]
    revoked: tuple[asyncssh.SSHKey, ...]
    algorithms: tuple[str, ...]


def trust_from(known: KnownKeys, endpoint: Endpoint) -> Trust:
    """Return what to trust, with the known key types asked for first.

    All types are offered, not only the known ones: a server that has another type then shows it,
    and the person is told which instead of seeing a bare reset.
    """
    wanted: list[str] = list(HOST_CERTIFICATES) if known.authorities else []
    for kind in known.kinds:
        wanted += _RSA if kind == "ssh-rsa" else (kind,)
    wanted += [*HOST_KEYS, *_extra(endpoint, "hostkey")]
    possible = _possible_host_keys()
    return Trust(
        _decode(known.trusted),
        _decode(known.authorities),
        _decode(known.revoked),
        tuple(name for name in dict.fromkeys(wanted) if name in possible),
    )


@lru_cache(maxsize=64)
def base_options(
    user: str, extra: tuple[tuple[str, tuple[str, ...]], ...]
) -> asyncssh.SSHClientConnectionOptions:
    """Return the part that logins share. No agent or X11 forwarding, no password, no config."""
    more = dict(extra)
    return asyncssh.SSHClientConnectionOptions(
        username=user,
        client_keys=None,
        agent_path=None,
        agent_forwarding=False,
        x11_forwarding=False,
        known_hosts=([], [], []),
        config=None,
        x509_trusted_certs=None,
        gss_host=None,
        gss_kex=False,
        gss_auth=False,
        preferred_auth="publickey",
        host_based_auth=False,
        kbdint_auth=False,
        password_auth=False,
        compression_algs=["none"],
        kex_algs=_supported("kex", (*KEX, *more.get("kex", ()))),
        encryption_algs=_supported("cipher", (*CIPHERS, *more.get("cipher", ()))),
        mac_algs=_supported("mac", (*MACS, *more.get("mac", ()))),
        keepalive_interval=0,
        login_timeout=0,
        connect_timeout=None,
        encoding=None,
        utf8_decode_errors="replace",
    )


def _extra(endpoint: Endpoint, kind: str) -> tuple[str, ...]:
    return dict(endpoint.extra_algorithms).get(kind, ())


def _decode(lines: tuple[HostKeyLine, ...]) -> tuple[asyncssh.SSHKey, ...]:
    keys = (_decode_one(line.kind, line.blob) for line in lines)
    return tuple(key for key in keys if key is not None)


@lru_cache(maxsize=4096)
def _decode_one(kind: str, blob: str) -> asyncssh.SSHKey | None:
    """Return the key; None for a type this library does not know, as OpenSSH skips those too."""
    try:
        base64.b64decode(blob, validate=True)
        return asyncssh.import_public_key(f"{kind} {blob}")
    except (ValueError, asyncssh.KeyImportError):
        return None


@lru_cache(maxsize=1)
def _possible_host_keys() -> frozenset[str]:
    from fleet_tui.transport.asyncssh_seams import supported_algorithms

    return frozenset(supported_algorithms("hostkey"))


def _supported(kind: str, names: tuple[str, ...]) -> list[str]:
    from fleet_tui.transport.asyncssh_seams import supported_algorithms

    possible = supported_algorithms(kind)
    return [
        name
        for name in dict.fromkeys(names)
        if name in possible and not name.startswith("diffie-hellman-group-exchange")
    ]
