"""The mirrors of the fleet: each host's agent home as a git repository, looked after over SSH."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fleet_tui.model.errors import FleetError, Unreachable
from fleet_tui.model.roles_view import MirrorView
from fleet_tui.model.text import one_line, sanitize
from fleet_tui.roles.ignore import IGNORE, SWOLLEN_BYTES
from fleet_tui.roles.mirror_script import program_line
from fleet_tui.transport.durable_control import new_mark

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from fleet_tui.model.clock import Clock
    from fleet_tui.model.config import FleetConfig
    from fleet_tui.model.roles_view import MirrorState
    from fleet_tui.roles.settings import MirrorSettings
    from fleet_tui.transport.base import Connector

ANSWER_WITHIN = 30.0
"""Seconds that a host may take, its question to the remote included."""
LONGEST_ANSWER = 64 << 20
_STATES: dict[str, MirrorState] = {
    "ok": "ok", "no-git": "no-git", "absent": "absent", "no-mirror": "no-mirror",
}  # fmt: skip
_WHY = {
    "no-git": "git is not installed there",
    "absent": "there is no agent home there",
    "no-mirror": "the agent home there is no mirror",
}
NO_SHELL = "a mirror needs a POSIX shell on the host; this one has PowerShell"


class MirrorFailed(FleetError):
    """A mirror said no; nothing of it was changed beyond what the sentence says."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The lines of one program, by their first word; every text is sanitized."""

    lines: Mapping[str, tuple[str, ...]]

    def one(self, key: str) -> str:
        """Return the last text under a word; empty when there is none."""
        return self.lines[key][-1] if key in self.lines else ""

    def has(self, key: str) -> bool:
        """Tell whether a word was said."""
        return key in self.lines

    def number(self, key: str, place: int = 0) -> int | None:
        """Return a number under a word."""
        words = self.one(key).split()
        return int(words[place]) if len(words) > place and words[place].isdecimal() else None


@dataclass(frozen=True, slots=True)
class Edits:
    """What a mirror has that the fleet has not."""

    host: str
    unpushed: tuple[str, ...]
    """Commits, newest first: short id and title."""
    diff: tuple[str, ...]
    """Uncommitted edits as a unified diff, at most 200 kB."""

    @property
    def are_none(self) -> bool:
        """True when there is nothing."""
        return not self.unpushed and not any(line.strip() for line in self.diff)


@dataclass(frozen=True, slots=True)
class Setup:
    """What setting a mirror up did."""

    host: str
    commit: str
    was_there: bool
    kept: str = ""
    """Folder on the host that holds a copy of what was there; empty when nothing was."""
    replaced: tuple[str, ...] = ()
    """Files that differed and now are as in the mirror; the copy has them as they were."""


class Mirrors:
    """Runs the programs of `mirror_script` on hosts. Methods raise Unreachable and MirrorFailed."""

    def __init__(
        self, config: FleetConfig, settings: MirrorSettings, connector: Connector, clock: Clock
    ) -> None:
        self._config = config
        self.settings = settings
        self._connector = connector
        self._clock = clock

    async def call(self, host: str, program: str, *args: str, stdin: bytes = b"") -> Answer:
        """Run one program on a host; raises Unreachable, MirrorFailed with what it said."""
        answer = _read(await self.raw(host, program, *args, stdin=stdin))
        if answer.has("failed"):
            raise MirrorFailed(answer.one("failed"), where=host, mend=_mend(host))
        state = answer.one("state")
        if program != "status" and state in _WHY:
            raise MirrorFailed(_WHY[state], where=host, mend=f"`fleet-tui mirror setup {host}`")
        return answer

    async def raw(self, host: str, program: str, *args: str, stdin: bytes = b"") -> bytes:
        """Run one program on a host; returns all it printed. Raises Unreachable, MirrorFailed."""
        if self._config.host(host).shell != "posix":
            raise MirrorFailed(NO_SHELL, where=host, mend="use git there by hand")
        connection = await self._connector.connection(host)
        settings, mark = self.settings, new_mark()
        line = program_line(program, mark, settings.folder, settings.branch, host, *args)
        try:
            done = await connection.run(
                line, stdin=stdin or None, timeout=ANSWER_WITHIN, limit=LONGEST_ANSWER
            )
        except TimeoutError:
            raise MirrorFailed(
                f"no answer within {ANSWER_WITHIN:g} s",
                where=host,
                mend="look whether the host can reach the mirror's remote",
            ) from None
        if done.status.is_lost:
            raise Unreachable(done.status.reason or "contact was lost", host=host, fault="lost")
        _, found, printed = done.stdout.partition(f"{mark}\n".encode())
        if not found:
            said = one_line(done.stderr.decode("utf-8", "replace")) or "nothing"
            raise MirrorFailed(f"it did not answer; it said: {said}", where=host)
        return printed

    async def status(self, host: str, *, ask_remote: bool = True) -> MirrorView:
        """Return how a host's mirror stands; never raises, what is wrong is in the answer."""
        before = self._clock.time()
        if self._config.host(host).shell != "posix":
            return MirrorView(host, "unsupported", NO_SHELL, asked_at=before)
        try:
            answer = await self.call(host, "status", "ask" if ask_remote else "-")
        except Unreachable as error:
            return MirrorView(host, "unreachable", str(error), asked_at=before)
        except FleetError as error:
            return MirrorView(host, "failed", str(error), asked_at=before)
        now = self._clock.time()
        return _view(host, answer, (before + now) / 2)

    async def statuses(
        self, hosts: Iterable[str], *, ask_remote: bool = True
    ) -> dict[str, MirrorView]:
        """Return how several mirrors stand, asked at once."""
        names = list(hosts)
        found = await asyncio.gather(*(self.status(name, ask_remote=ask_remote) for name in names))
        return dict(zip(names, found, strict=True))

    async def setup(self, host: str, remote: str, stamp: str, *, may_begin: bool) -> Setup:
        """Make a host's agent home a mirror, keeping a copy of what was there.

        Into an empty remote goes what is there, where `may_begin`: only the primary writes.
        """
        ignore = IGNORE.encode()
        answer = await self.call(host, "setup", remote, stamp, stdin=ignore)
        if answer.has("empty"):
            if not may_begin:
                raise MirrorFailed(
                    "the mirror's remote is empty, and only the primary fills it",
                    where=host,
                    mend="set up the primary first",
                )
            answer = Answer(
                {**answer.lines, **(await self.call(host, "begin", stdin=ignore)).lines}
            )
        _done(answer, host)
        return Setup(
            host,
            answer.one("done"),
            answer.has("already"),
            answer.one("kept"),
            answer.lines.get("replaced", ()),
        )

    async def pull(self, host: str) -> str:
        """Bring a mirror up to date, by fast-forward only; returns its commit."""
        return _done(await self.call(host, "pull"), host)

    async def edits(self, host: str) -> Edits:
        """Return what a mirror has that the fleet has not."""
        answer = await self.call(host, "diff")
        _done(answer, host)
        return Edits(host, answer.lines.get("unpushed", ()), answer.lines.get("diff", ()))

    async def keep(self, host: str, branch: str, known: str = "") -> tuple[str, str]:
        """Push what only this mirror has to `branch`, and change nothing there.

        Returns the commit that holds it all and a word to give as `known` next time; two empty
        texts when there is nothing, or nothing new.
        """
        answer = await self.call(host, "keep", branch, known)
        _done(answer, host)
        commit, _, tree = answer.one("kept").partition(" ")
        return commit, tree

    async def revert(self, host: str, commit: str) -> None:
        """Make a mirror equal to the remote, given that `commit` holds all it had."""
        _done(await self.call(host, "revert", commit), host)

    async def merge(self, host: str, branch: str, edited_on: str) -> str:
        """Take a branch into the fleet's files on `host`, the primary, and push."""
        return _done(await self.call(host, "merge", branch, edited_on), host)


