"""What is typed into the composer's fields."""

from __future__ import annotations

import pytest

from fleet_tui.tui.drafts import Draft
from fleet_tui.tui.requests import DraftProblem, request_of


def test_a_long_slip_leaves_room_for_what_is_wrong_with_it() -> None:
    draft = Draft()
    draft.budget = "for i in $(seq 60); do echo line $i; sleep 0.5; done"
    with pytest.raises(DraftProblem) as slip:
        request_of(draft)
    assert str(slip.value).endswith("is not a number of dollars")
    assert len(str(slip.value)) < 64
