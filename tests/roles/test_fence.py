"""Whoever acts with an old epoch is refused: by its own gate, by its workers, and by the hosts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fleet_tui.model.errors import Refused
from fleet_tui.model.request import DispatchRequest
from fleet_tui.transport.durable import DurableSpec, launch
from tests.queue.site import ANSWER
from tests.queue.site import site as queue_site
from tests.roles.fleets import opened_at
from tests.roles.site import Site
from tests.support.fakes import prints
from tests.transport.helpers import Sink

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_worker_that_was_outlived_by_a_promotion_takes_no_task(tmp_path: Path) -> None:
    async with queue_site(tmp_path, {"box": prints(ANSWER)}) as here:
        await here.add("Look at the disks.")
        assert here.stage.fleet.standing.heard_of(2)
        await here.work_off()
        assert await here.states() == {"t1": "pending"}
        assert here.logged("claim") == []
        assert here.stage.pool.started == []


async def test_what_it_had_claimed_before_is_refused_at_the_gate(tmp_path: Path) -> None:
    async with queue_site(tmp_path, {"box": prints(ANSWER)}) as here:
        here.stage.fleet.standing.heard_of(2)
        with pytest.raises(Refused, match="newer primary"):
            await here.stage.start(agent="claude", origin="queue")
        (line,) = here.logged("refused")
        assert (line["origin"], line["epoch"]) == ("queue", 1)


async def test_a_worker_of_another_machine_than_the_primary_works_for_itself(
    tmp_path: Path,
) -> None:
    site = Site(tmp_path)
    await site.begin()
    async with opened_at(site, "hs-pc") as fleet:
        now = fleet.clock.time()
        task = DispatchRequest(target="hs-pc", prompt="x", origin="queue")
        assert fleet.standing.may_begin(task, ("hs-pc",), now) == "leads"
        assert fleet.standing.may_begin(task, ("droplet",), now) == "not-primary"
        by_hand = DispatchRequest(target="hs-pc", prompt="x")
        assert fleet.standing.may_begin(by_hand, ("hs-pc",), now) == "not-primary"
        fleet.standing.heard_of(2)
        assert fleet.standing.may_begin(task, ("hs-pc",), now) == "behind"


async def test_a_host_refuses_a_run_of_the_old_epoch_and_keeps_the_highest(tmp_path: Path) -> None:
    site = Site(tmp_path)
    await site.begin()
    pool = site.pool()
    await site.mirrors(pool).call("droplet", "fence", "9")
    connection = await pool.connection("droplet")
    with pytest.raises(Refused, match="the host has seen epoch 9"):
        await launch(connection, DurableSpec("r-1", "touch ~/acted", epoch=8), Sink())
    assert not (site.homes["droplet"] / "acted").exists()
    process = await launch(connection, DurableSpec("r-2", "true", epoch=10), Sink())
    await process.wait()
    assert (await site.mirrors(pool).status("droplet")).seen_epoch == 10
    await pool.close()
