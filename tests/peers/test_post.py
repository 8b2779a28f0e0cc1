from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from fleet_tui.model.errors import Refused, UsageError
from fleet_tui.model.peer import OPERATOR, TEXT_LIMIT, parse_scope
from fleet_tui.peers.conference import as_markdown
from fleet_tui.peers.guard import MAX_HOPS, LoopCut
from tests.peers.desk import peer_desk
from tests.tui.fixed_clock import FixedClock

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_tui.model.peer import Rung


async def test_a_message_is_in_the_log_before_it_is_kept(tmp_path: Path) -> None:
    async with peer_desk(tmp_path) as desk:
        desk.peer("a")
        sent = await desk.service.post.send(OPERATOR, "a", "hello\x1b[2J there")
        (line,) = desk.log("message")
        assert line.text("id") == sent.id
        assert (line.text("from"), line.text("to")) == (OPERATOR, "a@here")
        assert desk.service.store.message(sent.id) == replace(sent, sequence=1)
        assert sent.text == "hello there"
        assert desk.stage.chain_holds()


async def test_what_cannot_be_sent_leaves_nothing_behind(tmp_path: Path) -> None:
    async with peer_desk(tmp_path) as desk:
        desk.peer("a")
        desk.peer("a", host="there")
        post = desk.service.post
        for to, text, why in (
            ("nobody", "x", "no peer"),
            ("a", "x", "may be any"),
            ("a@here", "  ", "empty"),
            ("a@here", "x" * (TEXT_LIMIT + 1), "allowed"),
        ):
            with pytest.raises(UsageError, match=why):
                await post.send(OPERATOR, to, text)
        assert desk.service.store.messages("1") == []
        assert desk.log("message") == []


async def test_an_answer_is_tied_to_its_question_by_id_or_by_done(tmp_path: Path) -> None:
    async with peer_desk(tmp_path) as desk:
        desk.peer("a")
        desk.peer("b")
        store, post = desk.service.store, desk.service.post
        first = await post.send(OPERATOR, "a", "build it")
        done = await post.send("a@here", OPERATOR, "DONE: built")
        assert done.reply_to == first.id
        assert done.thread == first.thread
        answered = store.message(first.id)
        assert answered is not None
        assert (answered.rung, answered.replied_by) == ("replied", done.id)
        with pytest.raises(Refused, match="was not sent to b@here"):
            await post.send("b@here", OPERATOR, "it was me", reply_to=first.id)


async def test_two_agents_that_answer_each_other_for_ever_are_stopped_and_told(
    tmp_path: Path,
) -> None:
    clock = FixedClock()
    async with peer_desk(tmp_path, clock=clock) as desk:
        desk.peer("a")
        desk.peer("b")
        post = desk.service.post
        sides = ["a@here", "b@here"]

        async def talk_for_ever() -> None:
            for number in range(100):
                clock.advance(10)
                await post.send(sides[number % 2], sides[1 - number % 2], "and you?")

        with pytest.raises(LoopCut, match="without a person"):
            await talk_for_ever()
        said = desk.service.store.messages("1")
        assert len(said) == MAX_HOPS + 1
        (refused,) = desk.log("refused")
        assert refused.text("from") in sides
        notices = [e for e in desk.stage.heard if type(e).__name__ == "NoticeRaised"]
        assert "without a person" in notices[-1].notice.text  # type: ignore[union-attr]
        clock.advance(10)
        await post.send(OPERATOR, "a@here", "go on")
        clock.advance(10)
        await post.send("a@here", "b@here", "the operator says: go on")


async def test_a_pair_that_talks_too_fast_is_stopped(tmp_path: Path) -> None:
    clock = FixedClock()
    async with peer_desk(tmp_path, clock=clock) as desk:
        desk.peer("a")
        desk.peer("b")

        async def pour() -> None:
            for _ in range(100):
                await desk.service.post.send("a@here", "b@here", "news")

        with pytest.raises(LoopCut, match="within 60 seconds"):
            await pour()
        clock.advance(61)
        await desk.service.post.send("a@here", "b@here", "news")


