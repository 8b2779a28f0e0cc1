"""How fast a host answers, asked for once and only by who wants to know."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import asyncssh

from fleet_tui.model.config import Defaults, FleetConfig
from fleet_tui.model.host import Host
from tests.transport.helpers import fleet_of, pool_of

if TYPE_CHECKING:
    import pytest

    from tests.support.sshd import SshServer


async def test_it_costs_one_round_trip_and_is_known_then(
    server: SshServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bytes] = []
    request = asyncssh.SSHClientConnection._make_global_request

    async def counting(self: asyncssh.SSHClientConnection, kind: bytes, *more: bytes) -> object:
        asked.append(kind)
        return await request(self, kind, *more)

    monkeypatch.setattr(asyncssh.SSHClientConnection, "_make_global_request", counting)
    config = replace(fleet_of(server), defaults=Defaults(keepalive=0.0))
    async with pool_of(config) as pool:
        await pool.measure("web")
        assert pool.status("web").latency_seconds is None
        await pool.connection("web")
        assert pool.status("web").latency_seconds is None
        assert asked == []
        await pool.measure("web")
        latency = pool.status("web").latency_seconds
        assert latency is not None
        assert latency > 0
        await pool.measure("web")
        assert asked == [b"keepalive@openssh.com"]
        assert pool.status("web").latency_seconds == latency


async def test_this_machine_has_none() -> None:
    async with pool_of(FleetConfig(hosts=(Host("here", connection="local"),))) as pool:
        await pool.connection("here")
        await pool.measure("here")
        assert pool.status("here").latency_seconds is None
