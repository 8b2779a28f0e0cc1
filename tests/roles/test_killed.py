"""A promotion that is killed at each of its steps: one command ends it, or takes it back."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from fleet_tui.model.errors import Refused
from fleet_tui.model.request import DispatchRequest
from fleet_tui.roles.plan import STEPS
from fleet_tui.roles.rolefile import parse
from tests.roles.fleets import chain_holds, log_of, opened_at
from tests.roles.pairs import BRANCH, git
from tests.roles.site import Site
from tests.support.program import CHECKOUT

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_tui.fleet import Fleet


@pytest.fixture
async def site(tmp_path: Path) -> Site:
    site = Site(tmp_path)
    await site.begin()
    async with opened_at(site, "cc-pc") as fleet:
        await dispatch(fleet)
        await fleet.parts.roles.ship()
    return site


async def dispatch(fleet: Fleet) -> None:
    live = await fleet.dispatch(DispatchRequest(target="droplet", prompt="true", agent="shell"))
    (run,) = await live.finished
    assert run.state == "succeeded"


def killed(site: Site, step: str, when: str, *, here: str = "hs-pc") -> None:
    command = [sys.executable, "-m", "tests.roles.promoting", str(site.folder), here, "hs-pc"]
    done = subprocess.run([*command, step, when], cwd=CHECKOUT, capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr


def remote_says(site: Site) -> tuple[str, int]:
    try:
        role = parse(git(site.remote, "show", f"{BRANCH}:fleet/role.toml"))
    except AssertionError:
        return "cc-pc", 1
    return role.primary, role.epoch


async def leaders(site: Site) -> list[str]:
    """Return which machines begin a run."""
    found = []
    for name in ("cc-pc", "hs-pc"):
        async with opened_at(site, name) as fleet:
            try:
                await dispatch(fleet)
            except Refused:
                continue
            found.append(name)
            assert chain_holds(fleet)
    return found


CUTS = [(step, when) for step in STEPS for when in ("before", "after")]


@pytest.mark.parametrize(("step", "when"), CUTS)
async def test_the_same_command_again_ends_it(site: Site, step: str, when: str) -> None:
    killed(site, step, when)
    async with opened_at(site, "hs-pc") as fleet:
        plan = await fleet.parts.roles.promote("hs-pc", "hs-pc")
        assert plan.is_over
        assert len(log_of(fleet, "promote")) == 1
    assert remote_says(site) == ("hs-pc", 2)
    assert await leaders(site) == ["hs-pc"]


@pytest.mark.parametrize(("step", "when"), CUTS)
async def test_until_then_never_two_lead(site: Site, step: str, when: str) -> None:
    killed(site, step, when)
    primary, _ = remote_says(site)
    assert primary == ("cc-pc" if (step, when) in CUTS[:5] else "hs-pc")
    found = await leaders(site)
    # whoever is held waits for the promotion, for two minutes at most
    assert found in ([primary], [])
    if not found:
        (site.homes["cc-pc"] / ".local/state/fleet-tui/hold").write_text("p-1 1")
        assert await leaders(site) == [primary]


@pytest.mark.parametrize("step", ["claim", "log", "fence", "confirm"])
async def test_so_it_is_when_the_primary_hands_over(site: Site, step: str) -> None:
    killed(site, step, "after", here="cc-pc")
    async with opened_at(site, "cc-pc") as fleet:
        assert (await fleet.parts.roles.promote("hs-pc", "hs-pc")).is_over
    assert remote_says(site) == ("hs-pc", 2)
    assert await leaders(site) == ["hs-pc"]