def beat(folder: Path, view: MirrorView, now: float, *, leads: bool = False) -> None:
    """Leave the sign of life of a host's pulls in our state folder: a counter and a date.

    Who leads pulls nothing, so its sign of life is taken away.
    """
    place = folder / "beats" / f"mirror-pull-{view.host}"
    if leads:
        place.unlink(missing_ok=True)
        return
    if view.pulled_seconds_ago is None:
        return
    at = datetime.fromtimestamp(now - view.pulled_seconds_ago, tz=UTC)
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    known = place.read_text(encoding="ascii", errors="replace") if place.exists() else ""
    if known.split(" ")[:1] == [str(view.pulls)]:
        return
    aside = place.with_name(f".{place.name}")
    aside.write_text(f"{view.pulls} {at:%Y-%m-%dT%H:%M:%SZ} {int(at.timestamp())}\n", "ascii")
    aside.replace(place)


def _read(data: bytes) -> Answer:
    lines: dict[str, list[str]] = defaultdict(list)
    for line in data.decode("utf-8", "replace").split("\n"):
        word, _, said = line.partition(" ")
        if word:
            lines[word].append(sanitize(said).replace("\n", " "))
    return Answer({word: tuple(said) for word, said in lines.items()})


def _done(answer: Answer, host: str) -> str:
    if not answer.has("done"):
        raise MirrorFailed("it was cut off in the middle", where=host, mend="try it again")
    return answer.one("done")


def _view(host: str, answer: Answer, at: float) -> MirrorView:
    state = _STATES.get(answer.one("state"), "failed")
    clock, pulled = answer.number("clock"), answer.number("pulled", 1)
    free = answer.number("free")
    view = MirrorView(
        host,
        state,
        _WHY.get(state, "" if state == "ok" else "it was cut off in the middle"),
        pulls=answer.number("pulled") or 0,
        pulled_seconds_ago=None if clock is None or pulled is None else max(0, clock - pulled),
        seen_epoch=answer.number("epoch") or 0,
        disk_free_bytes=None if free is None else free * 1024,
        clock_off_seconds=None if clock is None else clock - at,
        asked_at=at,
    )
    if state != "ok":
        return view
    unfit = answer.lines.get("unfit", ())
    size = ((answer.number("loose") or 0) + (answer.number("packed") or 0)) * 1024
    reachable = {"yes": True, "no": False}.get(answer.one("reachable"))
    why = f"the remote cannot be asked: {answer.one('why')}" if reachable is False else ""
    if not why and (unfit or size > SWOLLEN_BYTES):
        named = f", {len(unfit)} files that belong to one machine" if unfit else ""
        why = f"swollen: {size / 1e6:,.0f} MB{named}"
    return replace(
        view,
        why=why,
        commit=answer.one("commit")[:40],
        branch=answer.one("branch"),
        remote=answer.one("remote"),
        remote_reachable=reachable,
        ahead=answer.number("count") or 0,
        behind=answer.number("count", 1) or 0,
        edits=answer.lines.get("edit", ()),
        size_bytes=size,
        unfit=unfit,
    )


def _mend(host: str) -> str:
    return f"see `fleet-tui mirror status {host}`"
