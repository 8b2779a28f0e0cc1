"""What can be seen of keys without opening them."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from fleet_tui.health.doctor_authorized import parse_entry
from fleet_tui.health.doctor_keyfiles import local_key
from tests.support.parts import require
from tests.support.sshd import make_key, public_key

if TYPE_CHECKING:
    from pathlib import Path


def openssh_fingerprint(path: Path) -> str:
    command = [require("ssh-keygen"), "-lf", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[1]


@pytest.mark.parametrize("passphrase", ["", "a passphrase"])
@pytest.mark.parametrize(
    ("kind", "form"),
    [
        ("ed25519", "openssh"),
        *((kind, form) for kind in ("ecdsa", "rsa") for form in ("openssh", "PEM", "PKCS8")),
    ],
)
def test_every_form_of_key_file_is_judged(
    kind: str, passphrase: str, form: str, tmp_path: Path
) -> None:
    path = make_key(tmp_path / "id", kind=kind, passphrase=passphrase)
    if form != "openssh":
        command = [require("ssh-keygen"), "-q", "-p", "-m", form, "-f", str(path)]
        subprocess.run([*command, "-P", passphrase, "-N", passphrase], check=True)
    key = local_key(str(path))
    assert key is not None
    assert key.is_encrypted is bool(passphrase)
    assert key.fingerprint == openssh_fingerprint(path)
    assert key.mode == 0o600
    assert not key.is_hardware
    if form == "openssh":
        path.with_name("id.pub").unlink()
        alone = local_key(str(path))
        assert alone is not None
        assert alone.fingerprint == key.fingerprint


@pytest.mark.parametrize("content", [b"", b"ssh-ed25519 AAAA x", b"\0\1\2"])
def test_what_is_no_private_key_is_none(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "id").write_bytes(content)
    assert local_key(str(tmp_path / "id")) is None
    assert local_key(str(tmp_path)) is None
    assert local_key(str(tmp_path / "none")) is None


@pytest.mark.parametrize("body", [b"", b"b3BlbnNzaC1rZXktdjEA", b"b3BlbnNzaC1rZXktdjEA////", b"%"])
def test_a_torn_key_file_is_survived(body: bytes, tmp_path: Path) -> None:
    (tmp_path / "id").write_bytes(b"-----BEGIN OPENSSH PRIVATE KEY-----\n" + body + b"\n")
    key = local_key(str(tmp_path / "id"))
    assert key is not None
    assert key.is_encrypted is None
    assert key.fingerprint == ""


@pytest.mark.parametrize(
    ("options", "names", "is_confined"),
    [
        ("", set(), False),
        ("restrict ", {"restrict"}, True),
        ("no-pty,no-X11-forwarding ", {"no-pty", "no-x11-forwarding"}, False),
        ('command="echo \\"restrict\\", hi",no-pty ', {"command", "no-pty"}, True),
        ('environment="A=restrict,command=x y" ', {"environment"}, False),
        ('from="10.0.0.*,!10.0.0.7" ', {"from"}, False),
    ],
)
def test_options_of_an_entry_are_told_apart(
    options: str, names: set[str], is_confined: bool, tmp_path: Path
) -> None:
    key = make_key(tmp_path / "id")
    entry = parse_entry("/f", 3, f"{options}{public_key(key)} me@desk two\x1b[1m")
    assert entry is not None
    assert entry.options == names
    assert entry.is_confined is is_confined
    assert entry.fingerprint == openssh_fingerprint(key)
    assert entry.comment == "me@desk two"


@pytest.mark.parametrize(
    "line",
    [
        "",
        "# a comment",
        "ssh-ed25519",
        "ssh-ed25519 not!base64",
        'command="unclosed ssh-ed25519 AAAA',
        "cert-authority ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFake",
        '"',
    ],
)
def test_what_lets_no_single_key_in_is_none(line: str) -> None:
    assert parse_entry("/f", 1, line) is None
