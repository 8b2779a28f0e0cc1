"""Pairs of machines that promote themselves at the same moment, with real git."""

from __future__ import annotations

import asyncio
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_tui.model.roles_view import RoleRecord
from fleet_tui.roles.claim import LostRace, claim, read_role
from fleet_tui.roles.git import Git
from tests.support.parts import require

if TYPE_CHECKING:
    from pathlib import Path

BRANCH = "main"


@dataclass(frozen=True, slots=True)
class PairResult:
    """How one pair ended."""

    winners: tuple[str, ...]
    told: tuple[str, ...]
    """Whom each loser was told to have won."""
    remote: str
    """Who the remote says leads."""

    @property
    def is_right(self) -> bool:
        """True for exactly one winner, whom the loser and the remote name."""
        return len(self.winners) == 1 == len(self.told) and set(self.winners) == {
            *self.told,
            self.remote,
        }


def git(folder: Path, *words: str) -> str:
    """Run git as a person would; returns its output."""
    command = [require("git"), "-c", "user.name=op", "-c", "user.email=op@localhost", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def mirrors(folder: Path, *names: str) -> dict[str, Path]:
    """Make a bare remote with one commit, and a clone of it for each name."""
    bare, first = folder / "remote.git", folder / names[0]
    bare.mkdir(parents=True)
    git(bare, "init", "--quiet", "--bare", "-b", BRANCH)
    for name in names:
        place = folder / name
        place.mkdir(parents=True)
        git(place, "init", "--quiet", "-b", BRANCH)
        git(place, "remote", "add", "origin", str(bare))
    (first / "CLAUDE.md").write_text("# Notes\n")
    git(first, "add", "CLAUDE.md")
    git(first, "commit", "--quiet", "-m", "Begin")
    git(first, "push", "--quiet", "-u", "origin", BRANCH)
    for name in names[1:]:
        git(folder / name, "pull", "--quiet", "origin", BRANCH)
        git(folder / name, "branch", "--quiet", f"--set-upstream-to=origin/{BRANCH}")
    return {name: folder / name for name in names}


async def play_pair(clones: dict[str, Path], epoch: int) -> PairResult:
    """Let every clone claim the epoch after `epoch` at once."""

    async def one(name: str) -> str:
        record = RoleRecord(name, epoch + 1, "2026-11-21T12:00:00+00:00", "op", f"{name}-{epoch}")
        try:
            await claim(Git(clones[name]), BRANCH, record, expected_epoch=epoch)
        except LostRace as lost:
            return lost.winner.primary
        return ""

    told = dict(zip(clones, await asyncio.gather(*map(one, clones)), strict=True))
    role = await read_role(Git(next(iter(clones.values()))), BRANCH)
    return PairResult(
        winners=tuple(name for name, by in told.items() if not by),
        told=tuple(by for by in told.values() if by),
        remote=role.primary if role else "",
    )
