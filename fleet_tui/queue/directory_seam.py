"""The few calls to a file system that the queue's protocol is made of.

There are two of them: the local disk (or a network mount), and SFTP. Paths are relative to the
queue's folder. Failures are OSError: FileNotFoundError and FileExistsError mean what they say,
whatever the file system answered at first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_tui.model.task import QueueError


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One name in a folder."""

    name: str
    size: int
    mtime_ns: int
    """By the file system's own clock: to be told from another, never to be taken as an age."""
    is_plain: bool = True
    """False for folders, links, pipes and the like."""


class QueueFolder(Protocol):
    """A folder that holds a queue. None of these follows a link."""

    @property
    def place(self) -> str:
        """Where it is, for people."""

    @property
    def weaknesses(self) -> tuple[str, ...]:
        """What it lacks without making the queue unsafe while it runs; known after `prepare`."""

    @property
    def read_ahead(self) -> int:
        """How many task files may be read to learn their priorities, before one is taken."""

    async def prepare(self, folders: Sequence[str]) -> None:
        """Make the folders, and find out whether the file system has what the promise needs.

        Raises QueueError that says what is lacking.
        """

    async def find(self, folders: Sequence[str]) -> QueueError | None:
        """Find the folders as they are, and change nothing; those that lack count as empty then.

        Returns what `prepare` would refuse it for, as far as that shows. Raises QueueMissing when
        there is no queue.
        """

    async def scan(self, folder: str) -> list[FileEntry]:
        """Return what is in a folder, in no order."""

    async def names(self, folder: str) -> set[str]:
        """Return the names in a folder, without asking what each is."""

    async def stat(self, path: str) -> FileEntry | None:
        """Return one entry, None when nothing is there."""

    async def read(self, path: str, limit: int, *, sync: bool = False) -> bytes:
        """Return up to `limit` bytes of a plain file; with `sync` its name is on disk, too."""

    async def read_many(self, paths: Sequence[str], limit: int) -> list[bytes | None]:
        """Return the beginnings of several files, None for each that cannot be read."""

    async def create(self, path: str, data: bytes, *, durable: bool) -> None:
        """Write a new file; when `durable`, it is on the disk itself on return."""

    async def rename(self, source: str, target: str) -> None:
        """Move a file atomically, over `target` if there is one."""

    async def link(self, source: str, target: str) -> None:
        """Give a file a second name; raises FileExistsError when `target` is there."""

    async def unlink(self, path: str) -> None:
        """Remove a name."""

    async def stamp(self, path: str, mtime: int) -> None:
        """Set the modification time, whole seconds."""

    async def is_same(self, first: str, second: str) -> bool:
        """Tell whether two names are one file; False when either is missing."""

    async def sync_name(self, path: str) -> None:
        """Return when it is on the disk itself that a file has this name."""

    async def close(self) -> None:
        """Let go of what it holds open."""
