from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fleet_tui.model.errors import Refused, UsageError
from fleet_tui.model.request import DispatchRequest
from fleet_tui.roles.claim import LostRace
from tests.roles.fleets import chain_holds, log_of, opened_at
from tests.roles.pairs import BRANCH, git
from tests.roles.site import Site

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_tui.fleet import Fleet
    from fleet_tui.model.run import Run


@pytest.fixture
async def site(tmp_path: Path) -> Site:
    site = Site(tmp_path)
    await site.begin()
    return site


async def run(fleet: Fleet, target: str, prompt: str) -> tuple[Run, ...]:
    live = await fleet.dispatch(DispatchRequest(target=target, prompt=prompt, agent="shell"))
    return await live.finished


def edit(site: Site, name: str, text: str) -> None:
    (site.agent_home(name) / "CLAUDE.md").write_text(text)


def commit(site: Site, name: str, text: str) -> None:
    edit(site, name, text)
    git(site.agent_home(name), "commit", "--quiet", "-am", text.strip())


async def led_for_a_while(site: Site) -> None:
    """Let cc-pc lead, dispatch, and ship its log."""
    async with opened_at(site, "cc-pc") as fleet:
        await run(fleet, "droplet", "echo hello")
        await fleet.parts.roles.ship()


async def test_a_secondary_goes_on_for_a_primary_that_is_dead(site: Site) -> None:
    await led_for_a_while(site)
    async with opened_at(site, "hs-pc", down={"cc-pc"}) as fleet:
        with pytest.raises(Refused, match="not the fleet's primary"):
            await run(fleet, "droplet", "echo no")
        found = await fleet.parts.roles.preflight("hs-pc")
        assert (found.kind, found.old_primary, found.refusal) == ("failover", "cc-pc", "")
        assert any("cc-pc that were not pushed" in loss for loss in found.losses)
        assert any("after line 2" in loss for loss in found.losses)
        plan = await fleet.parts.roles.promote("hs-pc", "hs-pc")
        assert plan.is_over
        assert (fleet.epoch, fleet.standing.role) == (2, "primary")
        (ended,) = await run(fleet, "droplet", "echo from the new one")
        assert ended.state == "succeeded"
        (line,) = log_of(fleet, "promote")
        events = [each.event for each in log_of(fleet)]
        assert events == ["dispatch", "result", "promote", "dispatch", "result"]
        assert (line.text("last"), line.text("of")) == (line.prev, "cc-pc")
        assert log_of(fleet, "dispatch")[-1].fields["epoch"] == 2
        assert chain_holds(fleet)


async def test_a_planned_switchover_loses_nothing(site: Site) -> None:
    await led_for_a_while(site)
    commit(site, "cc-pc", "not pushed\n")
    edit(site, "cc-pc", "not committed\n")
    async with opened_at(site, "cc-pc") as fleet:
        await run(fleet, "droplet", "echo not shipped")
        before = len(log_of(fleet))
    async with opened_at(site, "hs-pc") as fleet:
        found = await fleet.parts.roles.preflight("hs-pc")
        assert (found.kind, found.losses) == ("switchover", ())
        plan = await fleet.parts.roles.promote("hs-pc", "hs-pc")
        assert plan.notes["confirm"] == "cc-pc has seen epoch 2"
        lines = log_of(fleet)
        assert [line.event for line in lines[before:]] == ["promote", "demote"]
        assert chain_holds(fleet)
        (branch,) = git(site.remote, "branch", "--list", "rescue/*").split()
        assert git(site.remote, "show", f"{branch}:CLAUDE.md") == "not committed"
        assert (site.agent_home("hs-pc") / "CLAUDE.md").read_text() == "not pushed\n"
    async with opened_at(site, "cc-pc") as fleet:
        with pytest.raises(Refused):
            await run(fleet, "droplet", "echo no")
        assert fleet.standing.role == "secondary"


