"""The private keys to log in with: files, certificates, the agent. Each is loaded once."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import asyncssh

from fleet_tui.model.text import one_line
from fleet_tui.transport.agent_keys import AgentKeys

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_tui.transport.endpoint import Endpoint

Passphrase: TypeAlias = "Callable[[str], str | None]"
"""Asked in a thread for the passphrase of a key file; None declines."""

MAX_OFFERED = 6
"""OpenSSH's default MaxAuthTries: a server hangs up on the next one (sshd_config(5))."""


@dataclass(frozen=True, slots=True)
class Credential:
    """What a login offers, and what it could not use."""

    keys: tuple[asyncssh.SSHKeyPair, ...] = ()
    notes: tuple[str, ...] = ()
    """Why a configured key is not among them, one sentence each."""
    encrypted: tuple[str, ...] = ()
    """Paths of keys that need a passphrase nobody gave."""

    @property
    def identity(self) -> tuple[bytes, ...]:
        """The public halves: equal for two logins that offer the same."""
        return tuple(key.public_data for key in self.keys)

    def fresh_keys(self) -> list[asyncssh.SSHKeyPair]:
        """Return copies: a login settles the signature algorithm on the pair itself."""
        return [copy.copy(key) for key in self.keys]


@dataclass(slots=True)
class _Loaded:
    stamp: tuple[int, ...]
    pairs: tuple[asyncssh.SSHKeyPair, ...] = ()
    note: str = ""
    is_encrypted: bool = False
    public_blob: bytes = b""


@dataclass(slots=True)
class KeyRing:
    """Loads key files in threads and keeps them until they change on disk."""

    passphrase: Passphrase | None = None
    _files: dict[str, _Loaded] = field(default_factory=dict)
    _agents: dict[str, AgentKeys] = field(default_factory=dict)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def credential(self, endpoint: Endpoint) -> Credential:
        """Return what to offer at `endpoint`, best first, as OpenSSH orders it.

        Keys of the agent that the configuration names come first, then the agent's others (unless
        IdentitiesOnly), then the files.
        """
        loaded = [await self._load(path) for path in endpoint.identity_files]
        agent_pairs = await self._agent_pairs(endpoint)
        named = {pair.key_public_data: pair for pair in agent_pairs}
        blobs = [item.public_blob for item in loaded if item.public_blob]
        chosen = [named[blob] for blob in blobs if blob in named]
        if not endpoint.identities_only:
            chosen += [pair for pair in agent_pairs if pair not in chosen]
        held = {pair.key_public_data for pair in chosen}
        for item in loaded:
            chosen += [
                pair for pair in item.pairs if pair.has_cert or pair.key_public_data not in held
            ]
        notes, encrypted = _complaints(endpoint, loaded, held)
        with_certificates = [*_certified(endpoint, chosen), *chosen]
        return Credential(tuple(with_certificates[:MAX_OFFERED]), notes, encrypted)

    def forget_refusals(self) -> None:
        """Ask again for passphrases that were not given or were wrong."""
        for path in [path for path, item in self._files.items() if item.is_encrypted]:
            del self._files[path]
        self.forget_agents()

    def forget_agents(self) -> None:
        """Ask the agents anew next time; their keys may have changed after a refused login."""
        for agent in self._agents.values():
            agent.forget()

    async def close(self) -> None:
        """Close the connections to the agents."""
        for agent in self._agents.values():
            await agent.close()
        self._agents.clear()

    async def _agent_pairs(self, endpoint: Endpoint) -> list[asyncssh.SSHKeyPair]:
        if endpoint.agent is None:
            return []
        agent = self._agents.get(endpoint.agent)
        if agent is None:
            agent = self._agents[endpoint.agent] = AgentKeys(endpoint.agent)
        return await agent.pairs()

    async def _load(self, path: str) -> _Loaded:
        stamp = _stamp(path)
        known = self._files.get(path)
        if known is not None and known.stamp == stamp:
            return known
        async with self._lock:
            known = self._files.get(path)
            if known is None or known.stamp != stamp:
                known = await asyncio.to_thread(_read, path, stamp, self.passphrase)
                self._files[path] = known
        return known


