"""The old primary comes back, with all that it had when it died."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from fleet_tui.model.errors import Refused
from fleet_tui.model.events import NoticeRaised
from fleet_tui.model.request import DispatchRequest
from fleet_tui.transport.durable_inventory import inventory
from tests.roles.fleets import chain_holds, log_of, opened_at
from tests.roles.pairs import git
from tests.roles.site import Site
from tests.support.program import CHECKOUT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from fleet_tui.model.events import Event

DYING = """
import asyncio, os, signal, sys
from pathlib import Path
from fleet_tui.model.events import OutputArrived
from fleet_tui.model.request import DispatchRequest
from tests.roles.fleets import opened_at
from tests.roles.site import Site

async def main():
    async with opened_at(Site.at(Path(sys.argv[1])), "cc-pc") as fleet:
        begun = asyncio.Event()
        fleet.bus.subscribe(lambda e: begun.set() if isinstance(e, OutputArrived) else None)
        prompt = "echo begun; while [ ! -e ~/go ]; do sleep 0.1; done; echo ended"
        await fleet.dispatch(DispatchRequest(target="droplet", prompt=prompt, agent="shell"))
        await begun.wait()
        await fleet.parts.roles.ship()
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""
"""A primary that dies while a run of its goes on."""


def let_the_primary_die(site: Site) -> None:
    command = [sys.executable, "-c", DYING, str(site.folder)]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    site = Site(tmp_path)
    await site.begin()
    let_the_primary_die(site)
    home = site.agent_home("cc-pc")
    (home / "CLAUDE.md").write_text("committed, not pushed\n")
    git(home, "commit", "--quiet", "-am", "Not pushed")
    (home / "CLAUDE.md").write_text("edited, not committed\n")
    (home / "new.md").write_text("not even added\n")
    yield site
    (site.homes["droplet"] / "go").touch()  # so that the run of the dead one ends


async def test_it_refuses_to_act_and_all_it_had_is_safe_and_shown(site: Site) -> None:
    async with opened_at(site, "hs-pc", down={"cc-pc"}) as fleet:
        plan = await fleet.parts.roles.promote("hs-pc", "hs-pc")
        assert plan.notes["runs"].startswith("1 followed")
        (open_run,) = [item.run for item in fleet.store.open_runs()]
        assert open_run.host == "droplet"

    async with opened_at(site, "cc-pc") as old:
        told: list[Event] = []
        old.bus.subscribe(told.append)
        with pytest.raises(Refused, match="not the fleet's primary"):
            await old.dispatch(DispatchRequest(target="droplet", prompt="true", agent="shell"))
        view = old.parts.roles.view()
        assert view.why_observer == "hs-pc leads the fleet with epoch 2"
        assert "promote cc-pc" in view.mend
        (branch,) = old.standing.known.rescued
        assert f"rescued: {branch}" in view.notes
        assert any("1 run begun here goes on (droplet): hs-pc follows" in n for n in view.notes)
        notices = [event.notice.event for event in told if isinstance(event, NoticeRaised)]
        assert {"demoted", "rescued"} <= set(notices)
        assert await old.recovery.find_left_open() == 0
        await old.parts.roles.learn()
        assert len(old.standing.known.rescued) == 1

    home = site.agent_home("cc-pc")
    assert git(site.remote, "show", f"{branch}:CLAUDE.md") == "edited, not committed"
    assert git(site.remote, "show", f"{branch}:new.md") == "not even added"
    assert git(site.remote, "show", f"{branch}~1:CLAUDE.md") == "committed, not pushed"
    assert (home / "CLAUDE.md").read_text() == "edited, not committed\n"


async def test_the_new_primary_follows_its_run_to_the_end(site: Site) -> None:
    async with opened_at(site, "hs-pc", down={"cc-pc"}) as fleet:
        await fleet.parts.roles.promote("hs-pc", "hs-pc")
    async with opened_at(site, "hs-pc", down={"cc-pc"}) as fleet:
        assert await fleet.recovery.find_left_open() == 1
        (run,) = [item.run for item in fleet.store.open_runs()]
        (site.homes["droplet"] / "go").touch()
        connection = await fleet.pool.connection("droplet")
        (remote,) = await inventory(connection)
        assert remote.run == run.id
        live = fleet.live(run.dispatch)
        assert live is not None
        (ended,) = await live.finished
        assert ended.state == "succeeded"
        lines = [line.text for line in fleet.archive.lines(run.id).read(0, 10)]
        assert lines == ["begun", "ended"]
        assert [line.event for line in log_of(fleet)][-1] == "result"
        assert chain_holds(fleet)


async def test_a_host_that_has_heard_refuses_it_even_when_the_remote_is_not_reached(
    site: Site,
) -> None:
    async with opened_at(site, "hs-pc", down={"cc-pc"}) as fleet:
        await fleet.parts.roles.promote("hs-pc", "hs-pc")
    site.remote.rename(site.folder / "away.git")
    async with opened_at(site, "cc-pc") as old:
        told: list[Event] = []
        old.bus.subscribe(told.append)
        live = await old.dispatch(
            DispatchRequest(target="droplet", prompt="touch ~/acted", agent="shell")
        )
        (run,) = await live.finished
        assert (run.state, run.outcome) == ("failed", "refused")
        assert "epoch 2" in run.reason
        assert not (site.homes["droplet"] / "acted").exists()
        assert any("not known whether cc-pc still leads" in n for n in old.parts.roles.view().notes)
        assert log_of(old, "result")[-1].text("outcome") == "refused"
        with pytest.raises(Refused, match="newer primary"):
            await old.dispatch(DispatchRequest(target="cc-pc", prompt="true", agent="shell"))
    async with opened_at(site, "cc-pc") as old:
        with pytest.raises(Refused, match="newer primary"):
            await old.dispatch(DispatchRequest(target="cc-pc", prompt="true", agent="shell"))


async def test_promoted_back_it_follows_its_own_run_again(site: Site) -> None:
    async with opened_at(site, "hs-pc", down={"cc-pc"}) as fleet:
        await fleet.parts.roles.promote("hs-pc", "hs-pc")
    git(site.agent_home("cc-pc"), "reset", "--quiet", "--hard", "origin/main")
    async with opened_at(site, "cc-pc") as old:
        await old.parts.roles.learn()
        plan = await old.parts.roles.promote("cc-pc", "cc-pc")
        assert plan.notes["runs"] == "1 followed"
        (run,) = [item.run for item in old.store.open_runs()]
        (site.homes["droplet"] / "go").touch()
        live = old.live(run.dispatch)
        assert live is not None
        (ended,) = await live.finished
        assert ended.state == "succeeded"
        assert chain_holds(old)
