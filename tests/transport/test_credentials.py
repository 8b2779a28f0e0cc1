"""Who we say we are: key files, passphrases, agents, certificates."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import subprocess
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from fleet_tui.model.errors import Unreachable
from tests.support.parts import missing, require
from tests.support.sshd import SshServer, make_key
from tests.transport.helpers import Statuses, direct_fleet, fleet_of, pool_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fleet_tui.model.config import FleetConfig


@pytest.fixture
def own(tmp_path: Path) -> Iterator[SshServer]:
    """An sshd whose keys the test may change."""
    with SshServer(tmp_path) as running:
        yield running


def fleet_with(server: SshServer, key: Path, names: tuple[str, ...] = ("web",)) -> FleetConfig:
    """Return a fleet that logs in with `key`."""
    known = server.home / "known_hosts"
    known.write_text(server.known_hosts_text())
    return direct_fleet(names, server.port, key, known, user=server.user)


@contextmanager
def agent(folder: Path, *keys: Path) -> Iterator[Path]:
    """Run an ssh-agent that holds `keys`; yields its socket."""
    path = folder / "agent.sock"
    command = [require("ssh-agent"), "-D", "-a", str(path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        environment = {**os.environ, "SSH_AUTH_SOCK": str(path)}
        for key in keys:
            add = [require("ssh-add"), "-q", str(key)]
            subprocess.run(add, env=environment, check=True, stdin=subprocess.DEVNULL)
        yield path
    finally:
        process.terminate()
        process.communicate()


async def test_a_wrong_key_is_told_with_what_mends_it(own: SshServer, tmp_path: Path) -> None:
    stranger = make_key(tmp_path / "stranger")
    async with pool_of(fleet_with(own, stranger)) as pool:
        with pytest.raises(Unreachable) as caught:
            await pool.connection("web")
    error = caught.value
    assert error.fault == "auth"
    assert not error.may_retry
    assert error.mend is not None
    assert "ssh-copy-id" in error.mend


async def test_a_wrong_key_is_shown_to_one_server_once_for_all_hosts(
    own: SshServer, tmp_path: Path
) -> None:
    stranger = make_key(tmp_path / "stranger")
    own.stop()
    own.options = {"LogLevel": "VERBOSE"}
    own.start()
    names = tuple(f"h{n}" for n in range(40))
    async with pool_of(fleet_with(own, stranger, names)) as pool:
        outcomes = await asyncio.gather(
            *(pool.connection(name) for name in names), return_exceptions=True
        )
    assert all(isinstance(one, Unreachable) and one.fault == "auth" for one in outcomes)
    assert own.log.read_text().count("Connection from") == 2  # one asked whether sshd was up


async def test_kept_hosts_do_not_try_a_wrong_key_again(own: SshServer, tmp_path: Path) -> None:
    statuses = Statuses()
    config = fleet_with(own, make_key(tmp_path / "stranger"))
    async with pool_of(config, on_status=statuses) as pool:
        pool.keep(["web"])
        await statuses.until(lambda s: s.fault == "auth")
        own.authorize(tmp_path / "stranger")
        assert pool.status("web").state == "down"
        await pool.reconnect("web")
        assert pool.status("web").state == "up"


async def test_a_missing_key_file_is_named(own: SshServer, tmp_path: Path) -> None:
    async with pool_of(fleet_with(own, tmp_path / "gone")) as pool:
        with pytest.raises(Unreachable, match=r"gone does not exist") as caught:
            await pool.connection("web")
    assert caught.value.fault == "auth"


async def test_a_missing_identity_file_is_skipped(own: SshServer) -> None:
    config = fleet_of(own, lines=["  IdentityFile /no/such/key"])
    async with pool_of(config) as pool:
        await pool.connection("web")


async def test_an_encrypted_key_asks_once(own: SshServer, tmp_path: Path) -> None:
    if importlib.util.find_spec("bcrypt") is None:
        missing("bcrypt")
    key = make_key(tmp_path / "secret", passphrase="open sesame")
    own.authorize(key)
    asked: list[str] = []

    def passphrase(path: str) -> str:
        asked.append(path)
        return "open sesame"

    names = ("a", "b", "c")
    async with pool_of(fleet_with(own, key, names), passphrase=passphrase) as pool:
        await asyncio.gather(*(pool.connection(name) for name in names))
    assert asked == [str(key)]


@pytest.mark.parametrize("answer", [None, "wrong"])
async def test_an_encrypted_key_without_its_passphrase(
    own: SshServer, tmp_path: Path, answer: str | None
) -> None:
    key = make_key(tmp_path / "secret", passphrase="open sesame")
    own.authorize(key)
    async with pool_of(fleet_with(own, key), passphrase=lambda _: answer) as pool:
        with pytest.raises(Unreachable) as caught:
            await pool.connection("web")
    assert caught.value.fault == "key-unusable"
    assert caught.value.mend == f"ssh-add {key}"
    assert str(key) in caught.value.what


async def test_a_declined_passphrase_is_asked_for_again_only_on_reconnect(
    own: SshServer, tmp_path: Path
) -> None:
    key = make_key(tmp_path / "secret", passphrase="open sesame")
    asked: list[str] = []

    def decline(path: str) -> None:
        asked.append(path)

    names = ("a", "b", "c")
    async with pool_of(fleet_with(own, key, names), passphrase=decline) as pool:
        await asyncio.gather(*(pool.connection(name) for name in names), return_exceptions=True)
        assert len(asked) == 1
        with pytest.raises(Unreachable):
            await pool.reconnect("a")
        assert len(asked) == 2


async def test_a_public_key_file_picks_the_agent_s_key(own: SshServer, tmp_path: Path) -> None:
    wanted, others = make_key(tmp_path / "wanted"), [make_key(tmp_path / f"k{n}") for n in range(8)]
    own.authorize(wanted)
    with agent(tmp_path, *others, wanted) as path:
        config = fleet_of(own)
        assert config.ssh_config is not None
        text = config.ssh_config.read_text().replace("IdentityAgent none", f"IdentityAgent {path}")
        config.ssh_config.write_text(text.replace(str(own.user_key), f"{wanted}.pub"))
        async with pool_of(config) as pool:
            await pool.connection("web")


async def test_rsa_and_ecdsa_keys(own: SshServer, tmp_path: Path) -> None:
    rsa = make_key(tmp_path / "rsa", kind="rsa", bits=2048)
    ecdsa = make_key(tmp_path / "ecdsa", kind="ecdsa")
    own.authorize(rsa, ecdsa)
    for key in (rsa, ecdsa):
        async with pool_of(fleet_with(own, key)) as pool:
            await pool.connection("web")


async def test_the_agent_signs(own: SshServer, tmp_path: Path) -> None:
    key = make_key(tmp_path / "held")
    own.authorize(key)
    with agent(tmp_path, key) as path:
        key.unlink()
        config = fleet_of(own, [f"h{n}" for n in range(20)])
        assert config.ssh_config is not None
        text = config.ssh_config.read_text().replace("IdentityAgent none", f"IdentityAgent {path}")
        config.ssh_config.write_text(text.replace(str(own.user_key), str(key)))
        async with pool_of(config) as pool:
            await asyncio.gather(*(pool.connection(host.name) for host in config.hosts))


async def test_the_agent_of_the_environment_holds_an_encrypted_key(
    own: SshServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = make_key(tmp_path / "key")
    with agent(tmp_path, plain) as path:
        own.authorize(plain)
        command = [require("ssh-keygen"), "-q", "-p", "-N", "later", "-f", str(plain)]
        await asyncio.to_thread(subprocess.run, command, check=True, capture_output=True)
        monkeypatch.setenv("SSH_AUTH_SOCK", str(path))
        async with pool_of(fleet_with(own, plain)) as pool:
            await pool.connection("web")


async def test_an_agent_that_is_gone_is_no_error(
    own: SshServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "nobody"))
    async with pool_of(fleet_with(own, own.user_key)) as pool:
        await pool.connection("web")


async def test_a_user_certificate(own: SshServer, tmp_path: Path) -> None:
    authority, key = make_key(tmp_path / "ca"), make_key(tmp_path / "certified")
    sign = [require("ssh-keygen"), "-q", "-s", str(authority), "-I", "me", "-n", own.user]
    await asyncio.to_thread(subprocess.run, [*sign, f"{key}.pub"], check=True, capture_output=True)
    own.stop()
    own.authorized.write_text("")
    own.extra = [f"TrustedUserCAKeys {authority}.pub"]
    own.start()
    async with pool_of(fleet_with(own, key)) as pool:
        await pool.connection("web")
    (tmp_path / "certified-cert.pub").rename(tmp_path / "elsewhere.pub")
    config = fleet_of(own, lines=[f"  CertificateFile {tmp_path / 'elsewhere.pub'}"])
    assert config.ssh_config is not None
    text = config.ssh_config.read_text().replace(str(own.user_key), str(key))
    config.ssh_config.write_text(text)
    async with pool_of(config) as pool:
        await pool.connection("web")


async def test_too_many_keys_are_not_offered(own: SshServer, tmp_path: Path) -> None:
    keys = [make_key(tmp_path / f"k{n}") for n in range(9)]
    lines = [f"  IdentityFile {key}" for key in keys]
    config = fleet_of(own, lines=lines)
    own.authorize(keys[8])
    async with pool_of(config) as pool:
        with pytest.raises(Unreachable) as caught:
            await pool.connection("web")
    assert caught.value.fault == "auth"


async def test_an_unknown_user(own: SshServer) -> None:
    config = fleet_with(own, own.user_key)
    hosts = tuple(replace(host, user="nobody-of-that-name") for host in config.hosts)
    async with pool_of(replace(config, hosts=hosts)) as pool:
        with pytest.raises(Unreachable, match="nobody-of-that-name") as caught:
            await pool.connection("web")
    assert caught.value.fault == "auth"


async def test_nothing_to_offer(own: SshServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    config = fleet_with(own, own.home / "none")
    async with pool_of(config) as pool:
        with pytest.raises(Unreachable, match="0 keys"):
            await pool.connection("web")
