"""SSH signatures of files (OpenSSH's PROTOCOL.sshsig), made and checked in this process.

`ssh-keygen -Y verify` accepts what `sign` makes, and `read_signature` accepts what
`ssh-keygen -Y sign` makes. Keys that live in an agent or a token are used through `ssh-keygen`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_tui.model.errors import FleetError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from asyncssh import SSHKey

BEGIN, END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
MAX_ARMOR = 32_768
"""Characters of a signature that are looked at; an RSA key of 16,384 bits needs a third of it."""
_MAGIC = b"SSHSIG"
_HASHES = {b"sha256": hashlib.sha256, b"sha512": hashlib.sha512}
_WEAK = b"ssh-rsa"
"""An RSA signature over SHA-1, which the protocol forbids."""


class BadSignature(FleetError):
    """A signature that cannot be read, or does not belong to the data."""


class NotTheData(BadSignature):
    """A signature in good form, of something else than the data it came with."""


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature that holds for its data; whether its key is trusted is another question."""

    key: str
    """The public key as `authorized_keys` has it: type and base64."""
    fingerprint: str
    namespace: str


def read_signature(armor: str, data: bytes) -> Signature:
    """Return who signed `data`; raises BadSignature, NotTheData."""
    import asyncssh
    from asyncssh.packet import PacketDecodeError, SSHPacket, String

    blob = _unarmored(armor)
    if blob[: len(_MAGIC)] != _MAGIC:
        raise BadSignature("it is not an SSH signature")
    try:
        packet = SSHPacket(blob[len(_MAGIC) :])
        version, public = packet.get_uint32(), packet.get_string()
        namespace, reserved = packet.get_string(), packet.get_string()
        hash_name, signed = packet.get_string(), packet.get_string()
        packet.check_end()
        algorithm = SSHPacket(signed).get_string()
        kind = SSHPacket(public).get_string()
        key_line = f"{kind.decode('ascii')} {base64.b64encode(public).decode()}"
        key = asyncssh.import_public_key(key_line)
        name = namespace.decode("utf-8")
    except (PacketDecodeError, asyncssh.Error, ValueError) as error:
        raise BadSignature(f"it cannot be read: {error}") from None
    if version != 1 or not name:
        raise BadSignature("it is of a version that is not known")
    if hash_name not in _HASHES or algorithm == _WEAK:
        raise BadSignature("it uses an algorithm that is not safe")
    digest = _HASHES[hash_name](data).digest()
    claim = _MAGIC + b"".join(map(String, (namespace, reserved, hash_name, digest)))
    try:
        holds = key.verify(claim, signed)
    except (PacketDecodeError, asyncssh.Error, ValueError) as error:
        raise BadSignature(f"it cannot be checked: {error}") from None
    if not holds:
        raise NotTheData("the text is not the one that was signed")
    return Signature(key_line, key.get_fingerprint(), name)


def _unarmored(armor: str) -> bytes:
    lines = [line.strip() for line in armor[:MAX_ARMOR].strip().splitlines()]
    if len(lines) < 3 or lines[0] != BEGIN or lines[-1] != END:
        raise BadSignature("it is not an SSH signature")
    try:
        return base64.b64decode("".join(lines[1:-1]), validate=True)
    except (binascii.Error, ValueError):
        raise BadSignature("it is damaged") from None


def sign(key: Path, data: bytes, namespace: str, *, passphrase: Callable[[str], str | None]) -> str:
    """Return the armored signature of `data` by the private key in a file.

    A `.pub` file names a key that an agent or a token holds: `ssh-keygen` signs then. `passphrase`
    is asked with the path when the key is locked. Raises FleetError.
    """
    if key.suffix == ".pub":
        return _sign_by_agent(key, data, namespace)
    import asyncssh

    try:
        private = _read_key(key, passphrase)
        return asyncssh.create_sshsig(private, data, namespace=namespace).decode("ascii")
    except OSError as error:
        mend = "name a private key with --key, or a .pub one that your agent holds"
        raise FleetError(
            f"the key cannot be read: {error.strerror}", where=str(key), mend=mend
        ) from None
    except (asyncssh.Error, ValueError) as error:
        raise FleetError(f"the key cannot sign: {error}", where=str(key)) from None


def _read_key(key: Path, passphrase: Callable[[str], str | None]) -> SSHKey:
    import asyncssh

    try:
        return asyncssh.read_private_key(str(key))
    except asyncssh.KeyImportError as error:
        if "passphrase" not in str(error).lower():
            raise
        word = passphrase(str(key))
        if not word:
            raise FleetError(
                "the key is locked", where=str(key), mend="add it to your agent and name its .pub"
            ) from None
        return asyncssh.read_private_key(str(key), word)


def _sign_by_agent(key: Path, data: bytes, namespace: str) -> str:
    program = shutil.which("ssh-keygen")
    if program is None:
        raise FleetError("no ssh-keygen is here to ask the agent", mend="name the private key")
    asked = subprocess.run(
        [program, "-Y", "sign", "-q", "-f", str(key), "-n", namespace],
        input=data,
        capture_output=True,
        timeout=120,  # a token may wait for a touch
        check=False,
    )
    if asked.returncode != 0:
        said = asked.stderr.decode("utf-8", "replace").strip().splitlines()[-1:] or ["no reason"]
        raise FleetError(f"ssh-keygen did not sign: {said[0]}", where=str(key))
    return asked.stdout.decode("ascii", "replace")
