"""What the bench is asked to do."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Sequence

Part = Literal["ssh", "screen", "memory", "all"]
ServerKind = Literal["sim", "sshd"]


@dataclass(frozen=True, slots=True)
class Options:
    """One call of the bench."""

    part: Part = "all"
    hosts: tuple[int, ...] = (10, 50, 100)
    """Sizes of the fan-outs."""
    many: int = 1000
    """Hosts of the large fan-out and of the memory of held connections; 0 leaves both out."""
    reps: int = 5
    servers: tuple[ServerKind, ...] = ("sim", "sshd")
    only: frozenset[str] = frozenset()
    """Scenarios to run; empty is all of the part."""
    has_peers: bool = True
    is_durable: bool = False
    """Over sshd, let our runs outlive their connection; the peers' never do."""
    lines: int = 10_000_000
    json: Path | None = None

    def wants(self, scenario: str) -> bool:
        """Return whether `scenario` is to be run."""
        return not self.only or scenario in self.only


def parse(arguments: Sequence[str]) -> Options:
    """Read the command line; exits with usage on a mistake."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench",
        description="Ratios against peers measured in the same interleaved run, beside the goals.",
    )
    parser.add_argument("part", nargs="?", default="all", choices=get_args(Part))
    parser.add_argument("--hosts", default="10,50,100", metavar="N,…", help="sizes of the fan-outs")
    parser.add_argument("--many", type=int, default=1000, metavar="N", help="the large fan-out")
    parser.add_argument("--reps", type=int, default=5, metavar="R")
    parser.add_argument("--server", default="both", choices=("sim", "sshd", "both"))
    parser.add_argument("--only", default="", metavar="A,…", help="scenarios by name")
    parser.add_argument("--no-peers", action="store_true", help="measure ours alone")
    parser.add_argument("--durable", action="store_true", help="our runs over sshd outlive it")
    parser.add_argument("--lines", type=int, default=10_000_000, metavar="N", help="for memory")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every number there")
    given = parser.parse_args(arguments)
    return Options(
        part=given.part,
        hosts=tuple(int(size) for size in given.hosts.split(",") if size),
        many=given.many,
        reps=max(1, given.reps),
        servers=("sim", "sshd") if given.server == "both" else (given.server,),
        only=frozenset(name for name in given.only.split(",") if name),
        has_peers=not given.no_peers,
        is_durable=given.durable,
        lines=given.lines,
        json=given.json,
    )
