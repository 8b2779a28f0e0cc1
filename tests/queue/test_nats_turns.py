"""Which waiting task is tried next where many workers claim over NATS."""

from __future__ import annotations

import pytest

pytest.importorskip("nats")

from fleet_tui.model.task import NO_OPTIONS
from fleet_tui.queue.nats_link import NatsLink
from fleet_tui.queue.nats_records import Record
from fleet_tui.queue.nats_turns import CAREFUL_FOR, Turns
from fleet_tui.queue.nats_view import View


class Told(View):
    """A view that tests tell of records."""

    def __init__(self) -> None:
        super().__init__(NatsLink("nats://127.0.0.1:1", "tests", None))
        self._revision = 0

    def tell(self, name: str, state: str = "pending", priority: int | None = None) -> None:
        self._revision += 1
        record = Record(name, state, NO_OPTIONS, priority=priority)  # type: ignore[arg-type]
        self._learn(record, self._revision)


def anything(record: Record) -> bool:
    return True


@pytest.fixture
def view() -> Told:
    told = Told()
    for number in range(20):
        told.tell(f"low{number:02}")
    for number in range(10):
        told.tell(f"high{number}", priority=5)
    return told


def test_one_alone_takes_them_in_order(view: Told) -> None:
    turns = Turns(view)
    taken = []
    for _ in range(30):
        record = next(turns.candidates(anything))
        turns.won()
        view.tell(record.name, "running")
        taken.append(record.name)
    assert taken == [f"high{n}" for n in range(10)] + [f"low{n:02}" for n in range(20)]
    assert list(turns.candidates(anything)) == []


def test_who_was_too_late_spreads_within_the_priority(view: Told) -> None:
    turns = Turns(view)
    tried = []
    for record in turns.candidates(anything):
        turns.missed()
        tried.append(record.name)
    assert tried[0] == "high0"
    assert sorted(tried[:10]) == [f"high{n}" for n in range(10)]
    assert sorted(tried[10:]) == [f"low{n:02}" for n in range(20)]
    firsts = set()
    for _ in range(40):
        firsts.add(next(turns.candidates(anything)).name)
        turns.missed()
    assert len(firsts) > 1


def test_after_a_while_without_misses_the_first_is_first_again(view: Told) -> None:
    turns = Turns(view)
    next(turns.candidates(anything))
    turns.missed()
    for _ in range(CAREFUL_FOR):
        turns.won()
    assert next(turns.candidates(anything)).name == "high0"


def test_what_others_took_or_added_is_seen(view: Told) -> None:
    turns = Turns(view)
    next(turns.candidates(anything))
    view.tell("high1", "running")
    view.tell("first", priority=9)
    assert [record.name for record in turns.candidates(anything)][:3] == ["first", "high0", "high2"]


def test_what_does_not_fit_stays(view: Told) -> None:
    turns = Turns(view)
    low = [record.name for record in turns.candidates(lambda one: one.name.startswith("low"))]
    assert len(low) == 20
    assert next(turns.candidates(anything)).name == "high0"
