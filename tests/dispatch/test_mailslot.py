from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.dispatch.mailslot import CancelSlot
from fleet_tui.model.ids import ulid

if TYPE_CHECKING:
    from pathlib import Path

MINE, OTHER = f"r-{ulid(1, 1)}", f"r-{ulid(1, 2)}"


def test_a_request_reaches_the_owner_of_the_run_and_nobody_else(tmp_path: Path) -> None:
    CancelSlot(tmp_path).ask([MINE, OTHER], "ann@desk")
    owner = CancelSlot(tmp_path)
    assert owner.take({MINE}) == [(MINE, "ann@desk")]
    assert owner.take({MINE}) == []
    assert owner.take({OTHER}) == [(OTHER, "ann@desk")]


def test_nothing_was_asked(tmp_path: Path) -> None:
    assert CancelSlot(tmp_path).take({MINE}) == []


def test_requests_for_finished_runs_are_swept(tmp_path: Path) -> None:
    slot = CancelSlot(tmp_path)
    slot.ask([MINE, OTHER], "ann@desk")
    slot.sweep(frozenset({OTHER}))
    assert slot.take({MINE, OTHER}) == [(OTHER, "ann@desk")]


def test_the_folder_is_private(tmp_path: Path) -> None:
    CancelSlot(tmp_path).ask([MINE], "ann@desk")
    assert (tmp_path / "cancel").stat().st_mode & 0o077 == 0
