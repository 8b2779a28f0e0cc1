"""The conversations of the demo's hosts, over the program's own connections."""

from __future__ import annotations

from typing import TYPE_CHECKING

import asyncssh

from fleet_tui.clock import SystemClock
from fleet_tui.demo.files import DemoFiles
from fleet_tui.handoff.threads import ThreadReader
from fleet_tui.transport.pool import ConnectionPool

if TYPE_CHECKING:
    import pytest

    from fleet_tui.demo import DemoFleet


async def test_they_are_listed_searched_and_read(
    demo: DemoFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSH_AUTH_SOCK", "/nonexistent/agent")
    pool = ConnectionPool(demo.config, clock=SystemClock(), on_status=lambda status: None)
    try:
        reader = ThreadReader(pool)
        names = [host.name for host in demo.config.hosts if host.name != demo.unreachable]
        found = await reader.list(names)
        assert [one.problem for one in found] == [""] * len(names)
        threads = [thread for one in found for thread in one.threads]
        assert len(threads) >= len(names)
        assert all(thread.title and thread.folder for thread in threads)
        (page,) = [await reader.read(threads[0].host, threads[0].session)]
        assert [said.speaker for said in page.said] == ["user", "tool", "result", "assistant"]
        hits = await reader.search(names, "SMTP 421")
        assert all(hit.said for one in hits for hit in one.hits)
        expected = {t.session for t in threads if t.title.startswith("Why did receipts")}
        assert {hit.thread.session for one in hits for hit in one.hits} == expected
    finally:
        await pool.close()


def test_nothing_of_the_real_disk_can_be_reached() -> None:
    """Every method of asyncssh's server that opens or changes a path is the demo's own."""
    harmless = {
        *("channel", "connection", "convert_attrs", "env", "exit", "format_group"),
        *("format_longname", "format_user", "logger", "map_path", "reverse_map_path"),
    }
    real = {name for name in dir(asyncssh.SFTPServer) if not name.startswith("_")}
    assert {name for name in real if name not in vars(DemoFiles)} == harmless
