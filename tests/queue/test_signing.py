"""Signed tasks: who may, what counts, and that OpenSSH agrees."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_tui.model.errors import FleetError
from fleet_tui.queue.ledger import Ledger
from fleet_tui.queue.signing import (
    NAMESPACE,
    Signers,
    judge,
    signed_part,
    with_identity,
)
from fleet_tui.queue.signing_allowed import matches, parse_allowed_signers
from fleet_tui.transport.sshsig import BadSignature, read_signature, sign
from tests.support.parts import require

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()
HOUR = 3_600.0
TASK = with_identity(b"Look at the disks.\n", "t-1", NOW + HOUR)


def nobody(_path: str) -> None:
    return None


@pytest.fixture
def key(tmp_path: Path) -> Callable[[str], Path]:
    program = require("ssh-keygen")

    def make(kind: str, name: str = "") -> Path:
        path = tmp_path / (name or f"id_{kind}")
        bits = ["-b", "2048"] if kind == "rsa" else []
        subprocess.run(
            [program, "-q", "-t", kind, *bits, "-N", "", "-f", str(path)], check=True, timeout=60
        )
        return path

    return make


def allowed(key: Path, options: str = f'namespaces="{NAMESPACE}"') -> str:
    public = key.with_name(key.name + ".pub").read_text("utf-8")
    return f"alice@pc {options} {public}"


def signed(key: Path, data: bytes = TASK, namespace: str = NAMESPACE) -> str:
    return sign(key, data, namespace, passphrase=nobody)


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_openssh_accepts_ours(key: Callable[[str], Path], tmp_path: Path, kind: str) -> None:
    mine = key(kind)
    (tmp_path / "allowed").write_text(allowed(mine))
    (tmp_path / "t.sig").write_text(signed(mine))
    verify = ["-Y", "verify", "-f", "allowed", "-I", "alice@pc", "-n", NAMESPACE, "-s", "t.sig"]
    answer = subprocess.run(
        [require("ssh-keygen"), *verify],
        input=TASK,
        cwd=tmp_path,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_we_accept_openssh(key: Callable[[str], Path], tmp_path: Path, kind: str) -> None:
    mine = key(kind)
    (tmp_path / "t.md").write_bytes(TASK)
    make = ["-Y", "sign", "-q", "-f", str(mine), "-n", NAMESPACE, str(tmp_path / "t.md")]
    subprocess.run([require("ssh-keygen"), *make], check=True, timeout=60)
    armor = (tmp_path / "t.md.sig").read_text()
    verdict = judge(TASK, armor, parse_allowed_signers(allowed(mine)), NOW)
    assert (verdict.holds, verdict.signer, verdict.id) == (True, "alice@pc", "t-1")


def test_each_fault_has_its_reason(key: Callable[..., Path]) -> None:
    mine, strange = key("ed25519"), key("ed25519", "strange")
    signers = parse_allowed_signers(allowed(mine))
    good = signed(mine)
    old = with_identity(b"x", "t-2", NOW - 1)
    no_id = b"+++\nexpires = 2026-11-22T00:00:00Z\n+++\nx"
    cases = {
        "unsigned": judge(TASK, None, signers, NOW),
        "changed": judge(TASK + b" ", good, signers, NOW),
        "expired": judge(old, signed(mine, old), signers, NOW),
        "no-id": judge(no_id, signed(mine, no_id), signers, NOW),
        "no-expiry": judge(
            b'+++\nid = "a"\n+++\n', signed(mine, b'+++\nid = "a"\n+++\n'), signers, NOW
        ),
    }
    for fault, verdict in cases.items():
        assert verdict.fault == fault
        assert verdict.why
    wrong = {
        "is not an allowed one": judge(TASK, signed(strange), signers, NOW),
        "signed for 'git'": judge(TASK, signed(mine, namespace="git"), signers, NOW),
        "is no good": judge(TASK, "hello", signers, NOW),
        "not valid any more": judge(
            TASK, good, parse_allowed_signers(allowed(mine, 'valid-before="20260101Z"')), NOW
        ),
        "not valid yet": judge(
            TASK, good, parse_allowed_signers(allowed(mine, "valid-after=20270101Z")), NOW
        ),
        "may not sign for": judge(
            TASK, good, parse_allowed_signers(allowed(mine, 'namespaces="git,file"')), NOW
        ),
    }
    for words, verdict in wrong.items():
        assert verdict.fault == "wrongly-signed"
        assert words in verdict.why


def test_a_signature_for_ten_years_is_nobodys_intention(key: Callable[..., Path]) -> None:
    mine = key("ed25519")
    long = with_identity(b"x", "t-3", NOW + 10 * 366 * 24 * HOUR)
    verdict = judge(long, signed(mine, long), parse_allowed_signers(allowed(mine)), NOW)
    assert verdict.fault == "no-expiry"


def test_every_damage_is_refused_and_never_breaks(key: Callable[..., Path]) -> None:
    armor = signed(key("ed25519"))
    lines = armor.splitlines()
    body = "\n".join(lines[1:-1])
    for place in range(len(body)):
        for damaged in (body[:place], body[:place] + "A" + body[place + 1 :]):
            if damaged == body:
                continue
            text = "\n".join([lines[0], damaged, lines[-1]])
            with pytest.raises(BadSignature):
                read_signature(text, TASK)


def test_a_locked_key_asks_for_its_passphrase(tmp_path: Path) -> None:
    path = tmp_path / "locked"
    make = ["-q", "-t", "ed25519", "-a", "1", "-N", "open sesame", "-f", str(path)]
    subprocess.run([require("ssh-keygen"), *make], check=True, timeout=60)
    with pytest.raises(FleetError, match="locked"):
        sign(path, TASK, NAMESPACE, passphrase=nobody)
    armor = sign(path, TASK, NAMESPACE, passphrase=lambda _path: "open sesame")
    assert judge(TASK, armor, parse_allowed_signers(allowed(path)), NOW).holds


def test_a_key_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FleetError, match=r"id_none.*--key"):
        sign(tmp_path / "id_none", TASK, NAMESPACE, passphrase=nobody)


@pytest.mark.parametrize(
    "line",
    [
        "alice",
        "alice ssh-ed25519",
        'alice from="x" ssh-ed25519 AAAA',
        "alice valid-after=x ssh-rsa A",
    ],
)
def test_a_line_that_is_not_understood_stops_all(line: str) -> None:
    with pytest.raises(FleetError, match="allowed_signers:2"):
        parse_allowed_signers(f"# who may\n{line}\n")


def test_authorities_are_left_out_and_comments_skipped() -> None:
    text = "\n# a\nca cert-authority ssh-ed25519 AAAA\nbob,carol ssh-ed25519 BBBB carol@pc\n"
    (signer,) = parse_allowed_signers(text)
    assert (signer.principals, signer.key, signer.line) == ("bob,carol", "ssh-ed25519 BBBB", 4)


def test_patterns_are_opensshs() -> None:
    assert matches("fleet-*", NAMESPACE)
    assert matches("git,fleet-task", NAMESPACE)
    assert not matches("*,!fleet-task", NAMESPACE)
    assert not matches("git", NAMESPACE)


def test_the_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "allowed_signers"
    signers = Signers(path)
    with pytest.raises(FleetError, match="cannot be read"):
        signers.read()
    path.write_text("alice ssh-ed25519 AAAA\n")
    assert len(signers.read()) == 1
    path.write_text("alice ssh-ed25519 AAAA\nbob ssh-ed25519 BBBB\n")
    assert len(signers.read()) == 2
    with pytest.raises(FleetError, match=r"queue\.allowed_signers"):
        Signers(None).read()


@given(st.text(), st.booleans())
def test_identity_is_added_and_the_prompt_stays(body: str, has_head: bool) -> None:
    before = f"+++\npriority = 3\nexpires = 2020-01-01T00:00:00Z\n+++\n{body}" if has_head else body
    try:
        data = before.encode()
    except UnicodeEncodeError:
        return
    after = with_identity(data, "t-9", NOW)
    again = with_identity(after, "t-10", NOW + HOUR)
    assert after.endswith(body.encode())
    assert again.endswith(body.encode())
    if not body.startswith("+++"):
        assert (signed_part(after).id, signed_part(after).expires) == ("t-9", NOW)
        assert (signed_part(again).id, signed_part(again).expires) == ("t-9", NOW + HOUR)


def test_the_ledger_tells_a_replay_from_another_attempt(tmp_path: Path) -> None:
    ledger, other = Ledger(tmp_path), Ledger(tmp_path)
    assert ledger.accept("t-1", "disks", "aa", NOW) == ""
    assert other.accept("t-1", "disks", "aa", NOW) == ""
    assert "another name" in other.accept("t-1", "copy", "aa", NOW)
    assert "another text" in other.accept("t-1", "disks", "bb", NOW)
    assert other.why_replayed("t-1", "disks", "aa") == ""
    ledger.spend("t-1")
    assert "was done before" in other.accept("t-1", "disks", "aa", NOW)
    assert other.why_replayed("t-1", "disks", "aa")
    ledger.close()
    other.close()
