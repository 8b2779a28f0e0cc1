from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from fleet_tui.health.facts import FRESH_SECONDS
from fleet_tui.model.errors import FleetError, Unreachable
from fleet_tui.model.events import HostProbed, NoticeRaised
from fleet_tui.model.host import Host
from tests.support.fakes import prints
from tests.support.stage import fleet_file, staged

if TYPE_CHECKING:
    from pathlib import Path


class HandClock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1_779_132_121.0

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now


CLAUDE = {"web": prints(b'{"type":"result","subtype":"success","is_error":false}\n')}


async def test_a_host_is_asked_for_its_agent_once(tmp_path: Path) -> None:
    async with staged(fleet_file(tmp_path, ["web"]), CLAUDE) as stage:
        await stage.run(prompt="hello", agent="claude")
        await stage.run(prompt="hello", agent="claude")
        assert stage.pool.probed == ["web"]
        assert all("/opt/web/claude" in process.line for process in stage.pool.started)


async def test_what_a_host_said_is_remembered_between_starts(tmp_path: Path) -> None:
    config = fleet_file(tmp_path, ["web"])
    async with staged(config, CLAUDE) as stage:
        facts = await stage.fleet.probe("web")
    async with staged(config, CLAUDE) as again:
        assert again.fleet.facts("web") == facts
        await again.run(prompt="hello", agent="claude")
        assert again.pool.probed == []
    assert (tmp_path / "data" / "hosts.toml").stat().st_mode & 0o077 == 0


async def test_what_is_a_day_old_is_asked_again(tmp_path: Path) -> None:
    clock = HandClock()
    config = fleet_file(tmp_path, ["web"])
    async with staged(config, CLAUDE, clock=clock) as stage:
        await stage.run(prompt="hello", agent="claude")
        clock.now += FRESH_SECONDS + 1
        await stage.run(prompt="hello", agent="claude")
        assert stage.pool.probed == ["web", "web"]


async def test_a_path_that_proved_wrong_is_asked_for_again(tmp_path: Path) -> None:
    async with staged(fleet_file(tmp_path, ["web"]), {"web": prints(b"", 127)}) as stage:
        for _ in range(2):
            (run,) = await stage.run(prompt="hello", agent="claude")
            assert run.outcome == "agent-missing"
        assert stage.pool.probed == ["web", "web"]


async def test_an_agent_that_was_installed_meanwhile_is_found(tmp_path: Path) -> None:
    async with staged(fleet_file(tmp_path, ["web"]), CLAUDE) as stage:
        await stage.fleet.probe("web")
        stage.pool.probe_answer = stage.pool.probe_answer.replace("claude", "codex")
        (run,) = await stage.run(prompt="hello", agent="codex")
        assert run.outcome != "agent-missing"
        assert "/opt/web/codex" in stage.pool.started[0].line


async def test_an_agent_that_is_not_there_is_named_with_its_mend(tmp_path: Path) -> None:
    async with staged(fleet_file(tmp_path, ["web"]), CLAUDE) as stage:
        (run,) = await stage.run(prompt="hello", agent="codex")
        assert (run.state, run.outcome) == ("failed", "agent-missing")
        assert run.reason == "codex was not found on web"
        assert "agent_paths.codex" in run.mend
        assert stage.pool.started == []


async def test_a_pinned_path_is_used_without_asking(tmp_path: Path) -> None:
    host = Host("web", durable=False, agent_paths={"claude": "/pinned/claude"})
    async with staged(fleet_file(tmp_path, [host]), CLAUDE) as stage:
        await stage.run(prompt="hello", agent="claude")
        assert stage.pool.probed == []
        assert "/pinned/claude" in stage.pool.started[0].line


async def test_probes_of_one_host_are_shared(tmp_path: Path) -> None:
    async with staged(fleet_file(tmp_path, ["web"]), CLAUDE) as stage:
        await asyncio.gather(*(stage.fleet.probe("web") for _ in range(5)))
        assert stage.pool.probed == ["web"]
        assert [e.host for e in stage.heard if isinstance(e, HostProbed)] == ["web"]


async def test_an_answer_that_is_none_is_an_error_and_a_notice(tmp_path: Path) -> None:
    async with staged(fleet_file(tmp_path, ["web"]), CLAUDE) as stage:
        stage.pool.probe_answer = "Welcome to \x1b[2JNAS\n"
        with pytest.raises(FleetError, match="did not answer the probe") as caught:
            await stage.fleet.probe("web")
        assert "\x1b" not in str(caught.value)
        stage.fleet.keep_connected()
        found = await stage.until(lambda event: isinstance(event, NoticeRaised))
        assert isinstance(found, NoticeRaised)
        assert found.notice.event == "probe-failed"
        assert found.notice.source == "web"


async def test_a_host_that_cannot_be_reached_is_not_probed(tmp_path: Path) -> None:
    async with staged(fleet_file(tmp_path, ["web"]), {}) as stage:
        with pytest.raises(Unreachable):
            await stage.fleet.probe("web")


async def test_a_memory_that_cannot_be_written_stops_no_run(tmp_path: Path) -> None:
    async with staged(fleet_file(tmp_path, ["web"]), CLAUDE) as stage:
        (tmp_path / "data" / "hosts.toml").mkdir()
        (run,) = await stage.run(prompt="hello", agent="claude")
        assert run.started_at is not None


async def test_a_broken_memory_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0o700)
    (tmp_path / "data" / "hosts.toml").write_bytes(b"\xff = [")
    async with staged(fleet_file(tmp_path, ["web"]), CLAUDE) as stage:
        assert stage.fleet.facts("web") is None
        assert (await stage.fleet.probe("web")).hostname == "web"
