"""Scenarios that need a process of their own: `python -m tests.bench.child SCENARIO JSON`.

The last line of standard output is the answer, as JSON.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.bench.lab import Lab, Site
from tests.bench.measure import pss_kb

if TYPE_CHECKING:
    from collections.abc import Sequence

BEGIN_MARK, END_MARK = "/fleet-bench/begin", "/fleet-bench/end"
"""Paths that are looked for around what is traced, so that a system call trace shows it."""
FEW = 20
ROOT = Path(__file__).resolve().parents[2]


def command(scenario: str, lab: Lab, site: Site, count: int) -> list[str]:
    """Return the command line of a child for `count` hosts at `site`."""
    fields = {key: str(value) for key, value in asdict(site).items()}
    given = json.dumps({"folder": str(lab.fresh("child")), "site": fields, "count": count})
    return [sys.executable, "-m", "tests.bench.child", scenario, given]


def call(arguments: Sequence[str]) -> Any:
    """Run a child and return its answer."""
    done = subprocess.run(
        arguments, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def _site(fields: dict[str, str]) -> Site:
    paths = ("user_key", "known_hosts", "config", "config_shared")
    return Site(
        kind="sim" if fields["kind"] == "sim" else "sshd",
        port=int(fields["port"]),
        user=fields["user"],
        **{name: Path(fields[name]) for name in paths},
    )


async def held(lab: Lab, site: Site, count: int) -> float:
    """Return the KB that each further connection takes once its `true` has been run."""
    from tests.bench import ours

    names = site.names(count + FEW)
    async with ours.open_fleet(ours.fleet_config(lab, site, names)) as fleet:
        gc.unfreeze()
        for _ in range(3):
            ours.require_success(await ours.run(fleet, "true", ",".join(names[:FEW])))
        gc.collect()
        before = pss_kb()
        ours.require_success(await ours.run(fleet, "true", "all"))
        gc.collect()
        return (pss_kb() - before) / count


async def traced(lab: Lab, site: Site, count: int) -> int:
    """Make a warm dispatch between two marks; returns what the log itself counted."""
    from tests.bench import ours

    async with ours.open_fleet(ours.fleet_config(lab, site, site.names(count))) as fleet:
        ours.require_success(await ours.run(fleet, "true"))
        before = fleet.log.fsyncs
        os.access(BEGIN_MARK, os.F_OK)
        ours.require_success(await ours.run(fleet, "true"))
        os.access(END_MARK, os.F_OK)
        return fleet.log.fsyncs - before


def main() -> None:
    """Run one scenario."""
    scenario, given = sys.argv[1], json.loads(sys.argv[2])
    chosen = {"held": held, "traced": traced}[scenario]
    lab = Lab(Path(given["folder"]))
    answer = asyncio.run(chosen(lab, _site(given["site"]), given["count"]))
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
