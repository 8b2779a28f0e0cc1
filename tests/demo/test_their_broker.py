"""The demo's host with a claude-peers broker of its own is bridged, and its session answers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fleet_tui.demo import DemoFleet
from fleet_tui.demo.peers_stage import host_with_a_broker
from fleet_tui.demo.spec import HostSpec
from fleet_tui.fleet import Fleet
from fleet_tui.model.peer import OPERATOR
from tests.peers.test_bridge import until

if TYPE_CHECKING:
    from fleet_tui.model.peer import Message, Peer


async def test_its_session_is_listed_written_to_and_answers() -> None:
    with await asyncio.to_thread(DemoFleet.start, speed=0) as demo:
        await asyncio.to_thread(demo.wait_ready)
        fleet = Fleet(demo.config)
        await fleet.open()
        try:
            fleet.pool.keep([host.name for host in demo.config.hosts])
            service = fleet.parts.peers
            await service.start()

            async def bridged() -> Peer | None:
                found = [peer for peer in service.store.peers() if peer.source == "bridge"]
                return found[0] if found else None

            async def others() -> bool | None:
                return "web01" in service.doors.reached or None

            peer = await until(bridged)
            assert (peer.host, peer.kind) == ("cloud-agent", "client")
            assert "nightly reports" in peer.summary
            await until(others)
            assert "cloud-agent" not in service.doors.reached
            assert "bridged to the own broker of cloud-agent" in service.view().broker
            sent = await service.post.send(OPERATOR, peer.name, "are the reports done?")

            async def answered() -> Message | None:
                found = service.store.messages("sender = ?", peer.name)
                return found[0] if found else None

            answer = await until(answered)
            assert answer.text.startswith("DONE: the reports of cloud-agent")
            assert (answer.recipient, answer.reply_to) == (OPERATOR, sent.id)
            asked = service.store.message(sent.id)
            assert asked is not None
            assert (asked.rung, asked.route) == ("replied", "bridge")
        finally:
            await fleet.close()


def test_a_fleet_without_a_plain_host_has_no_such_broker() -> None:
    specs = [HostSpec("pc"), HostSpec("nas1", kind="nas"), HostSpec("web02", is_odd=True)]
    assert host_with_a_broker(specs, None) == ""
    assert host_with_a_broker([*specs, HostSpec("web03")], "web03") == ""
    assert host_with_a_broker([*specs, HostSpec("web03")], None) == "web03"
