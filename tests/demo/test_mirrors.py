"""The demo's mirrors: real git in its throw-away home, a leader and one who lags."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fleet_tui.demo import DemoFleet
from fleet_tui.demo.mirror_stage import EPOCH
from fleet_tui.fleet import Fleet
from fleet_tui.journal import read, verify
from fleet_tui.roles.mirror_script import program_line, read_line
from tests.support.parts import require

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def demo() -> Iterator[DemoFleet]:
    require("git")
    with DemoFleet.start(speed=0) as running:
        running.prepare()
        yield running


async def test_it_can_be_promoted_there_and_back(demo: DemoFleet) -> None:
    fleet = Fleet(demo.config)
    await fleet.open()
    try:
        roles = fleet.parts.roles
        await roles.learn()
        assert (fleet.epoch, fleet.standing.role) == (EPOCH, "primary")
        found = await roles.look_at_mirrors()
        assert {name: view.state for name, view in found.items()} == {"cc-pc": "ok", "hs-pc": "ok"}
        assert (found["cc-pc"].behind, found["cc-pc"].edits) == (0, ())
        assert (found["hs-pc"].behind, found["hs-pc"].edits) == (1, (" M CLAUDE.md",))
        seen = await roles.preflight("hs-pc")
        assert (seen.kind, seen.refusal, seen.losses) == ("switchover", "", ())
        assert (await roles.promote("hs-pc", "hs-pc")).is_over
        assert fleet.standing.role == "secondary"
        assert (await roles.promote("cc-pc", "cc-pc")).is_over
        assert (fleet.epoch, fleet.standing.role) == (EPOCH + 2, "primary")
        assert [line.event for line in read(fleet.log_path)] == ["demote", "promote", "demote"]
        assert verify(fleet.log_path).ok
    finally:
        await fleet.close()


def test_no_other_line_reaches_a_real_shell() -> None:
    line = program_line("status", "@m", "~/.claude", "main", "hs-pc", "-")
    assert read_line(line) is not None
    for other in ("touch ~/x", line.replace("clock", "touch"), f"{line}; touch ~/x"):
        assert read_line(other) is None
