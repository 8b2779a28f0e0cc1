"""The demo's cloud is the stand-in on loopback, with a key that opens nothing else."""

from __future__ import annotations

from urllib.parse import urlsplit

from fleet_tui.demo import DemoFleet
from fleet_tui.fleet import Fleet


async def test_a_session_runs_in_the_demos_cloud() -> None:
    demo = DemoFleet.start(4, 0.0)
    try:
        demo.wait_ready()
        fleet = Fleet(demo.config)
        await fleet.open()
        try:
            agents = fleet.parts.managed
            assert urlsplit(agents.settings.base_url).hostname == "127.0.0.1"
            assert agents.problem() == ""
            session = await agents.orders.start("audit the packages")
            follower = agents.follow(session)
            while not (follower.story.is_at_rest and agents.named(session.id).state == "idle"):
                await follower.changed()
            assert agents.named(session.id).cost_usd == 0.07
        finally:
            await fleet.close()
    finally:
        demo.close()
