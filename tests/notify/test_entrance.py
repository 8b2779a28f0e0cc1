"""What machines tell by `curl` and by hooks comes in through their SSH connection."""

from __future__ import annotations

import json
import os
import shlex
from typing import TYPE_CHECKING

import pytest

from fleet_tui.model.request import DispatchRequest
from fleet_tui.notify import hooks
from tests.notify.entrance import PATIENCE, fleet_behind, until_reached
from tests.peers.live import environment
from tests.support.clis import require_cli
from tests.support.model_api import ModelApi
from tests.support.parts import require
from tests.support.sshd import SshServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SshServer]:
    home = tmp_path / "there"
    home.mkdir()
    with SshServer(tmp_path, name="second", env={"HOME": str(home)}) as running:
        yield running


async def test_curl_on_a_machine_tells_the_fleet(tmp_path: Path, server: SshServer) -> None:
    require("curl")
    async with fleet_behind(tmp_path, server, "second") as (fleet, desk, heard):
        url = await until_reached(desk, "second")
        note = tmp_path / "there/.local/state/fleet-tui/notify.url"
        assert note.read_text() == f"{url}\n"
        assert note.stat().st_mode & 0o777 == 0o600
        connection = await fleet.pool.connection("second")
        line = (
            'curl -sS -H "Title: nightly" -H "Priority: high" -H "Tags: backup-late"'
            ' -d "backup is late" "$(cat ~/.local/state/fleet-tui/notify.url)"'
        )
        done = await connection.run(line, timeout=PATIENCE)
        assert json.loads(done.stdout)["message"] == "backup is late", done.stderr
        notice = await heard.until(lambda notice: notice.event == "backup-late")
        assert (notice.source, notice.severity) == ("second", "warning")
        assert notice.text == "nightly: backup is late"


async def test_the_door_opens_again_when_contact_is_back(tmp_path: Path, server: SshServer) -> None:
    require("curl")
    async with fleet_behind(tmp_path, server, "second") as (fleet, desk, heard):
        await until_reached(desk, "second")
        server.kill_connections()
        assert desk.ways.entrance is not None
        await heard.until(lambda notice: notice.event == "host-back")
        connection = await fleet.pool.connection("second")
        line = "u=$(cat ~/.local/state/fleet-tui/notify.url); for n in $(seq 50); do "
        line += 'curl -sS -d "here again" "$u" && break; sleep 1; done'
        await connection.run(line, timeout=PATIENCE)
        assert (await heard.until(lambda notice: notice.text == "here again")).source == "second"


async def test_a_run_gets_the_address_in_its_environment(tmp_path: Path, server: SshServer) -> None:
    require("curl")
    async with fleet_behind(tmp_path, server, "second") as (fleet, desk, heard):
        await until_reached(desk, "second")
        prompt = 'curl -sS -d "told by a run" "$CLAUDE_NOTIFY_URL"'
        live = await fleet.dispatch(DispatchRequest("second", prompt, agent="shell"))
        (run,) = await live.finished
        assert run.state == "succeeded"
        await heard.until(lambda notice: notice.text == "told by a run")
        assert "CLAUDE_NOTIFY_URL" not in os.environ


async def test_a_stop_hook_of_the_real_agent_comes_through_ssh(
    tmp_path: Path, server: SshServer
) -> None:
    """Its settings are written by the command, its turn is left alone, and the notice is here."""
    claude = require_cli("claude")
    home = tmp_path / "there"
    async with fleet_behind(tmp_path, server, "second") as (fleet, desk, heard):
        url = await until_reached(desk, "second")
        connection = await fleet.pool.connection("second")
        files = await connection.files()
        place = await hooks.agent_home(connection)
        assert place == str(home / ".claude")
        await connection.run("mkdir -p ~/.claude ~/work", timeout=PATIENCE)
        change = await hooks.planned(files, place, url + hooks.PATH)
        await hooks.apply(files, change)
        with ModelApi() as api:
            env = " ".join(f"{k}={shlex.quote(v)}" for k, v in environment(home, api).items())
            line = f"cd ~/work && env {env} {claude} -p hello </dev/null"
            done = await connection.run(line, timeout=PATIENCE)
            assert done.status.code == 0, done.stderr
        notice = await heard.until(lambda notice: notice.event == "agent-stopped")
        assert notice.source == "second"
        assert notice.text.startswith("claude has finished in work")
        await heard.until(lambda notice: notice.event == "session-ended")
        change = await hooks.planned(files, place, None)
        await hooks.apply(files, change)
        assert "http" not in (home / ".claude/settings.json").read_text()