async def test_a_broadcast_is_accounted_for(tmp_path: Path) -> None:
    async with peer_desk(tmp_path) as desk:
        for number in range(12):
            desk.peer(f"p{number:02}", repo="h/o/r" if number else "")
        service = desk.service
        batch = await service.broadcast(parse_scope("repo=r"), "pull, please")
        sent = service.store.messages("batch = ?", batch)
        assert len(sent) == 11
        for message in sent[:7]:
            service.store.climb(message.id, "seen")
        for message in sent[9:]:
            service.store.set_peer(message.recipient, state="gone")
        counted = str(service.accounting(batch))
        assert counted == "11 targets: 7 seen, 2 unconfirmed, 2 gone"
        with pytest.raises(UsageError, match="no live peer"):
            await service.broadcast(parse_scope("machine=mars"), "hello?")


async def test_proof_is_never_taken_back(tmp_path: Path) -> None:
    async with peer_desk(tmp_path) as desk:
        desk.peer("a")
        store = desk.service.store
        sent = await desk.service.post.send(OPERATOR, "a", "x")
        assert store.climb(sent.id, "handed-over")
        assert store.climb(sent.id, "seen", detail="transcript line at byte 7")
        lower: tuple[Rung, ...] = ("queued", "handed-over", "unknown", "undeliverable")
        assert not any(store.climb(sent.id, rung) for rung in lower)
        assert store.climb(sent.id, "replied")


async def test_one_program_at_a_time_hands_a_message_over(tmp_path: Path) -> None:
    async with peer_desk(tmp_path) as desk:
        desk.peer("a")
        store = desk.service.store
        sent = await desk.service.post.send(OPERATOR, "a", "x")
        assert store.lease(sent.id, "one", 100.0, 60.0)
        assert not store.lease(sent.id, "two", 120.0, 60.0)
        assert store.due(120.0) == []
        assert store.lease(sent.id, "two", 161.0, 60.0)


async def test_a_name_outlives_its_process_and_counts_generations(tmp_path: Path) -> None:
    async with peer_desk(tmp_path) as desk:
        first = desk.peer("a", generation=1, summary="building")
        again = desk.peer("a", generation=1)
        next_one = desk.peer("a", generation=2)
        assert (first.generation, again.generation, next_one.generation) == (1, 1, 2)
        assert next_one.name == first.name
        assert next_one.summary == "building"


async def test_reserved_paths_show_who_else_changes_them(tmp_path: Path) -> None:
    clock = FixedClock()
    async with peer_desk(tmp_path, clock=clock) as desk:
        desk.peer("a", repo="h/o/r", root="/srv/r", cwd="/srv/r/web")
        desk.peer("b", host="there", repo="h/o/r", root="/home/b/r", cwd="/home/b/r")
        reservations = desk.service.reservations
        one = await reservations.make("a@here", "../web/tsconfig.json", "strict mode", 60)
        assert one.path == "h/o/r:web/tsconfig.json"
        two = await reservations.make("b@there", "web", "moving it", 600)
        assert (two.path, two.conflicts) == ("h/o/r:web", ("a@here",))
        clock.advance(61)
        (left,) = reservations.open()
        assert (left.holder, left.conflicts) == ("b@there", ())
        assert reservations.release(left.id)
        assert reservations.open() == ()


async def test_a_conference_says_who_is_missing(tmp_path: Path) -> None:
    async with peer_desk(tmp_path) as desk:
        desk.peer("a")
        desk.peer("b")
        service = desk.service
        asked = await service.conferences.ask(parse_scope("fleet"), ["free disk?", "any | errors?"])
        first = service.store.messages("batch = ? AND recipient = 'a@here'", asked)[0]
        await service.post.send("a@here", OPERATOR, "1. 20 GB\n2) none", reply_to=first.id)
        view = service.conferences.view(asked)
        assert [row.answers for row in view.rows if row.peer == "a@here"] == [("20 GB", "none")]
        assert [row.peer for row in view.missing] == ["b@here"]
        table = as_markdown(view, view.asked_at + 120)
        assert "| a@here | 20 GB | none |" in table
        assert "any \\| errors?" in table
        assert "- b@here: queued, asked 2 min ago" in table
