"""A key that is unknown, changed, revoked or of another type: four stories, each with its mend."""

from __future__ import annotations

import asyncio
import base64
import subprocess
from typing import TYPE_CHECKING

import pytest

from fleet_tui.model.errors import Unreachable
from fleet_tui.transport.known_hosts import fingerprint
from tests.support.parts import require
from tests.support.sshd import SshServer, make_key, public_key
from tests.transport.helpers import direct_fleet, fleet_of, pool_of

if TYPE_CHECKING:
    from pathlib import Path


def shown(key: Path) -> str:
    return fingerprint(base64.b64decode(public_key(key).split()[1]))


async def shell(line: str) -> None:
    """Run a line as a person would."""
    process = await asyncio.create_subprocess_shell(
        line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    assert await process.wait() == 0, line


async def refusal(server: SshServer, known: Path) -> Unreachable:
    """Return why a login with these known hosts is refused."""
    config = direct_fleet(["web"], server.port, server.user_key, known, user=server.user)
    async with pool_of(config) as pool:
        with pytest.raises(Unreachable) as caught:
            await pool.connection("web")
        status = pool.status("web")
    assert (status.state, status.fault) == ("down", caught.value.fault)
    assert status.mend == caught.value.mend
    assert not caught.value.may_retry
    return caught.value


async def test_unknown(server: SshServer, tmp_path: Path) -> None:
    known = tmp_path / "known_hosts"
    known.write_text("")
    error = await refusal(server, known)
    assert error.fault == "hostkey-unknown"
    assert shown(server.host_key_paths[0]) in error.what
    assert error.mend is not None
    assert f"ssh -o UserKnownHostsFile={known} -p {server.port}" in error.mend
    assert str(known) in error.mend


async def test_a_missing_file_knows_nobody(server: SshServer, tmp_path: Path) -> None:
    assert (await refusal(server, tmp_path / "none")).fault == "hostkey-unknown"


async def test_changed(server: SshServer, tmp_path: Path) -> None:
    other = make_key(tmp_path / "other")
    known = tmp_path / "known_hosts"
    place = f"[127.0.0.1]:{server.port}"
    known.write_text(f"# a comment\n{place} {public_key(other)}\n")
    error = await refusal(server, known)
    assert error.fault == "hostkey-changed"
    assert shown(other) in error.what
    assert shown(server.host_key_paths[0]) in error.what
    assert f"{known}:2" in error.what
    assert error.mend is not None
    assert f"ssh-keygen -R '{place}' -f {known}" in error.mend


async def test_the_mend_for_a_changed_key_works(server: SshServer, tmp_path: Path) -> None:
    known = tmp_path / "known_hosts"
    known.write_text(f"[127.0.0.1]:{server.port} {public_key(make_key(tmp_path / 'other'))}\n")
    error = await refusal(server, known)
    assert error.mend is not None
    command = error.mend.partition(": ")[2]
    await shell(command)
    assert (await refusal(server, known)).fault == "hostkey-unknown"


async def test_revoked(server: SshServer, tmp_path: Path) -> None:
    known = tmp_path / "known_hosts"
    good = server.known_hosts_text()
    known.write_text(f"{good}@revoked * {public_key(server.host_key_paths[0])}\n")
    error = await refusal(server, known)
    assert error.fault == "hostkey-revoked"
    assert f"{known}:2" in error.what


async def test_only_another_type_is_known(server: SshServer, tmp_path: Path) -> None:
    other = make_key(tmp_path / "other", kind="ecdsa")
    known = tmp_path / "known_hosts"
    known.write_text(f"[127.0.0.1]:{server.port} {public_key(other)}\n")
    error = await refusal(server, known)
    assert error.fault == "hostkey-unknown"
    assert "ecdsa-sha2-nistp256" in error.what
    assert shown(server.host_key_paths[0]) in error.what
    assert error.mend is not None
    assert "HostKeyAlgorithms=ssh-ed25519" in error.mend


async def test_the_known_type_is_asked_for_first(tmp_path: Path) -> None:
    with SshServer(tmp_path, host_keys=("ed25519", "ecdsa")) as two:
        known = tmp_path / "known_hosts"
        known.write_text(f"[127.0.0.1]:{two.port} {public_key(two.host_key_paths[1])}\n")
        config = direct_fleet(["web"], two.port, two.user_key, known, user=two.user)
        async with pool_of(config) as pool:
            await pool.connection("web")


async def test_a_hashed_entry_is_found(server: SshServer, tmp_path: Path) -> None:
    known = tmp_path / "known_hosts"
    known.write_text(server.known_hosts_text())
    await shell(f"{require('ssh-keygen')} -q -H -f {known}")
    assert known.read_text().startswith("|1|")
    config = direct_fleet(["web"], server.port, server.user_key, known, user=server.user)
    async with pool_of(config) as pool:
        await pool.connection("web")


async def test_a_host_certificate_is_accepted_and_a_stranger_is_not(tmp_path: Path) -> None:
    authority = make_key(tmp_path / "ca")
    stranger = make_key(tmp_path / "stranger")
    host_key = make_key(tmp_path / "certified")
    await shell(f"{require('ssh-keygen')} -q -s {authority} -I web -h -n 127.0.0.1 {host_key}.pub")
    extra = [f"HostKey {host_key}", f"HostCertificate {host_key}-cert.pub"]
    with SshServer(tmp_path, extra=extra, host_keys=()) as certified:
        known = tmp_path / "known_hosts"
        known.write_text(f"@cert-authority [127.0.0.1]:{certified.port} {public_key(authority)}\n")
        config = direct_fleet(
            ["web"], certified.port, certified.user_key, known, user=certified.user
        )
        async with pool_of(config) as pool:
            await pool.connection("web")
        known.write_text(f"@cert-authority * {public_key(stranger)}\n")
        assert (await refusal(certified, known)).fault == "hostkey-unknown"


async def test_no_known_hosts_file_never_means_no_check(server: SshServer) -> None:
    config = fleet_of(server)
    assert config.ssh_config is not None
    text = config.ssh_config.read_text()
    lines = [line for line in text.splitlines() if "KnownHostsFile" not in line]
    lines += ["  UserKnownHostsFile none", "  GlobalKnownHostsFile none"]
    config.ssh_config.write_text("\n".join(lines) + "\n")
    async with pool_of(config) as pool:
        with pytest.raises(Unreachable) as caught:
            await pool.connection("web")
    assert caught.value.fault == "hostkey-unknown"


async def test_a_key_accepted_meanwhile_is_seen_at_once(server: SshServer, tmp_path: Path) -> None:
    known = tmp_path / "known_hosts"
    known.write_text("")
    config = direct_fleet(["web"], server.port, server.user_key, known, user=server.user)
    async with pool_of(config) as pool:
        with pytest.raises(Unreachable):
            await pool.connection("web")
        known.write_text(server.known_hosts_text())
        await pool.reconnect("web")


async def test_the_alias_names_the_entry(server: SshServer) -> None:
    config = fleet_of(server, lines=["  HostKeyAlias blessed"])
    known = server.home / "known_hosts"
    known.write_text(f"blessed {public_key(server.host_key_paths[0])}\n")
    async with pool_of(config) as pool:
        await pool.connection("web")
