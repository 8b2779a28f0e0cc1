"""Becoming primary: one push that succeeds for exactly one machine.

The role file is changed in a commit on top of the remote's newest one, made without touching index
or work tree, and pushed with `--atomic --force-with-lease=<branch>:<that commit>`. Whoever comes
second is refused by the remote, reads the file again, and learns who came first.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fleet_tui.model.errors import FleetError, Refused
from fleet_tui.roles.rolefile import ROLE_PATH, parse, render

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fleet_tui.model.roles_view import RoleRecord
    from fleet_tui.roles.git import Git

ATTEMPTS = 8
"""How often somebody else's commit, not about roles, may come between fetch and push."""
REMOTE = "origin"


class LostRace(Refused):
    """Another machine was promoted first; `winner` says which."""

    def __init__(self, winner: RoleRecord) -> None:
        super().__init__(
            f"{winner.primary} was promoted to epoch {winner.epoch} first, by {winner.by}",
            mend="work from it, or look again and promote from there",
        )
        self.winner = winner


async def read_role(git: Git, branch: str, *, timeout: float = 20.0) -> RoleRecord | None:
    """Ask the remote who leads; None when it has no role file yet.

    Raises FleetError when the remote cannot be asked.
    """
    async with _fetched(git, branch, timeout=timeout) as tip:
        return await _role_at(git, tip)


async def claim(git: Git, branch: str, record: RoleRecord, *, expected_epoch: int) -> str:
    """Make `record` what the remote says; returns the commit that says so.

    `expected_epoch` is what the remote said when all was checked, 0 for nothing. Claiming the
    same plan again finds it done. Raises LostRace, FleetError.
    """
    said = ""
    for _ in range(ATTEMPTS):
        async with _fetched(git, branch) as tip:
            now = await _role_at(git, tip)
            if now is not None and now.plan and now.plan == record.plan:
                return tip
            if (now.epoch if now is not None else 0) != expected_epoch:
                if now is None:
                    raise FleetError(
                        "the role file is gone from the mirror's remote",
                        mend="restore it from the mirror's history",
                    )
                raise LostRace(now)
            commit = await _commit(git, tip, record)
            done = await git.run(
                "push",
                "--quiet",
                "--atomic",
                f"--force-with-lease=refs/heads/{branch}:{tip}",
                REMOTE,
                f"{commit}:refs/heads/{branch}",
            )
            if done.code == 0:
                return commit
            said = done.said
    # a push may have arrived although we did not hear so: the remote is asked one last time
    role = await read_role(git, branch)
    if role is not None and role.plan and role.plan == record.plan:
        return (await git.must("ls-remote", REMOTE, f"refs/heads/{branch}")).split()[0]
    raise FleetError(
        f"the mirror's remote took no push: {said}",
        where=str(git.folder),
        mend="check that this machine may push to it",
    )


@asynccontextmanager
async def _fetched(git: Git, branch: str, *, timeout: float = 20.0) -> AsyncIterator[str]:
    """Yield the remote's newest commit, empty when it has none; held by a ref of its own."""
    ref = f"refs/fleet/{secrets.token_hex(8)}"
    asked = await git.run("ls-remote", REMOTE, f"refs/heads/{branch}", timeout=timeout)
    if asked.code != 0:
        raise FleetError(
            f"the mirror's remote cannot be asked: {asked.said}",
            where=str(git.folder),
            mend="look at `git remote -v` there, and at the network",
        )
    if not asked.out.strip():
        yield ""
        return
    done = await git.run(
        "fetch", "--quiet", "--no-tags", REMOTE, f"+refs/heads/{branch}:{ref}", timeout=timeout
    )
    if done.code != 0:
        raise FleetError(
            f"the mirror's remote cannot be read: {done.said}",
            where=str(git.folder),
            mend="look at `git remote -v` there, and at the network",
        )
    try:
        yield await git.must("rev-parse", "--verify", ref)
    finally:
        await git.run("update-ref", "-d", ref)


async def _role_at(git: Git, commit: str) -> RoleRecord | None:
    if not commit:
        return None
    found = await git.run("cat-file", "blob", f"{commit}:{ROLE_PATH}")
    return parse(found.out, where=f"{git.folder}: {ROLE_PATH}") if found.code == 0 else None


async def _commit(git: Git, tip: str, record: RoleRecord) -> str:
    """Return a commit on top of `tip` that says `record`; index and work tree stay as they are."""
    common = await git.must("rev-parse", "--absolute-git-dir")
    index = {"GIT_INDEX_FILE": os.path.join(common, f"fleet-index-{secrets.token_hex(8)}")}
    blob = await git.must("hash-object", "-w", "--stdin", stdin=render(record))
    try:
        await git.must("read-tree", tip or "--empty", env=index)
        entry = f"100644,{blob},{ROLE_PATH}"
        await git.must("update-index", "--add", "--cacheinfo", entry, env=index)
        tree = await git.must("write-tree", env=index)
    finally:
        for name in (index["GIT_INDEX_FILE"], index["GIT_INDEX_FILE"] + ".lock"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name)
    parents = ("-p", tip) if tip else ()
    message = f"Promote {record.primary} to epoch {record.epoch}\n"
    return await git.must("commit-tree", tree, *parents, stdin=message)
