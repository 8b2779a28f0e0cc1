from __future__ import annotations

from tests.bench import ssh
from tests.bench.lab import open_lab
from tests.bench.options import Options
from tests.bench.report import Report


async def test_the_ssh_bench_measures_three_hosts_of_the_simulator() -> None:
    report = Report()
    options = Options(
        part="ssh",
        hosts=(3,),
        many=0,
        reps=1,
        servers=("sim",),
        only=frozenset({"cold", "warm", "output"}),
        has_peers=False,
    )
    with open_lab() as lab:
        await ssh.run(lab, options, report)
    measured = {finding["key"]: finding["value"] for finding in report.findings}
    assert measured.keys() >= {"cold/3/sim/ours", "warm/3/sim/ours", "output/sim/lines"}
    assert all(value > 0 for value in measured.values())
