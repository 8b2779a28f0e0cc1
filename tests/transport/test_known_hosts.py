"""The index of known_hosts, by OpenSSH's rules."""

from __future__ import annotations

import base64
import hmac
from typing import TYPE_CHECKING

import pytest

from fleet_tui.transport.known_hosts import KnownHosts, KnownKeys, fingerprint

if TYPE_CHECKING:
    from pathlib import Path

KEY = "AAAAC3NzaC1lZDI1NTE5AAAAIGqKlCTOq0PWbDk3nvqfVVuNSQiOMUYrLMV6qmjGRY4b"
OTHER = "AAAAC3NzaC1lZDI1NTE5AAAAIEu0WYFJ4bC5Hh5Yk7lpJaBZ3q7xO3b3JrPY5Rc7Ff9n"


def hashed(name: str) -> str:
    salt = b"0123456789abcdefghij"
    digest = hmac.digest(salt, name.encode(), "sha1")
    return f"|1|{base64.b64encode(salt).decode()}|{base64.b64encode(digest).decode()}"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "known_hosts"
    path.write_text(
        f"""
# a comment
web,10.0.0.1 ssh-ed25519 {KEY} me@here
[web]:2222 ssh-ed25519 {OTHER}
*.example.net,!bad.example.net ssh-ed25519 {KEY}
{hashed("secret")} ssh-ed25519 {KEY}
{hashed("secret")} ssh-rsa {OTHER}
@cert-authority *.corp ssh-ed25519 {KEY}
@revoked * ssh-rsa {OTHER}
@unknown-marker web ssh-ed25519 {OTHER}
broken line
|1|not-base64 ssh-ed25519 {KEY}
"""
    )
    return path


async def find(file: Path, name: str) -> KnownKeys:
    return await KnownHosts().lookup(name, (str(file), "/no/such/file"))


async def test_plain_names_and_addresses(file: Path) -> None:
    for name in ("web", "10.0.0.1"):
        known = await find(file, name)
        assert [key.blob for key in known.trusted] == [KEY]
        assert known.trusted[0].line == 3
        assert [key.kind for key in known.revoked] == ["ssh-rsa"]


async def test_a_port_has_its_own_entry_or_falls_back(file: Path) -> None:
    assert [key.blob for key in (await find(file, "[web]:2222")).trusted] == [OTHER]
    assert [key.blob for key in (await find(file, "[web]:2200")).trusted] == [KEY]


async def test_patterns_and_negation(file: Path) -> None:
    assert (await find(file, "a.example.net")).trusted
    assert not (await find(file, "bad.example.net")).trusted
    assert (await find(file, "host.corp")).authorities


async def test_hashed_names_are_found_again_and_again(file: Path) -> None:
    index = KnownHosts()
    for _ in range(3):
        known = await index.lookup("secret", (str(file),))
        assert known.kinds == ("ssh-ed25519", "ssh-rsa")
    assert not (await index.lookup("other", (str(file),))).trusted


async def test_a_changed_file_is_read_again(file: Path) -> None:
    index = KnownHosts()
    assert not (await index.lookup("new", (str(file),))).trusted
    with file.open("a") as handle:
        handle.write(f"new ssh-ed25519 {KEY}\n")
    assert (await index.lookup("new", (str(file),))).trusted


async def test_thousands_of_hashed_names(tmp_path: Path) -> None:
    path = tmp_path / "many"
    lines = [f"{hashed(f'host{n}')} ssh-ed25519 {KEY}\n" for n in range(2000)]
    path.write_text("".join(lines))
    index = KnownHosts()
    for n in (0, 1999, 1000):
        assert (await index.lookup(f"host{n}", (str(path),))).trusted[0].line == n + 1


def test_fingerprints_are_openssh_s() -> None:
    assert fingerprint(b"").startswith("SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU")
