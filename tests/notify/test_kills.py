"""A sender that is killed loses no notice, and repeats one under its own id only."""

from __future__ import annotations

from tests.faults.notices import play


def test_killed_at_every_step_each_notice_arrives() -> None:
    tally = play(rounds=9, seed=4)
    assert (tally.told, tally.lost, tally.doubled) == (9, 0, 0)
