"""Servers that many tests share."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.durable import SHELLS, local_host, use_shell
from tests.support.sshd import SshServer, ordinary_user
from tests.transport.helpers import fleet_of, pool_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from fleet_tui.transport.base import Connection
    from tests.support.durable import DurableHost


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    """One sshd that allows everything, for tests that only talk to it."""
    with SshServer(tmp_path_factory.mktemp("sshd")) as running:
        yield running


@pytest.fixture
async def connection(server: SshServer) -> AsyncIterator[Connection]:
    """An open connection to it."""
    async with pool_of(fleet_of(server)) as pool:
        yield await pool.connection("web")


@pytest.fixture(scope="session")
def ordinary_server() -> Iterator[SshServer]:
    """One sshd that is run and logged in to by somebody who is not root."""
    user = ordinary_user()
    with tempfile.TemporaryDirectory(prefix="fleet-sshd-") as folder:
        os.chmod(folder, 0o755)
        with SshServer(Path(folder), user=user) as running:
            yield running


@pytest.fixture(params=["root's way", "everybody's way"])
async def either(request: pytest.FixtureRequest) -> AsyncIterator[Connection]:
    """An open connection: to the current user's sshd, then to an ordinary user's."""
    which = "server" if request.param.startswith("root") else "ordinary_server"
    running: SshServer = request.getfixturevalue(which)
    async with pool_of(fleet_of(running)) as pool:
        yield await pool.connection("web")


@pytest.fixture
async def ordinary(ordinary_server: SshServer) -> AsyncIterator[Connection]:
    """An open connection to it."""
    async with pool_of(fleet_of(ordinary_server)) as pool:
        yield await pool.connection("web")


@pytest.fixture(params=SHELLS)
async def host(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[DurableHost]:
    """This machine, with each of the shells that a host may have."""
    use_shell(request.param, tmp_path, monkeypatch)
    host = local_host(tmp_path / "state", monkeypatch)
    yield host
    await host.close()
