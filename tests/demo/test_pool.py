"""The demo seen through the program's own connections."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from fleet_tui.demo import DemoFleet
from fleet_tui.health.probe import parse_probe, probe_line
from fleet_tui.model.errors import Unreachable
from fleet_tui.transport.pool import ConnectionPool

if TYPE_CHECKING:
    from collections.abc import Iterator


class _SystemClock:
    def time(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()


@pytest.fixture(scope="module")
def sample() -> Iterator[DemoFleet]:
    """The demo as `fleet-tui demo` starts it, without delays."""
    with DemoFleet.start(speed=0) as fleet:
        yield fleet


async def test_every_host_of_the_sample_answers_the_probe_but_one(
    sample: DemoFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSH_AUTH_SOCK", "/nonexistent/agent")
    pool = ConnectionPool(sample.config, clock=_SystemClock(), on_status=lambda status: None)
    try:
        for host in sample.config.hosts:
            if host.name == sample.unreachable:
                with pytest.raises(Unreachable):
                    await pool.connection(host.name)
                continue
            connection = await pool.connection(host.name)
            line = probe_line(host.agent_paths, host.shell)
            facts = parse_probe((await connection.run(line, timeout=60)).stdout, 1.0)
            assert facts.hostname == host.name
            assert "claude" in facts.agents
    finally:
        await pool.close()


async def test_the_drift_check_of_the_sample_holds(sample: DemoFleet) -> None:
    host = sample.config.host("droplet")
    assert host.verify_command is not None
    pool = ConnectionPool(sample.config, clock=_SystemClock(), on_status=lambda status: None)
    try:
        connection = await pool.connection("droplet")
        done = await connection.run(host.verify_command, timeout=60)
    finally:
        await pool.close()
    assert done.stdout.decode().strip() == host.verify_expect
