"""The part `ssh`: everything that goes over connections."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.bench import bastion, fanout, first_byte, footprint, lateness, orphans, output, peers

if TYPE_CHECKING:
    from tests.bench.lab import Lab
    from tests.bench.options import Options
    from tests.bench.report import Report


async def run(lab: Lab, options: Options, report: Report) -> None:
    """Run the scenarios that are wanted, one after the other."""
    others = peers.found(say=report.note) if options.has_peers else ()
    await fanout.run(lab, options, others, report)
    await output.run(lab, options, others, report)
    await first_byte.run(lab, options, report)
    await lateness.run(lab, options, report)
    await footprint.run(lab, options, report)
    if "sshd" in options.servers:
        await bastion.run(lab, options, others, report)
        await orphans.run(lab, options, others, report)
