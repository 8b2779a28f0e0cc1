"""Peers that are absent, silent or something else: a clear word each, and never a hang."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from fleet_tui.model.config import Defaults, FleetConfig
from fleet_tui.model.errors import Unreachable
from fleet_tui.model.host import Host
from tests.support.sshd import SshServer, free_port, refusing_port
from tests.transport.helpers import direct_fleet, fleet_of, peer, pool_of

if TYPE_CHECKING:
    from pathlib import Path

PATIENT = Defaults(connect_timeout=60.0)
QUICK = Defaults(connect_timeout=0.3)
"""For peers that never say anything."""


async def refusal(config: FleetConfig, name: str = "web") -> Unreachable:
    """Return why `name` cannot be reached; never waits longer than a person would."""
    async with asyncio.timeout(100), pool_of(config) as pool:
        with pytest.raises(Unreachable) as caught:
            await pool.connection(name)
        assert pool.status(name).reason == caught.value.what
    return caught.value


def fleet(server: SshServer, port: int, defaults: Defaults = PATIENT) -> FleetConfig:
    """Return a fleet whose one host is at `port`."""
    known = server.home / "known_for_nobody"
    known.write_text("")
    return direct_fleet(["web"], port, server.user_key, known, defaults=defaults)


async def test_nobody_listens(server: SshServer) -> None:
    with refusing_port() as port:
        error = await refusal(fleet(server, port))
    assert error.fault == "refused"
    assert error.may_retry


async def test_a_name_that_does_not_exist(server: SshServer, tmp_path: Path) -> None:
    config = FleetConfig(
        hosts=(Host("web", address="no-such-host.invalid", key=str(server.user_key)),),
        ssh_config=tmp_path / "none",
    )
    error = await refusal(config)
    assert error.fault == "dns"
    assert "no-such-host.invalid" in error.what


async def test_a_peer_that_takes_the_connection_and_says_nothing(server: SshServer) -> None:
    async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with peer(silence) as port:
        error = await refusal(fleet(server, port, QUICK))
    assert error.fault == "silent"


async def test_a_peer_that_falls_silent_during_login(server: SshServer) -> None:
    async def version_only(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-Quiet\r\n")
        await reader.read()
        writer.close()

    async with peer(version_only) as port:
        error = await refusal(fleet(server, port, Defaults(connect_timeout=3.0)))
    assert error.fault == "silent"
    assert "during login" in error.what


async def test_a_peer_that_is_no_ssh_server(server: SshServer) -> None:
    async def web(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"HTTP/1.1 400 Bad \x1b[31mRequest\r\n\r\n")
        writer.close()

    async with peer(web) as port:
        error = await refusal(fleet(server, port))
    assert error.fault == "not-ssh"
    assert "HTTP/1.1 400" in error.what
    assert "\x1b" not in error.what


async def test_a_peer_that_speaks_ssh_1(server: SshServer) -> None:
    async def old(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-1.5-Ancient\r\n")
        await reader.read()
        writer.close()

    async with peer(old) as port:
        error = await refusal(fleet(server, port))
    assert error.fault == "not-ssh"


async def test_a_peer_that_hangs_up_is_tried_again_until_it_answers(server: SshServer) -> None:
    """As sshd does while MaxStartups is exceeded."""
    calls = 0

    async def reluctant(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal calls
        calls += 1
        if calls > 3:
            writer.write(b"HTTP/1.1 200 OK\r\n")
        writer.close()

    async with peer(reluctant) as port:
        error = await refusal(fleet(server, port))
    assert calls == 4
    assert error.fault == "not-ssh"


async def test_no_algorithm_in_common(tmp_path: Path) -> None:
    options = {"KexAlgorithms": "diffie-hellman-group14-sha1"}
    with SshServer(tmp_path, options=options) as old:
        known = tmp_path / "known"
        known.write_text(old.known_hosts_text())
        config = direct_fleet(["web"], old.port, old.user_key, known, user=old.user)
        assert (await refusal(config)).fault == "no-common-algorithm"


@pytest.mark.filterwarnings("ignore:Diffie-Hellman over finite fields")
async def test_an_old_algorithm_that_the_user_allows_is_used(tmp_path: Path) -> None:
    options = {"KexAlgorithms": "diffie-hellman-group14-sha1"}
    with SshServer(tmp_path, options=options) as old:
        config = fleet_of(old, lines=["  KexAlgorithms +diffie-hellman-group14-sha1"])
        async with pool_of(config) as pool:
            await pool.connection("web")


async def test_an_unknown_name_is_the_callers_mistake(server: SshServer) -> None:
    async with pool_of(fleet(server, free_port())) as pool:
        with pytest.raises(KeyError):
            await pool.connection("nobody")