def _stamp(path: str) -> tuple[int, ...]:
    stamps: list[int] = []
    for name in (path, f"{path}-cert.pub"):
        try:
            stamps.append(os.stat(name).st_mtime_ns)
        except OSError:
            stamps.append(0)
    return tuple(stamps)


def _read(path: str, stamp: tuple[int, ...], passphrase: Passphrase | None) -> _Loaded:
    """Load one identity; what is wrong with it becomes a note."""
    blob = _public_blob(path)
    if not stamp[0]:
        return _Loaded(stamp, note=f"{path} does not exist", public_blob=blob)
    asyncssh.set_default_skip_rsa_key_validation(True)
    try:
        return _Loaded(stamp, _pairs(path, None), public_blob=blob)
    except asyncssh.KeyImportError as error:
        if not str(error).startswith("Passphrase"):
            note = one_line(f"{path} cannot be used: {error}")
            return _Loaded(stamp, note=note, public_blob=blob)
    except (OSError, ValueError) as error:
        return _Loaded(stamp, note=one_line(f"{path} cannot be used: {error}"), public_blob=blob)
    return _decrypt(path, stamp, passphrase, blob)


def _decrypt(path: str, stamp: tuple[int, ...], ask: Passphrase | None, blob: bytes) -> _Loaded:
    given = ask(path) if ask is not None else None
    if given is None:
        note = f"{path} is encrypted and no passphrase was given"
        return _Loaded(stamp, note=note, is_encrypted=True, public_blob=blob)
    try:
        return _Loaded(stamp, _pairs(path, given), public_blob=blob)
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
        note = f"the passphrase for {path} is wrong"
        if "bcrypt" in str(error):
            note = f"{path} is encrypted, and the `bcrypt` package that opens it is not installed"
        return _Loaded(stamp, note=note, is_encrypted=True, public_blob=blob)


def _pairs(path: str, passphrase: str | None) -> tuple[asyncssh.SSHKeyPair, ...]:
    key = asyncssh.read_private_key(path, passphrase)
    source: object = key
    with contextlib.suppress(OSError, asyncssh.KeyImportError):
        source = (key, asyncssh.read_certificate(f"{path}-cert.pub"))
    return tuple(asyncssh.load_keypairs([source]))  # type: ignore[list-item]


def _public_blob(path: str) -> bytes:
    """Return the public half that stands beside a private key, or in its place."""
    for name in (f"{path}.pub", path):
        with contextlib.suppress(OSError, asyncssh.KeyImportError):
            return asyncssh.read_public_key(name).public_data
    return b""


def _certified(endpoint: Endpoint, pairs: list[asyncssh.SSHKeyPair]) -> list[asyncssh.SSHKeyPair]:
    """Return copies of `pairs` that present the certificates of `CertificateFile`."""
    result = []
    for name in endpoint.certificate_files:
        try:
            certificate = asyncssh.read_certificate(name)
        except (OSError, asyncssh.KeyImportError):
            continue
        for pair in pairs:
            if not pair.has_cert and certificate.key.public_data == pair.key_public_data:
                presented = copy.copy(pair)
                presented.set_certificate(certificate)
                result.append(presented)
    return result


def _complaints(
    endpoint: Endpoint, loaded: list[_Loaded], held: set[bytes]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    notes, encrypted = [], []
    for path, item in zip(endpoint.identity_files, loaded, strict=True):
        if not item.note or (item.public_blob and item.public_blob in held):
            continue
        if endpoint.has_default_identities and item.note.endswith("does not exist"):
            continue
        notes.append(item.note)
        if item.is_encrypted:
            encrypted.append(path)
    return tuple(notes), tuple(encrypted)