async def test_the_primary_hands_over_and_the_other_goes_on_when_it_opens(site: Site) -> None:
    await led_for_a_while(site)
    async with opened_at(site, "cc-pc") as fleet:
        plan = await fleet.parts.roles.promote("hs-pc", "hs-pc")
        assert plan.left_out == ("office", "runs") or "office" in plan.left_out
        assert log_of(fleet)[-1].event == "demote"
        with pytest.raises(Refused):
            await run(fleet, "droplet", "echo no")
    async with opened_at(site, "hs-pc") as fleet:
        (ended,) = await run(fleet, "droplet", "echo yes")
        assert ended.state == "succeeded"
        events = [line.event for line in log_of(fleet)]
        assert events == ["dispatch", "result", "demote", "promote", "dispatch", "result"]
        assert chain_holds(fleet)


async def test_it_is_undone_by_promoting_back(site: Site) -> None:
    await led_for_a_while(site)
    async with opened_at(site, "hs-pc") as fleet:
        await fleet.parts.roles.promote("hs-pc", "hs-pc")
        await run(fleet, "droplet", "echo meanwhile")
    async with opened_at(site, "cc-pc") as fleet:
        await fleet.parts.roles.promote("cc-pc", "cc-pc")
        assert (fleet.epoch, fleet.standing.role) == (3, "primary")
        assert [line.text("host") for line in log_of(fleet, "promote")] == ["hs-pc", "cc-pc"]
        assert "echo meanwhile" in [line.text("msg") for line in log_of(fleet, "dispatch")]
        assert chain_holds(fleet)


async def test_the_name_must_be_typed_and_who_leads_cannot_be_promoted(site: Site) -> None:
    async with opened_at(site, "hs-pc") as fleet:
        roles = fleet.parts.roles
        with pytest.raises(Refused, match="was not typed"):
            await roles.promote("hs-pc", "yes")
        with pytest.raises(UsageError, match="no host is called"):
            await roles.promote("nobody", "nobody")
        await roles.promote("hs-pc", "hs-pc")
        with pytest.raises(UsageError, match="hs-pc leads already, with epoch 2"):
            await roles.promote("hs-pc", "hs-pc")


async def test_without_a_remote_nobody_is_promoted(site: Site) -> None:
    site.remote.rename(site.folder / "away.git")
    async with opened_at(site, "hs-pc") as fleet:
        found = await fleet.parts.roles.preflight("hs-pc")
        assert "cannot be asked" in found.refusal
        with pytest.raises(UsageError, match="cannot be asked"):
            await fleet.parts.roles.promote("hs-pc", "hs-pc")
        assert fleet.epoch == 1


async def test_whoever_comes_second_is_told_and_the_old_primary_goes_on_for_nobody(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened_at(site, "hs-pc") as first, opened_at(site, "droplet") as second:
        mirrors = second.parts.roles.case.mirrors
        usual = mirrors.statuses

        async def late(hosts: list[str]) -> object:
            """Let the other one win between preflight and claim."""
            views = await usual(hosts)
            await first.parts.roles.promote("hs-pc", "hs-pc")
            return views

        monkeypatch.setattr(mirrors, "statuses", late)
        with pytest.raises(LostRace, match="hs-pc was promoted to epoch 2 first"):
            await second.parts.roles.promote("droplet", "droplet")
        assert second.standing.primary == "hs-pc"
        assert second.standing.role == "secondary"
        assert git(site.remote, "show", f"{BRANCH}:fleet/role.toml").count("hs-pc") == 1


async def test_a_primary_that_runs_meanwhile_acts_no_more_from_that_moment(site: Site) -> None:
    async with opened_at(site, "cc-pc") as old, opened_at(site, "hs-pc") as new:
        await run(old, "droplet", "echo before")
        await new.parts.roles.promote("hs-pc", "hs-pc")
        with pytest.raises(Refused, match="newer primary"):
            await run(old, "droplet", "echo after")
        await old.parts.roles.learn()
        assert old.parts.roles.view().why_observer == "hs-pc leads the fleet with epoch 2"
        with pytest.raises(Refused, match="not the fleet's primary"):
            await run(old, "droplet", "echo after")
