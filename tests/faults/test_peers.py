"""A few hundred messages to sessions that are killed; `python -m tests.faults peers` sends more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.peer_rounds import play

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]


async def test_no_message_is_lost_shown_twice_or_delivered_for_ever(tmp_path: Path) -> None:
    result = await play(tmp_path, 200, seed=11, within=300.0)
    assert result.is_well, str(result)
    assert result.kills > 0
