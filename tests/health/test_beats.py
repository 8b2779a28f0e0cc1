"""The heartbeats part: what it reads, tells, shows and keeps, on a clock of its own."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fleet_tui.health import beat_files
from fleet_tui.health.beats import Beats
from fleet_tui.health.beats_book import Limits
from fleet_tui.health.beats_kept import load
from fleet_tui.model.errors import FleetError
from fleet_tui.model.events import LifeShown, NoticeRaised
from fleet_tui.model.task import Beat
from tests.support.stage import fleet_file, staged
from tests.tui.fixed_clock import FixedClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from fleet_tui.model.notice import Notice

LIMITS = Limits.of(20.0)


class Watched:
    """A heartbeats part over beats that a test sets."""

    def __init__(self, beats: Beats, clock: FixedClock, notices: list[Notice]) -> None:
        self.beats = beats
        self.clock = clock
        self.notices = notices
        self.seen: dict[str, Beat] = {}
        self.is_away = False

    async def read(self) -> Sequence[Beat]:
        if self.is_away:
            raise FleetError("the hub does not answer")
        return tuple(self.seen.values())

    def beat(self, *names: str, doing: tuple[str, ...] = ()) -> None:
        for name in names:
            count = int(self.seen[name].counter) + 1 if name in self.seen else 0
            self.seen[name] = Beat(name, str(count), host=name, word="works", doing=doing)

    async def look_for(self, seconds: float, *beating: str) -> None:
        for _ in range(round(seconds / LIMITS.look_every)):
            self.clock.advance(LIMITS.look_every)
            self.beat(*beating)
            await self.beats.look()

    def told(self) -> list[str]:
        return [notice.event for notice in self.notices if notice.event.startswith("heartbeat")]


@asynccontextmanager
async def watched(folder: Path) -> AsyncIterator[Watched]:
    clock = FixedClock()
    async with staged(fleet_file(folder, ["box"]), {}, clock=clock) as stage:
        notices: list[Notice] = []
        stage.fleet.bus.subscribe(
            lambda e: notices.append(e.notice) if isinstance(e, NoticeRaised) else None
        )

        async def read() -> Sequence[Beat]:
            return await here.read()

        beats = Beats(stage.fleet._context(), {"queue": read}, limits=LIMITS)
        here = Watched(beats, clock, notices)
        try:
            yield here
        finally:
            await beats.close()


async def test_one_goes_stale_within_its_threshold_and_comes_back(tmp_path: Path) -> None:
    async with watched(tmp_path) as here:
        here.beat("nas1", "web01", doing=("t1",))
        await here.look_for(10, "nas1", "web01")
        await here.look_for(LIMITS.stale_after + LIMITS.look_every, "web01")
        view = here.beats.view
        assert [(p.name, p.state) for p in view.pulses] == [("nas1", "stale"), ("web01", "fresh")]
        await here.look_for(60, "web01")
        assert here.told() == ["heartbeat-stale"]
        assert here.notices[-1].source == "nas1"
        await here.look_for(10, "nas1", "web01")
        assert here.told() == ["heartbeat-stale", "heartbeat-back"]
        assert {p.state for p in here.beats.view.pulses} == {"fresh"}


async def test_the_notice_says_what_it_was_doing(tmp_path: Path) -> None:
    async with watched(tmp_path) as here:
        here.beat("web01", doing=("fix-it",))
        await here.look_for(60)
        (notice,) = here.notices
        assert notice.text == (
            "the heartbeat of worker web01 is stale: no beat for 20 s; it holds fix-it"
        )


async def test_many_at_once_are_one_notice(tmp_path: Path) -> None:
    names = [f"w{n:02}" for n in range(30)]
    async with watched(tmp_path) as here:
        await here.look_for(10, *names)
        await here.look_for(60)
        (notice,) = here.notices
        assert notice.text.startswith("30 heartbeats are stale (no beat for 20 s): w00, w01")
        assert notice.source == "fleet"


async def test_a_hub_that_is_away_is_told_and_ages_nobody(tmp_path: Path) -> None:
    async with watched(tmp_path) as here:
        await here.look_for(10, "a")
        here.is_away = True
        await here.look_for(600)
        (problem,) = here.beats.view.problems
        assert problem == "heartbeats of queue: the hub does not answer"
        assert here.beats.view.pulses[0].state == "fresh"
        here.is_away = False
        await here.look_for(10, "a")
        assert len(here.beats.view.problems) == 0
        assert not here.told()


async def test_what_beats_in_this_program_is_seen_by_all_of_this_machine(tmp_path: Path) -> None:
    async with watched(tmp_path) as here:
        for count in range(3):
            beat = Beat("pull@nas1", str(count), host="nas1", kind="pull", word="up to date")
            await here.beats._show(LifeShown(beat))
            await here.look_for(2)
        (pulse,) = here.beats.view.pulses
        assert (pulse.kind, pulse.watch, pulse.word) == ("pull", "here", "up to date")
        assert pulse.state == "fresh"
        await here.beats._show(LifeShown(beat, has_ended=True))
        await here.look_for(2)
        assert here.beats.view.pulses == ()


async def test_a_plain_date_file_is_a_heartbeat(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "heartbeats"
    folder.mkdir(parents=True)
    async with watched(tmp_path) as here:
        for minute in range(5):
            (folder / "scout").write_text(f"Mon May 18 10:4{minute}:01 2026 scout alive\x1b[2J\n")
            await here.look_for(2)
        (pulse,) = here.beats.view.pulses
        assert (pulse.name, pulse.is_foreign, pulse.state) == ("scout", True, "fresh")
        assert pulse.word == "Mon May 18 10:44:01 2026 scout alive"


async def test_an_episode_outlives_a_restart(tmp_path: Path) -> None:
    async with watched(tmp_path) as here:
        await here.look_for(10, "a")
        await here.look_for(60)
        assert here.told() == ["heartbeat-stale"]
        kept = here.seen
    async with watched(tmp_path) as again:
        again.seen = kept
        await again.look_for(60)
        assert again.told() == []
        assert again.beats.view.pulses[0].state == "stale"
        await again.look_for(10, "a")
        assert again.told() == ["heartbeat-back"]


def test_what_cannot_be_read_again_is_an_empty_beginning(tmp_path: Path) -> None:
    path = tmp_path / "heartbeats.json"
    assert load(path, "boot") == ({}, None)
    for text in ("", "{", "[]", '{"version": 1, "boot": 1}', '{"version": 1, "watches": {"a": 1}}'):
        path.write_text(text)
        assert load(path, "boot") == ({}, None)


def test_names_never_share_a_file_nor_leave_the_folder(tmp_path: Path) -> None:
    names = ["a/b", "a_b", "../x", ".hidden", "", "ü" * 300, "pull@nas1"]
    files = [beat_files.file_name(name) for name in names]
    assert len(set(files)) == len(names)
    for name in names:
        beat_files.show(tmp_path / "beats", Beat(name, "1"))
    assert len(beat_files.read(tmp_path / "beats")) == len(names)
    assert list(tmp_path.iterdir()) == [tmp_path / "beats"]
