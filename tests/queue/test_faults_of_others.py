"""Workers with one name, stale owners, wrong clocks, odd files, and plain shell workers."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from fleet_tui.model.task import Beat, LeaseLost, Result
from fleet_tui.queue.directory_store import FolderStore
from tests.queue.folders import (
    RULES,
    OwnClock,
    added,
    anything,
    claimed,
    counts,
    opened,
    watch_out,
)
from tests.support.parts import require

if TYPE_CHECKING:
    from pathlib import Path

SHELL_WORKER = """
HOST=$1
cd "$2"
echo "$(date) $HOST alive" > .heartbeats/$HOST
for task in pending/*.md; do
  [ -e "$task" ] || continue
  name=$(basename "$task")
  claim=running/$name.host-$HOST
  mv -n "$task" "$claim" 2>/dev/null && [ -e "$claim" ] || continue
  cat < "$claim" > "$claim.result"
  mv "$claim" "done/$name"
  mv "$claim.result" done/
done
"""
"""One round of the plain shell worker of the field, with `cat` for the agent."""


def shell_worker(root: Path, host: str) -> None:
    subprocess.run([require("dash"), "-c", SHELL_WORKER, "worker", host, str(root)], check=True)


async def test_two_workers_of_one_name(tmp_path: Path) -> None:
    clock = OwnClock()
    one, other = [await opened(tmp_path / "queue", clock) for _ in range(2)]
    await added(one, "a", "b")
    first, second = await claimed(one, "same"), await claimed(other, "same")
    assert {first.task.name, second.task.name} == {"a", "b"}
    assert first.owner != second.owner
    await one.commit(first, Result("one"))
    await other.commit(second, Result("other"))
    assert await counts(one) == {"done": 2}


async def test_an_owner_that_wakes_too_late(tmp_path: Path) -> None:
    clock = OwnClock()
    sleeper, other = [await opened(tmp_path / "queue", clock) for _ in range(2)]
    await added(sleeper, "a")
    asleep = await claimed(sleeper, "same")
    assert await watch_out(other, clock, RULES.lease) == ["a returned"]
    awake = await claimed(other, "same")
    assert awake.attempt == 2
    for late in (sleeper.beat(asleep), sleeper.commit(asleep, Result("stale"))):
        with pytest.raises(LeaseLost, match="silent for too long"):
            await late
    await other.commit(awake, Result("fresh"))
    found = await other.results("a")
    assert [(one.state, one.result.text) for one in found] == [("done", "fresh"), (None, "stale")]


async def test_a_beat_keeps_the_lease_for_ever(tmp_path: Path) -> None:
    clock = OwnClock()
    owner, other = [await opened(tmp_path / "queue", clock) for _ in range(2)]
    await added(owner, "a")
    claim = await claimed(owner)
    for _ in range(10):
        assert await watch_out(other, clock, RULES.lease - 10) == []
        await owner.beat(claim)
    (entry,) = (await other.listing(["running"])).entries
    assert entry.seen_for == RULES.lease - 10


@pytest.mark.parametrize("skew", [-3600.0, 3600.0])
async def test_clocks_an_hour_apart(skew: float, tmp_path: Path) -> None:
    here = OwnClock()
    there = OwnClock(wall=here.wall + skew, ticks=7.0)
    owner, other = await opened(tmp_path / "queue", there), await opened(tmp_path / "queue", here)
    await added(other, "a")
    claim = await claimed(owner)
    assert await watch_out(other, here, RULES.lease - 10) == []
    await owner.beat(claim)
    there.wall -= 2 * skew  # its clock is set while it works
    assert await watch_out(other, here, RULES.lease - 10) == []
    await owner.beat(claim)
    assert await watch_out(other, here, RULES.lease - 10) == []
    await owner.commit(claim, Result("ok"))
    assert await counts(other) == {"done": 1}


async def test_who_was_itself_asleep_calls_nobody_dead(tmp_path: Path) -> None:
    clock = OwnClock()
    owner, other = [await opened(tmp_path / "queue", clock) for _ in range(2)]
    await added(owner, "a")
    claim = await claimed(owner)
    assert await other.reap() == []
    clock.pass_by(8 * 3600)  # the lid was closed, for both
    assert await other.reap() == []
    await owner.beat(claim)
    assert await watch_out(other, clock, RULES.lease - 10) == []


async def test_odd_names_and_things_in_the_folder(tmp_path: Path) -> None:
    root, clock = tmp_path / "queue", OwnClock()
    store = await opened(root, clock)
    pending = root / "pending"
    (pending / "-rf.md").write_text("dashed")
    (pending / "two words.md").write_text("spaced")
    (pending / "a b\n.md").write_text("hostile")
    (pending / ("x" * 200 + ".md")).write_text("long")
    (pending / os.fsdecode(b"\xff\xfe.md")).write_text("bytes")
    (pending / "folder.md").mkdir()
    (pending / "link.md").symlink_to("/etc/passwd")
    (pending / "cut.md").write_bytes(b"+++\nmode = ")
    (pending / "empty.md").write_bytes(b"")
    (pending / "notes.txt").write_text("no task")
    (pending / ".hidden.md").write_text("no task")
    done = []
    clock.pass_by(1)
    while (claim := await store.claim(anything, host="nas1")) is not None:
        done.append(claim.task.name)
        await store.commit(claim, Result("ok"))
    clock.pass_by(10)
    assert await store.claim(anything, host="nas1") is None
    assert sorted(done) == ["-rf", "two words"]
    aside = {one.name: one.reason for one in (await store.listing(["quarantined"])).entries}
    assert sorted(aside) == ["__", "a_b_", "cut", "empty", "folder", "link", "x" * 140]
    assert "not closed" in aside["cut"]
    assert "no text" in aside["empty"]
    assert "control character" in aside["a_b_"]
    assert "no plain file" in aside["link"]
    assert (root / "failed" / "a_b_.md").read_text() == "hostile"
    assert await counts(store) == {"done": 2, "quarantined": 7}


async def test_a_name_used_again_by_hand_overwrites_nothing(tmp_path: Path) -> None:
    store = await opened(tmp_path / "queue")
    for text in ("first", "second", "third"):
        (tmp_path / "queue" / "pending" / "a.md").write_text(text)
        while not (claim := await store.claim(anything, host="nas1")):
            await store.wait(0.01)
        await store.commit(claim, Result(f"did {text}"))
    texts = [(await store.results(name))[0].result.text for name in ("a", "a-2", "a-3")]
    assert texts == ["did first", "did second", "did third"]


async def test_a_plain_shell_worker_shares_the_folder(tmp_path: Path) -> None:
    root = tmp_path / "queue"
    store = await opened(root)
    await added(store, "a", "b", "c", "d")
    await store.hold("a")
    await store.set_priority("b", 3)
    mine = await claimed(store)
    assert mine.task.name == "b"
    shell_worker(root, "desk")
    await store.commit(mine, Result("ours"))
    assert await counts(store) == {"held": 1, "done": 3}
    (stored,) = await store.results("c")
    assert (stored.state, stored.result.host, stored.is_foreign) == ("done", "desk", True)
    assert stored.result.text == "Do it."
    (beat,) = await store.heartbeats()
    assert (beat.name, beat.is_foreign) == ("desk", True)
    assert "desk alive" in beat.word


async def test_a_shell_worker_that_came_back_under_its_name_keeps_no_task_of_the_dead_one(
    tmp_path: Path,
) -> None:
    root, clock = tmp_path / "queue", OwnClock()
    store = await opened(root, clock)
    await added(store, "a")
    os.rename(root / "pending" / "a.md", root / "running" / "a.md.host-desk")
    for beat in range(4):
        (root / ".heartbeats" / "desk").write_text(f"alive {beat}" + "." * beat)
        assert await watch_out(store, clock, RULES.foreign_lease - 10) == []
    (root / ".heartbeats" / "desk").write_text("alive and well")
    assert await watch_out(store, clock, 50) == ["a returned"]
    assert (await claimed(store)).attempt == 2


async def test_a_dead_shell_worker_is_given_time(tmp_path: Path) -> None:
    root, clock = tmp_path / "queue", OwnClock()
    store = await opened(root, clock)
    await added(store, "a")
    claim = root / "running" / "a.md.host-desk"
    os.rename(root / "pending" / "a.md", claim)
    (root / "running" / "a.md.host-desk.result").write_text("half")
    (entry,) = (await store.listing(["running"])).entries
    assert (entry.owner.host if entry.owner else "", entry.attempt) == ("desk", 1)
    assert await watch_out(store, clock, RULES.foreign_lease - 10) == []
    (root / "running" / "a.md.host-desk.result").write_text("half and more")
    assert await watch_out(store, clock, RULES.foreign_lease - 10) == []
    (root / ".heartbeats" / "desk").write_text("alive")
    assert await watch_out(store, clock, RULES.foreign_lease - 10) == []
    assert await watch_out(store, clock, 20) == ["a returned"]
    again = await claimed(store)
    assert again.attempt == 2
    await store.commit(again, Result("whole"))
    found = await store.results("a")
    assert [(one.state, one.result.text) for one in found] == [
        ("done", "whole"),
        (None, "half and more"),
    ]


async def test_a_shell_worker_that_dies_between_its_moves(tmp_path: Path) -> None:
    root, clock = tmp_path / "queue", OwnClock()
    store = await opened(root, clock)
    (root / "done" / "a.md").write_text("x")
    (root / "running" / "a.md.host-desk.result").write_text("answer")
    await watch_out(store, clock, RULES.lease)
    (stored,) = await store.results("a")
    assert (stored.state, stored.result.text) == ("done", "answer")


async def test_a_heartbeat_of_any_bytes_is_shown(tmp_path: Path) -> None:
    store = await opened(tmp_path / "queue")
    (tmp_path / "queue" / ".heartbeats" / "evil").write_bytes(b"\x1b[2J\xff\n{")
    await store.show_life(Beat("../../w", "1"))
    beats = {one.name: one for one in await store.heartbeats()}
    assert sorted(beats) == ["../../w", "evil"]
    assert "\x1b" not in beats["evil"].word
    await store.end_life("../../w")
    assert len(await store.heartbeats()) == 1


async def test_a_file_system_without_hard_links_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fleet_tui.model.task import QueueError

    def link(*args: object, **more: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", link)
    with pytest.raises(QueueError, match="no usable hard links"):
        await opened(tmp_path / "queue")
    assert os.listdir(tmp_path / "queue" / ".tmp") == []


def test_stores_are_what_the_protocol_says() -> None:
    from fleet_tui.queue.store import TaskStore

    needed = {name for name in vars(TaskStore) if not name.startswith("_")}
    assert needed <= set(dir(FolderStore))
