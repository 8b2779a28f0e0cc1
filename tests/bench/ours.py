"""Our side: a real fleet with log and spool on, asked through `Fleet.dispatch`."""

from __future__ import annotations

import contextlib
import gc
from typing import TYPE_CHECKING

from fleet_tui.fleet import Fleet
from fleet_tui.model.config import Defaults, FleetConfig
from fleet_tui.model.host import Host
from fleet_tui.model.request import DispatchRequest
from tests.bench.measure import Sample, own_time
from tests.support.sshd import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from fleet_tui.model.run import Run
    from tests.bench.lab import Lab, Site


def fleet_config(
    lab: Lab, site: Site, names: Sequence[str], *, hosts: Sequence[Host] = ()
) -> FleetConfig:
    """Return a fleet of these names, all of them at `site`, in a scratch folder of its own."""
    folder = lab.fresh("fleet")
    (folder / "ssh_config").write_text("")
    listed = tuple(host_at(site, name, lab) for name in names)
    return FleetConfig(
        name="bench",
        hosts=(*listed, *hosts),
        defaults=Defaults(agent="shell", mode="unrestricted", timeout=600.0),
        agent_home=folder / "home",
        log=folder / "fleet.log",
        data_dir=folder / "state",
        ssh_config=folder / "ssh_config",
        known_hosts=site.known_hosts,
    )


def host_at(site: Site, name: str, lab: Lab, *, via: str | None = None) -> Host:
    """Return a host that `site` plays."""
    return Host(
        name,
        address=LOOPBACK,
        port=site.port,
        user=site.user,
        key=str(site.user_key),
        via=via,
        durable=lab.is_durable and site.kind == "sshd",
    )


@contextlib.asynccontextmanager
async def open_fleet(config: FleetConfig) -> AsyncIterator[Fleet]:
    """Yield an open fleet that has connected to nothing yet."""
    fleet = Fleet(config)
    await fleet.open()
    try:
        gc.collect()
        gc.freeze()  # as the core's thread does once it runs
        yield fleet
    finally:
        await fleet.close()
        gc.unfreeze()


async def run(fleet: Fleet, prompt: str, target: str = "all") -> tuple[Run, ...]:
    """Dispatch a command and return its runs when all have ended."""
    live = await fleet.dispatch(DispatchRequest(target=target, prompt=prompt, agent="shell"))
    return await live.finished


async def timed(fleet: Fleet, prompt: str, target: str = "all") -> tuple[Sample, tuple[Run, ...]]:
    """Do the same with the time it took; raises when a host did not succeed."""
    with own_time() as sample:
        runs = await run(fleet, prompt, target)
    require_success(runs)
    return sample, runs


def require_success(runs: Sequence[Run]) -> None:
    """Raise when a run did not end with status 0."""
    bad = [run for run in runs if run.state != "succeeded" or run.exit_status != 0]
    if bad or not runs:
        first = f"{bad[0].host}: {bad[0].state} {bad[0].reason}" if bad else "no runs"
        raise RuntimeError(f"{len(bad)} of {len(runs)} runs did not succeed: {first}")
