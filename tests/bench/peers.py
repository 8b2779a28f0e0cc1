"""The others: programs that run a command on many hosts through OpenSSH's `ssh`."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.bench.measure import Sample, child_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from tests.bench.lab import Lab, Site

MOST_AT_ONCE = 200
"""Processes a peer may have at once; more only make it slower on two cores."""


@dataclass(frozen=True, slots=True)
class Call:
    """What a peer is to do."""

    command: str
    hosts: Path
    """A file with a host name a line."""
    config: Path
    fanout: int
    folder: Path
    """Where it may leave output."""


@dataclass(frozen=True, slots=True)
class Peer:
    """One such program. Each must end with a status that is not 0 when a host failed."""

    name: str
    program: str
    arguments: Callable[[Call], list[str]]
    environment: Callable[[Call], Mapping[str, str]] = lambda call: {}


def _clush(call: Call) -> list[str]:
    fan = str(call.fanout)
    hosts, options = str(call.hosts), f"-F {call.config}"
    return ["clush", "-q", "-S", "-f", fan, "--hostfile", hosts, "-o", options, call.command]


def _pdsh(call: Call) -> list[str]:
    return ["pdsh", "-S", "-R", "ssh", "-f", str(call.fanout), "-w", f"^{call.hosts}", call.command]


def _xargs(call: Call) -> list[str]:
    head = ["xargs", "-a", str(call.hosts), "-P", str(call.fanout), "-I{}"]
    return [*head, "ssh", "-F", str(call.config), "{}", call.command]


def _pssh(call: Call) -> list[str]:
    head = ["parallel-ssh", "-h", str(call.hosts), "-p", str(call.fanout), "-t", "0"]
    return [*head, "-o", str(call.folder), "-x", f"-F {call.config}", call.command]


PEERS = (
    Peer("clush", "clush", _clush),
    Peer("pdsh", "pdsh", _pdsh, lambda call: {"PDSH_SSH_ARGS": f"-F {call.config} %h"}),
    Peer("xargs ssh", "xargs", _xargs),
    Peer("parallel-ssh", "parallel-ssh", _pssh),
)


def found(*, say: Callable[[str], None]) -> tuple[Peer, ...]:
    """Return the peers that this machine has; the others are named through `say`."""
    if shutil.which("ssh") is None:
        say("skipped: every peer (ssh is not installed)")
        return ()
    for peer in PEERS:
        if shutil.which(peer.program) is None:
            say(f"skipped: {peer.name} (not installed)")
    return tuple(peer for peer in PEERS if shutil.which(peer.program))


def make_call(
    lab: Lab, site: Site, names: Sequence[str], command: str, *, is_shared: bool = False
) -> Call:
    """Return a call for these hosts; `is_shared` goes through ControlMaster sockets."""
    folder = lab.fresh("peer")
    hosts = folder / "hosts"
    hosts.write_text("".join(f"{name}\n" for name in names))
    config = site.config_shared if is_shared else site.config
    output = folder / "output"
    output.mkdir()
    return Call(command, hosts, config, min(len(names), MOST_AT_ONCE), output)


def run_peer(peer: Peer, call: Call, *, lines: int | None = None, checks: bool = True) -> Sample:
    """Run it to its end; raises when it reports a failure or gave another number of lines."""
    stdout = call.folder / "stdout"
    environment = {**os.environ, **peer.environment(call)}
    with stdout.open("wb") as out, child_time() as sample:
        status = subprocess.run(
            peer.arguments(call), stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environment
        ).returncode
    try:
        if checks and status:
            tail = stdout.read_bytes()[-300:].decode(errors="replace")
            raise RuntimeError(f"{peer.name} ended with {status}: {tail}")
        if lines is not None and (got := count_lines(peer, call)) != lines:
            raise RuntimeError(f"{peer.name} gave {got} lines instead of {lines}")
    finally:
        if checks:
            for path in call.folder.iterdir():
                path.unlink()
    return sample


def count_lines(peer: Peer, call: Call) -> int:
    """Return how many lines of the hosts the peer passed on."""
    files = list(call.folder.iterdir())
    if peer.program == "parallel-ssh":
        files = [path for path in files if path.name != "stdout"]
    return sum(_newlines(path) for path in files)


def _newlines(path: Path) -> int:
    with path.open("rb") as stream:
        return sum(block.count(b"\n") for block in iter(lambda: stream.read(1 << 20), b""))


@contextlib.contextmanager
def masters(site: Site, call: Call) -> Iterator[None]:
    """Hold a ControlMaster open for every host of `call`."""
    ssh = ["ssh", "-F", str(site.config_shared)]
    head = ["xargs", "-a", str(call.hosts), "-P", "25", "-I{}"]
    subprocess.run([*head, *ssh, "-Nf", "-M", "{}"], check=True, stdin=subprocess.DEVNULL)
    try:
        yield
    finally:
        subprocess.run([*head, *ssh, "-O", "exit", "{}"], check=False, capture_output=True)
