"""SFTP and port forwards over a real sshd."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

import pytest

from fleet_tui.model.errors import Unreachable
from fleet_tui.transport.local_files import LocalFiles
from tests.support.sshd import SshServer, free_port, refusing_port
from tests.transport.helpers import fleet_of, pool_of

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_tui.transport.base import Connection


async def test_reading_and_writing(connection: Connection, tmp_path: Path) -> None:
    files = await connection.files()
    path = str(tmp_path / "a file")
    await files.write(path, b"0123456789", mode=0o640)
    assert await files.read(path) == b"0123456789"
    assert await files.read(path, offset=2, size=3) == b"234"
    assert os.stat(path).st_mode & 0o777 == 0o640
    await files.write(path, b"again")
    assert await files.read(path) == b"again"
    assert os.stat(path).st_mode & 0o777 == 0o600
    assert await files.listdir(str(tmp_path)) == ["a file"]
    assert await files.exists(path)
    assert not await files.exists(path + "x")


async def test_what_is_in_a_folder(connection: Connection, tmp_path: Path) -> None:
    (tmp_path / "a file").write_bytes(b"123")
    os.utime(tmp_path / "a file", (1000, 1234))
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("folder")
    files = await connection.files()
    for found in (await files.entries(str(tmp_path)), await LocalFiles().entries(str(tmp_path))):
        assert [(entry.name, entry.is_folder) for entry in found] == [
            ("a file", False),
            ("folder", True),
            ("link", False),
        ]
        assert (found[0].size, found[0].changed_at) == (3, 1234.0)
    with pytest.raises(FileNotFoundError):
        await files.entries(str(tmp_path / "none"))


async def test_a_large_file_survives_the_journey(connection: Connection, tmp_path: Path) -> None:
    files = await connection.files()
    data = os.urandom(3_000_000)
    await files.write(str(tmp_path / "large"), data)
    assert await files.read(str(tmp_path / "large")) == data


async def test_what_is_wrong_with_a_file_is_a_plain_os_error(
    ordinary: Connection, connection: Connection, tmp_path: Path
) -> None:
    files = await connection.files()
    with pytest.raises(FileNotFoundError):
        await files.read(str(tmp_path / "none"))
    with pytest.raises(FileNotFoundError):
        await files.listdir(str(tmp_path / "none"))
    with pytest.raises(PermissionError):
        await (await ordinary.files()).write("/etc/not-for-us", b"")
    assert await files.listdir(str(tmp_path)) == []


async def test_sessions_of_files_are_shared(connection: Connection) -> None:
    first, second = await asyncio.gather(connection.files(), connection.files())
    assert first is second


async def test_a_host_without_sftp_says_so(tmp_path: Path) -> None:
    with SshServer(tmp_path, options={"Subsystem": "other /bin/false"}) as bare:
        async with pool_of(fleet_of(bare)) as pool:
            with pytest.raises(Unreachable, match="no files over SFTP") as caught:
                await (await pool.connection("web")).files()
    assert caught.value.mend is not None


async def test_files_of_a_lost_connection_are_lost(tmp_path: Path) -> None:
    with SshServer(tmp_path) as mortal:
        async with pool_of(fleet_of(mortal)) as pool:
            connection = await pool.connection("web")
            files = await connection.files()
            mortal.kill()
            with pytest.raises(Unreachable, match="lost"):
                await files.read("/etc/passwd")


async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"hello")
    writer.close()


async def test_a_local_forward_leads_to_a_port_of_the_host(connection: Connection) -> None:
    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        async with connection.forward_local("127.0.0.1", port) as here:
            assert here != port
            reader, writer = await asyncio.open_connection("127.0.0.1", here)
            assert await reader.read() == b"hello"
            writer.close()
        with pytest.raises(OSError, match=r"refused|Connect"):
            await asyncio.open_connection("127.0.0.1", here)


async def test_a_remote_forward_listens_on_loopback_only(connection: Connection) -> None:
    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        async with connection.forward_remote(port) as there:
            listening = await connection.run(f"ss -Hltn 'sport = :{there}'", timeout=30)
            if listening.status.code == 0:
                assert f"127.0.0.1:{there}".encode() in listening.stdout
                assert f"0.0.0.0:{there}".encode() not in listening.stdout
            reader, writer = await asyncio.open_connection("127.0.0.1", there)
            assert await reader.read() == b"hello"
            writer.close()


async def test_a_forward_to_nobody_closes_what_it_took(connection: Connection) -> None:
    with refusing_port() as port:
        async with connection.forward_local("127.0.0.1", port) as here:
            await closes_at_once(here)


async def closes_at_once(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    assert await reader.read() == b""
    writer.close()


async def test_a_refused_remote_forward_is_told(tmp_path: Path) -> None:
    with SshServer(tmp_path, options={"AllowTcpForwarding": "no"}) as closed:
        async with pool_of(fleet_of(closed)) as pool:
            connection = await pool.connection("web")
            with pytest.raises(Unreachable, match="refused to listen"):
                async with connection.forward_remote(free_port()):
                    raise AssertionError("unreachable")
