"""What we rely on inside asyncssh and asyncio. When an upgrade breaks it, it breaks here."""

from __future__ import annotations

import asyncio
import inspect
import subprocess
import sys
from typing import TYPE_CHECKING

import asyncssh
import pytest
from asyncssh.channel import SSHChannel

from fleet_tui.transport import asyncssh_parts, asyncssh_seams, asyncssh_wire
from tests.support.ssh_simulator import SshSimulator
from tests.support.sshd import SshServer
from tests.transport.helpers import Counter, Sink, direct_fleet, fleet_of, pool_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fleet_tui.transport.ssh import SshConnection


@pytest.fixture
def stock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pretend that the installed asyncssh is one we do not know."""
    asyncssh_seams.is_tuned.cache_clear()
    monkeypatch.setattr(asyncssh_seams, "WRITTEN_FOR", "0.0.")


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    yield
    asyncssh_seams.is_tuned.cache_clear()


def test_the_installed_asyncssh_is_the_one_it_was_written_for() -> None:
    assert asyncssh_seams.is_tuned()


def test_no_channel_packet_needs_waiting() -> None:
    """The receiver calls these handlers without awaiting anything."""
    handlers = SSHChannel._packet_handlers.values()
    assert handlers
    assert not any(inspect.iscoroutinefunction(handler) for handler in handlers)
    session_level = {
        kind: handler
        for kind, handler in asyncssh.SSHClientConnection._packet_handlers.items()
        if kind >= 80
    }
    assert session_level
    assert not any(inspect.iscoroutinefunction(handler) for handler in session_level.values())


async def test_reads_can_be_capped_on_asyncio_s_transports() -> None:
    async def accept(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    async with server:
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        assert asyncssh_parts.limit_reads(writer.transport)
        assert writer.transport.max_size == asyncssh_parts.READ_SIZE  # type: ignore[attr-defined]
        writer.close()


async def test_the_tuned_connection_is_what_is_used(connection: SshConnection) -> None:
    assert isinstance(connection.raw, asyncssh_wire.TunedConnection)
    assert connection.raw.get_extra_info("send_cipher") == "aes128-gcm@openssh.com"


CIPHERS = ["aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com"]


@pytest.mark.parametrize("cipher", [*CIPHERS, "aes128-ctr"])
async def test_every_cipher_carries_bulk_both_ways(tmp_path: Path, cipher: str) -> None:
    with SshServer(tmp_path, options={"Ciphers": cipher}) as server:
        async with pool_of(fleet_of(server)) as pool:
            connection = await pool.connection("web")
            data = bytes(range(256)) * 8000
            sink = Sink()
            process = await connection.start("cat", sink, stdin=data)
            assert (await process.wait()).code == 0
            assert bytes(sink.out) == data


async def test_new_keys_are_agreed_on_in_the_middle_of_bulk(tmp_path: Path) -> None:
    with SshServer(tmp_path, options={"RekeyLimit": "1M"}) as server:
        async with pool_of(fleet_of(server)) as pool:
            connection = await pool.connection("web")
            counter = Counter()
            process = await connection.start("head -c 20000000 /dev/zero", counter)
            assert (await process.wait()).code == 0
            assert counter.size == 20_000_000
            sink = Sink()
            process = await connection.start("wc -c", sink, stdin=b"x" * 5_000_000)
            assert (await process.wait()).code == 0
            assert sink.out.strip() == b"5000000"


async def test_our_side_agrees_on_new_keys_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SshServer(tmp_path) as server:
        async with pool_of(fleet_of(server)) as pool:
            connection: SshConnection = await pool.connection("web")  # type: ignore[assignment]
            monkeypatch.setattr(connection.raw, "_rekey_bytes", 100_000)
            sink = Sink()
            process = await connection.start("wc -c", sink, stdin=b"x" * 3_000_000)
            assert (await process.wait()).code == 0
            assert sink.out.strip() == b"3000000"


async def test_small_packets_arrive_in_few_blocks(tmp_path: Path) -> None:
    with SshSimulator(tmp_path / "simulator") as simulator:
        known = tmp_path / "known_hosts"
        known.write_text(simulator.known_hosts_text())
        config = direct_fleet(["a"], simulator.port, simulator.user_key, known)
        async with pool_of(config) as pool:
            connection = await pool.connection("a")
            sink = Sink()
            process = await connection.start("flood 5000", sink)
            assert (await process.wait()).code == 0
            lines = sink.out.split(b"\n")
            assert lines[:-1] == [
                b"line %07d of a small packet stream" % number for number in range(5000)
            ]
            assert sink.blocks < 2500


async def test_a_login_asks_no_question_it_need_not(tmp_path: Path) -> None:
    """One signed request, no `none`, no probe: counted in the server's own log."""
    with SshServer(tmp_path, options={"LogLevel": "DEBUG1"}) as server:
        before = len(server.log.read_text())
        async with pool_of(fleet_of(server)) as pool:
            await pool.connection("web")
        log = server.log.read_text()[before:]
    requests = [line for line in log.splitlines() if "userauth-request for user" in line]
    assert len(requests) == 1
    assert "method publickey" in requests[0]


@pytest.mark.usefixtures("stock")
async def test_an_asyncssh_we_do_not_know_is_used_by_its_public_interface(
    server: SshServer,
) -> None:
    assert not asyncssh_seams.is_tuned()
    async with pool_of(fleet_of(server)) as pool:
        connection: SshConnection = await pool.connection("web")  # type: ignore[assignment]
        assert not isinstance(connection.raw, asyncssh_wire.TunedConnection)
        done = await connection.run("cat; exit 5", stdin=b"data", timeout=30)
        assert (done.stdout, done.status.code) == (b"data", 5)
        await asyncssh_seams.ping(connection.raw)


async def test_a_corrupted_packet_ends_the_connection(connection: SshConnection) -> None:
    raw = connection.raw
    assert isinstance(raw, asyncssh_wire.TunedConnection)
    process = await connection.start("sleep 60", Sink())
    raw.data_received(b"\0\0\0\x10" + b"x" * 32)
    status = await process.wait()
    assert status.is_lost
    assert "MAC" in status.reason


async def test_an_oversized_packet_ends_the_connection(connection: SshConnection) -> None:
    process = await connection.start("sleep 60", Sink())
    connection.raw.data_received(b"\x7f\xff\xff\xff" + b"x" * 64)
    assert (await process.wait()).is_lost


def test_the_pool_loads_no_ssh_library_before_it_is_needed() -> None:
    program = (
        "import sys, fleet_tui.transport, fleet_tui.transport.base, fleet_tui.transport.pool, "
        "fleet_tui.transport.local, fleet_tui.transport.shell; "
        "sys.exit(any(n.split('.')[0] in ('asyncssh', 'cryptography') for n in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
