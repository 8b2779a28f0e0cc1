"""Many hosts behind one jump host that keeps OpenSSH's default MaxStartups: how many are lost."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import asyncssh

from tests.bench import ours, peers
from tests.bench.lab import Site

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.bench.lab import Lab
    from tests.bench.options import Options
    from tests.bench.peers import Peer
    from tests.bench.report import Report

DEFAULT_MAX_STARTUPS = "10:30:100"
"""sshd_config(5)."""
BASTION = "bastion"
ANSWER = "reached"


async def run(lab: Lab, options: Options, others: Sequence[Peer], report: Report) -> None:
    """Count the hosts that were not reached."""
    if not options.wants("bastion"):
        return
    count = max(options.hosts)
    report.title(f"{count} hosts through one bastion with MaxStartups {DEFAULT_MAX_STARTUPS}, sshd")
    _, inner = lab.sshd("inner")
    _, bastion = lab.sshd("bastion", {"MaxStartups": DEFAULT_MAX_STARTUPS})
    names = inner.names(count)
    report.number("bastion/lost", "ours", await _ours(lab, inner, bastion, names), "hosts lost")
    if not options.has_peers:
        return
    site = _with_jump(lab, inner, bastion)
    for peer in others:
        if peer.program == "xargs":
            report.note("skipped: xargs ssh (it stops at the first host that ssh cannot reach)")
            continue
        call = peers.make_call(lab, site, names, f"echo {ANSWER}")
        await asyncio.to_thread(peers.run_peer, peer, call, checks=False)
        texts = [path.read_text(errors="replace") for path in call.folder.iterdir()]
        got = sum(line.endswith(ANSWER) for text in texts for line in text.splitlines())
        report.number(f"bastion/{peer.name}", peer.name, count - got, "hosts lost")
    lost = await _asyncssh(site, names)
    report.number("bastion/asyncssh", "asyncssh's ProxyJump", lost, "hosts lost")


async def _ours(lab: Lab, inner: Site, bastion: Site, names: Sequence[str]) -> int:
    known = lab.fresh("known") / "known_hosts"
    known.write_text(inner.known_hosts.read_text() + bastion.known_hosts.read_text())
    hosts = [ours.host_at(inner, name, lab, via=BASTION) for name in names]
    config = ours.fleet_config(lab, inner, (), hosts=[*hosts, ours.host_at(bastion, BASTION, lab)])
    async with ours.open_fleet(replace(config, known_hosts=known)) as fleet:
        runs = await ours.run(fleet, "true", ",".join(names))
        return sum(run.state != "succeeded" for run in runs)


def _with_jump(lab: Lab, inner: Site, bastion: Site) -> Site:
    """Return `inner` as it is reached by clients that read ssh_config."""
    folder = lab.fresh("jump")
    known = folder / "known_hosts"
    known.write_text(inner.known_hosts.read_text() + bastion.known_hosts.read_text())
    text = inner.config.read_text().replace(str(inner.known_hosts), str(known))
    jump = bastion.config.read_text().replace("Host *", f"Host {BASTION}")
    jump = jump.replace(str(bastion.known_hosts), str(known))
    config = folder / "config"
    config.write_text(f"{jump}\n{text.replace('Host *', 'Host sshd*')} ProxyJump {BASTION}\n")
    return Site("sshd", inner.port, inner.user, inner.user_key, known, config, config)


async def _asyncssh(site: Site, names: Sequence[str]) -> int:
    async def one(name: str) -> bool:
        try:
            async with asyncssh.connect(name, config=[str(site.config)], agent_path=None) as held:
                return (await held.run("true")).exit_status == 0
        except (OSError, asyncssh.Error):
            return False

    return sum(not reached for reached in await asyncio.gather(*(one(name) for name in names)))
