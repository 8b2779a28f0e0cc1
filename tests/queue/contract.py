"""What every task store promises, as tests that each backend's own test module inherits."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from fleet_tui.model.errors import UsageError
from fleet_tui.model.task import Beat, LeaseLost, NoSuchTask, Result, TaskTextError
from fleet_tui.queue import spent
from fleet_tui.queue.pause import Pause, pause, pause_of, resume
from fleet_tui.queue.store import Draft
from tests.queue.folders import added, anything, claimed, counts

if TYPE_CHECKING:
    from fleet_tui.queue.store import TaskStore


class StoreContract:
    """Needs a fixture `store`, an open and empty TaskStore."""

    async def test_a_task_goes_from_pending_to_done(self, store: TaskStore) -> None:
        (name,) = await store.add([Draft(b'+++\nmode = "read"\n+++\nFix the tests')])
        assert name.endswith("fix-the-tests")
        claim = await claimed(store)
        assert claim.task.prompt == "Fix the tests"
        assert (claim.task.name, claim.attempt, claim.owner.host) == (name, 1, "nas1")
        assert await counts(store) == {"running": 1}
        await store.beat(claim)
        await store.commit(claim, Result("It is\nfixed.", outcome="ok", cost_usd=0.25, host="nas1"))
        assert await counts(store) == {"done": 1}
        (stored,) = await store.results(name)
        assert (stored.state, stored.result.text) == ("done", "It is\nfixed.")
        assert (stored.result.outcome, stored.result.cost_usd) == ("ok", 0.25)
        assert await store.claim(anything, host="nas1") is None

    async def test_what_was_given_up_cannot_be_committed(self, store: TaskStore) -> None:
        await added(store, "one")
        claim = await claimed(store)
        await store.release(claim, reason="drained")
        for late in (
            store.commit(claim, Result("late")),
            store.beat(claim),
            store.fail(claim, Result("late")),
            store.release(claim),
        ):
            with pytest.raises(LeaseLost):
                await late
        assert (await claimed(store)).attempt == 1

    async def test_attempts_run_out(self, store: TaskStore) -> None:
        await added(store, "one")
        kinds = []
        for attempt in (1, 2, 3):
            claim = await claimed(store)
            assert claim.attempt == attempt
            kinds.append((await store.release(claim, reason="exit 1", counts=True)).kind)
        assert kinds == ["returned", "returned", "dead"]
        listing = await store.listing(["failed"])
        assert [(one.name, one.attempt) for one in listing.entries] == [("one", 3)]
        assert "exit 1" in listing.entries[0].reason
        assert await store.retry("one") == "one"
        assert (await claimed(store)).attempt == 1

    async def test_a_failure_ends_it(self, store: TaskStore) -> None:
        await added(store, "one")
        await store.fail(await claimed(store), Result("no", outcome="budget", reason="too dear"))
        (entry,) = (await store.listing(["failed"])).entries
        assert (entry.name, entry.reason) == ("one", "too dear")
        (stored,) = await store.results("one")
        assert (stored.state, stored.result.outcome) == ("failed", "budget")

    async def test_the_first_is_that_of_the_highest_priority(self, store: TaskStore) -> None:
        await added(store, "b", "a", "d")
        await added(store, "c", text="+++\npriority = 5\n+++\nFirst.")
        await store.set_priority("d", 9)
        order = []
        for _ in range(4):
            claim = await claimed(store)
            order.append(claim.task.name)
            await store.commit(claim, Result("ok"))
        assert order == ["d", "c", "a", "b"]

    async def test_a_worker_takes_only_what_it_accepts(self, store: TaskStore) -> None:
        await added(store, "one", text='+++\nneeds = ["gpu"]\n+++\nTrain.')
        await added(store, "two")
        plain = await store.claim(lambda task: not task.options.needs, host="a")
        assert plain is not None
        assert plain.task.name == "two"
        assert await store.claim(lambda task: not task.options.needs, host="a") is None
        gpu = await store.claim(lambda task: "gpu" in task.options.needs, host="b")
        assert gpu is not None
        assert gpu.task.name == "one"

    async def test_a_task_waits_for_its_time_and_for_others(self, store: TaskStore) -> None:
        await added(store, "later", text="+++\nnot_before = 2999-01-01T00:00:00Z\n+++\nx")
        await added(store, "after", text='+++\ndepends_on = ["first"]\n+++\nx')
        assert await store.claim(anything, host="a") is None
        waits = {one.name: one.waits for one in (await store.listing(["pending"])).entries}
        assert waits["after"] == "for first"
        assert waits["later"].startswith("for its time")
        await added(store, "first")
        await store.commit(await claimed(store), Result("ok"))
        assert (await claimed(store)).task.name == "after"

    async def test_held_tasks_stay(self, store: TaskStore) -> None:
        await added(store, "one")
        await store.hold("one")
        assert await counts(store) == {"held": 1}
        assert await store.claim(anything, host="a") is None
        with pytest.raises(NoSuchTask):
            await store.hold("one")
        await store.unhold("one")
        assert (await claimed(store)).task.name == "one"

    async def test_cancelling_is_learned_by_the_owner(self, store: TaskStore) -> None:
        await added(store, "one", "two")
        claim = await claimed(store)
        await store.cancel("one", reason="not needed")
        await store.cancel("two")
        with pytest.raises(LeaseLost, match="cancelled"):
            await store.beat(claim)
        with pytest.raises(LeaseLost):
            await store.commit(claim, Result("late"))
        assert await counts(store) == {"cancelled": 2}
        reasons = {one.name: one.reason for one in (await store.listing(["cancelled"])).entries}
        assert reasons["one"] == "not needed"
        with pytest.raises(NoSuchTask):
            await store.cancel("one")

    async def test_a_running_task_can_be_taken_back(self, store: TaskStore) -> None:
        await added(store, "one")
        first = await claimed(store)
        await store.take_back("one")
        second = await claimed(store)
        assert second.attempt == 2
        with pytest.raises(LeaseLost):
            await store.commit(first, Result("late"))
        await store.commit(second, Result("right"))
        stored = await store.results("one")
        assert [(one.state, one.result.text) for one in stored if one.state] == [("done", "right")]

    async def test_editing_replaces_text_and_drops_the_signature(self, store: TaskStore) -> None:
        await store.add([Draft(b"old", "one", b"SIG")])
        assert (await store.read("one")).signature == b"SIG"
        await store.edit("one", b"+++\npriority = 3\n+++\nnew")
        task = await store.read("one")
        assert (task.prompt, task.signature, task.options.priority) == ("new", None, 3)
        claim = await claimed(store)
        assert claim.task.prompt == "new"
        with pytest.raises(NoSuchTask):
            await store.edit("one", b"too late")
        assert (await store.read("one")).prompt == "new"

    async def test_a_signature_goes_with_its_task(self, store: TaskStore) -> None:
        await store.add([Draft(b"text", "one", b"SIG")])
        claim = await claimed(store)
        assert claim.task.signature == b"SIG"
        await store.commit(claim, Result("ok"))
        assert (await store.read("one")).signature == b"SIG"

    async def test_what_is_wrong_is_refused_before_anything_is_added(
        self, store: TaskStore
    ) -> None:
        with pytest.raises(TaskTextError):
            await store.add([Draft(b"fine"), Draft(b"+++\nmode = 3\n+++\nx")])
        await added(store, "one")
        with pytest.raises(UsageError):
            await added(store, "one")
        for name in ("-rf", "a b\n", "x" * 300, "../x"):
            with pytest.raises(UsageError):
                await store.add([Draft(b"x", name)])
        assert await counts(store) == {"pending": 1}

    async def test_what_a_worker_refuses_is_set_aside(self, store: TaskStore) -> None:
        await added(store, "one")
        await store.refuse(await claimed(store), "nobody signed it")
        (entry,) = (await store.listing(["quarantined"])).entries
        assert (entry.name, entry.reason) == ("one", "nobody signed it")
        assert await store.retry("one") == "one"
        assert (await claimed(store)).task.name == "one"

    async def test_a_done_task_is_run_again_under_another_name(self, store: TaskStore) -> None:
        await added(store, "one")
        await store.commit(await claimed(store), Result("ok"))
        assert await store.retry("one") == "one-2"
        assert await counts(store) == {"done": 1, "pending": 1}
        await store.remove("one")
        assert await counts(store) == {"pending": 1}
        with pytest.raises(NoSuchTask):
            await store.read("one")

    async def test_what_does_not_exist_is_named(self, store: TaskStore) -> None:
        for ask in (
            store.read("none"),
            store.results("none"),
            store.cancel("none"),
            store.retry("none"),
            store.hold("none"),
            store.unhold("none"),
            store.remove("none"),
            store.set_priority("none", 1),
            store.edit("none", b"x"),
            store.take_back("none"),
        ):
            with pytest.raises(NoSuchTask, match="none"):
                await ask

    async def test_two_workers_never_have_the_same_task(self, store: TaskStore) -> None:
        names = await store.add([Draft(f"task {number}".encode()) for number in range(30)])
        assert names == sorted(names)

        async def work() -> list[str]:
            mine = []
            while (claim := await store.claim(anything, host="same")) is not None:
                mine.append(claim.task.name)
                await store.commit(claim, Result("ok"))
            return mine

        done = await asyncio.gather(*(work() for _ in range(4)))
        assert sorted(name for mine in done for name in mine) == names
        assert await counts(store) == {"done": 30}

    async def test_a_mark_is_made_once_by_whoever_comes_first(self, store: TaskStore) -> None:
        assert await store.mark("paused") is None
        await store.remove_mark("paused")
        made = await asyncio.gather(*(store.put_mark("paused", b"%d" % n) for n in range(6)))
        assert sorted(made) == [False] * 5 + [True]
        assert await store.mark("paused") == b"%d" % made.index(True)
        await store.put_mark("signed-ab12", b"x")
        assert await store.marks() == ["paused", "signed-ab12"]
        await store.remove_mark("paused")
        assert await store.mark("paused") is None
        assert await store.marks() == ["signed-ab12"]
        assert await store.put_mark("paused", b"anew")
        assert await store.mark("paused") == b"anew"
        assert await counts(store) == {}

    async def test_a_pause_holds_for_all_and_says_whose_it_is(self, store: TaskStore) -> None:
        assert await pause_of(store) is None
        assert await pause(store, "ann@here", "2026-11-21T10:00:00+01:00")
        assert not await pause(store, "bob@there", "2026-11-21T11:00:00+01:00")
        assert await pause_of(store) == Pause("ann@here", "2026-11-21T10:00:00+01:00")
        await resume(store)
        assert await pause_of(store) is None

    async def test_a_signature_is_spent_for_all_machines(self, store: TaskStore) -> None:
        assert await spent.accept(store, "id/../1", "one", "d1") == ""
        assert await spent.accept(store, "id/../1", "one", "d1") == ""
        assert "taken before" in await spent.accept(store, "id/../1", "two", "d1")
        assert "taken before" in await spent.accept(store, "id/../1", "one", "d2")
        await spent.spend(store, "id/../1")
        await spent.spend(store, "id/../1")
        assert "done before" in await spent.accept(store, "id/../1", "one", "d1")
        assert await spent.accept(store, "id-2", "two", "d1") == ""

    async def test_heartbeats_are_read_as_written(self, store: TaskStore) -> None:
        beat = Beat("nas1.w", "1", "nas1", word="idle", doing=("one",), labels=("gpu",), slots=2)
        await store.show_life(beat)
        assert await store.heartbeats() == [beat]
        await store.end_life("nas1.w")
        assert await store.heartbeats() == []

    async def test_a_change_wakes_who_waits(self, store: TaskStore) -> None:
        while await store.wait(0.0):
            continue
        waiting = asyncio.create_task(store.wait(60.0))
        await asyncio.sleep(0)
        await added(store, "one")
        assert await waiting
