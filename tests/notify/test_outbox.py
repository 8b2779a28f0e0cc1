"""The outbox keeps what was told, counts what is equal, and forgets nothing that was not sent."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from fleet_tui.model.errors import JournalError
from fleet_tui.model.notice import Notice
from fleet_tui.notify.outbox import FILE, KEPT, ROLL_UP_AFTER, SAME_WITHIN, Outbox, Planned

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = 1_800_000_000.0
NOTICE = Notice("n-1", NOW, "error", "run-failed", "web01", "claude failed", "r-1")
PLAN = (Planned("phone", NOW), Planned("pager", NOW + 600))


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    made = Outbox(tmp_path)
    yield made
    made.close()


def states(outbox: Outbox) -> dict[str, str]:
    return {
        delivery.route: delivery.state
        for _, _, deliveries in outbox.recent()
        for delivery in deliveries
    }


def test_it_is_readable_by_its_owner_alone(outbox: Outbox) -> None:
    assert stat.S_IMODE(outbox.path.stat().st_mode) == 0o600


def test_a_delivery_is_due_when_its_time_has_come(outbox: Outbox) -> None:
    outbox.add([(NOTICE, PLAN)])
    first = outbox.due("phone", NOW)
    assert first is not None
    assert first.notice == NOTICE
    assert outbox.due("pager", NOW) is None
    assert outbox.next_due("pager") == NOW + 600
    assert outbox.due("pager", NOW + 600) is not None
    assert outbox.next_due("nobody") is None


def test_it_survives_being_closed(outbox: Outbox, tmp_path: Path) -> None:
    outbox.add([(NOTICE, PLAN)])
    first = outbox.due("phone", NOW)
    assert first is not None
    assert outbox.claim([first.id], NOW, "o-1")
    assert not outbox.claim([first.id], NOW, "o-2")
    outbox.close()
    again = Outbox(tmp_path)
    assert states(again) == {"phone": "sent", "pager": "queued"}
    assert again.requeue_unanswered(NOW + 5, lambda owner: owner == "o-1") == 0
    assert again.requeue_unanswered(NOW + 5, lambda _owner: False) == 1
    found = again.due("phone", NOW + 5)
    assert found is not None
    assert found.attempts == 1
    again.close()


def test_an_older_file_learns_who_sends(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / FILE)) as db:
        Outbox(tmp_path).close()
        db.execute("ALTER TABLE deliveries DROP COLUMN owner")
        db.commit()
    outbox = Outbox(tmp_path)
    outbox.add([(NOTICE, PLAN[:1])])
    first = outbox.due("phone", NOW)
    assert first is not None
    assert outbox.claim([first.id], NOW, "o-1")
    outbox.close()


def test_ten_thousand_equal_notices_are_one_with_a_count(outbox: Outbox) -> None:
    storm = [(replace(NOTICE, id=f"n-{number}", at=NOW + number / 100), PLAN[:1])
             for number in range(10_000)]  # fmt: skip
    known = outbox.add(storm)
    assert {notice.id for notice in known} == {"n-0"}
    [(notice, _, deliveries)] = outbox.recent()
    assert (notice.count, len(deliveries)) == (10_000, 1)


def test_what_happens_again_is_told_once_more_with_its_count(outbox: Outbox) -> None:
    outbox.add([(NOTICE, PLAN[:1])])
    first = outbox.due("phone", NOW)
    assert first is not None
    outbox.put(first.id, "accepted", NOW, told=1)
    for number in range(5):
        outbox.add([(replace(NOTICE, id=f"m-{number}", at=NOW + number), PLAN[:1])])
    assert outbox.due("phone", NOW + ROLL_UP_AFTER - 1) is None
    later = outbox.due("phone", NOW + ROLL_UP_AFTER)
    assert later is not None
    assert (later.notice.count, later.told, later.attempts) == (6, 1, 0)


def test_the_same_notice_with_a_higher_count_is_no_sum(outbox: Outbox) -> None:
    outbox.add([(NOTICE, PLAN[:1])])
    outbox.add([(replace(NOTICE, count=4, text="claude failed on 4 hosts"), PLAN[:1])])
    [known] = outbox.add([(replace(NOTICE, count=3), PLAN[:1])])
    assert known.count == 4


def test_after_a_while_the_same_is_new(outbox: Outbox) -> None:
    outbox.add([(NOTICE, PLAN[:1])])
    later = replace(NOTICE, id="n-2", at=NOW + SAME_WITHIN + 1)
    [known] = outbox.add([(later, PLAN[:1])])
    assert known.id == "n-2"
    assert len(outbox.recent()) == 2


def test_acknowledging_stops_the_escalation(outbox: Outbox) -> None:
    outbox.add([(NOTICE, PLAN)])
    first = outbox.due("phone", NOW)
    assert first is not None
    outbox.put(first.id, "accepted", NOW)
    assert outbox.acknowledge(["n-1", "n-9"], "anna", NOW + 60) == 1
    assert outbox.acknowledge(["n-1"], "ben", NOW + 61) == 0
    assert states(outbox) == {"phone": "accepted", "pager": "skipped"}
    assert outbox.due("pager", NOW + 9999) is None
    [(_, acked_at, _)] = outbox.recent()
    assert acked_at == NOW + 60


def test_a_digest_is_handed_out_together(outbox: Outbox) -> None:
    plan = (Planned("mail", NOW + 3600, is_digest=True),)
    for number in range(3):
        notice = replace(NOTICE, id=f"d-{number}", at=NOW + number, text=f"text {number}")
        outbox.add([(notice, plan)])
    assert outbox.due("mail", NOW + 3600) is None
    assert outbox.due_digest("mail", NOW + 3599) == []
    assert [one.notice.id for one in outbox.due_digest("mail", NOW + 3600)] == ["d-0", "d-1", "d-2"]


def test_old_notices_go_but_never_one_that_waits(outbox: Outbox) -> None:
    outbox.add([(NOTICE, PLAN)])
    more = [
        (replace(NOTICE, id=f"x-{number}", at=NOW + number + 1, text=str(number)), ())
        for number in range(KEPT + 10)
    ]
    outbox.add(more)
    assert outbox.due("phone", NOW) is not None
    assert len(outbox.recent(KEPT * 2)) == KEPT + 1


def test_what_is_remembered_stays(outbox: Outbox) -> None:
    assert outbox.note("since") is None
    outbox.remember("since", "a")
    outbox.remember("since", "b")
    assert outbox.note("since") == "b"


def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    (tmp_path / "notify.db").write_bytes(b"not a database, but long enough to be looked at" * 99)
    with pytest.raises(JournalError, match=r"move .* aside"):
        Outbox(tmp_path)


def test_a_file_that_cannot_be_opened_is_one_line_with_the_mend(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    with pytest.raises(JournalError, match="cannot open the outbox of notices") as caught:
        Outbox(tmp_path)
    assert caught.value.mend
