"""Git on this machine: one command at a time, bounded, never asking anybody anything."""

from __future__ import annotations

import asyncio
import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_tui.model.errors import FleetError
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

TIMEOUT = 20.0
"""Seconds that one command may take, mostly those that ask the remote."""
QUIET = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "",
    "SSH_ASKPASS": "",
    "GIT_SSH_COMMAND": "ssh -o BatchMode=yes -o ConnectTimeout=8",
    "LC_ALL": "C",
}
_IDENTITY = ("-c", "user.name=fleet-tui", "-c", "user.email=fleet-tui@localhost")
_OURS = (*_IDENTITY, "-c", "commit.gpgsign=false", "-c", "core.hooksPath=/dev/null")


@dataclass(frozen=True, slots=True)
class GitDone:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """What it complained of, one sanitized line."""
        return one_line(self.err.replace("error:", "").replace("fatal:", "") or self.out)


class Git:
    """Runs git in one work tree. Raises FleetError when there is no git, or no answer in time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def is_repository(self) -> bool:
        """True when the folder itself is the top of a work tree."""
        return (self.folder / ".git").exists()

    async def run(
        self,
        *words: str,
        stdin: str = "",
        env: Mapping[str, str] | None = None,
        timeout: float = TIMEOUT,
    ) -> GitDone:
        """Run `git words`; a status other than 0 is the caller's to judge."""
        binary = shutil.which("git")
        if binary is None:
            raise FleetError(
                "git is not installed here", where=str(self.folder), mend="install git"
            )
        environment = {**os.environ, **QUIET, **(env or {})}
        if "GIT_SSH_COMMAND" in os.environ:
            environment["GIT_SSH_COMMAND"] = os.environ["GIT_SSH_COMMAND"]
        process = await asyncio.create_subprocess_exec(
            binary,
            *_OURS,
            *words,
            cwd=self.folder,
            env=environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=os.name == "posix",
        )
        try:
            async with asyncio.timeout(timeout):
                out, err = await process.communicate(stdin.encode())
        except TimeoutError:
            raise FleetError(
                f"git {words[0]} had no answer within {timeout:g} s",
                where=str(self.folder),
                mend="look whether the mirror's remote can be reached",
            ) from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        code = process.returncode
        assert code is not None
        return GitDone(code, out.decode("utf-8", "replace"), err.decode("utf-8", "replace"))

    async def must(self, *words: str, stdin: str = "", env: Mapping[str, str] | None = None) -> str:
        """Run a command that is to succeed; returns its output without the last newline."""
        done = await self.run(*words, stdin=stdin, env=env)
        if done.code != 0:
            raise FleetError(
                f"git {words[0]} failed: {done.said}",
                where=str(self.folder),
                mend="run `fleet-tui mirror status`",
            )
        return done.out.rstrip("\n")
