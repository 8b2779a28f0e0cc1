from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.health.probe import parse_probe, probe_line
from tests.demo.login import run

if TYPE_CHECKING:
    from fleet_tui.demo import DemoFleet


async def test_the_probe_finds_what_the_host_pretends_to_be(demo: DemoFleet) -> None:
    host = demo.config.host("web03")
    status, out, err = await run(demo, "web03", probe_line(host.agent_paths, host.shell))
    assert (status, err) == (0, "")
    facts = parse_probe(out.encode(), 7.0)
    assert facts.hostname == "web03"
    assert facts.system == "Linux 6.8.0-48-generic"
    assert facts.home == "/home/fleet"
    assert facts.agents["claude"].path == "/home/fleet/.local/bin/claude"
    assert facts.agents["claude"].version == "2.1.329"
    assert facts.disk_free_bytes is not None
    assert facts.uptime_seconds is not None
    assert facts.uptime_seconds > 86400


async def test_a_pinned_agent_is_where_its_owner_said(demo: DemoFleet) -> None:
    host = demo.config.host("box")
    _, out, _ = await run(demo, "box", probe_line(host.agent_paths, host.shell))
    assert parse_probe(out.encode(), 7.0).agents["claude"].path == "/home/fleet/bin/claude"


async def test_the_windows_host_answers_its_own_probe(demo: DemoFleet) -> None:
    host = demo.config.host("desk-win")
    _, out, _ = await run(demo, "desk-win", probe_line(host.agent_paths, host.shell))
    facts = parse_probe(out.encode(), 7.0)
    assert facts.system.startswith("Windows 10.0")
    assert facts.agents["codex"].path == "C:\\Users\\fleet\\.local\\bin\\codex.exe"
    assert facts.agents["codex"].version == "0.169.0"
