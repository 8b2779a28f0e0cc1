"""A session that was handed over runs nowhere but where it is, however it is named."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import pytest

from fleet_tui.dispatch.moved_gate import ask_tombstone
from fleet_tui.handoff.plan import HandoffRequest
from fleet_tui.journal import read
from fleet_tui.model.agent import AgentRequest
from fleet_tui.model.errors import Refused
from fleet_tui.model.host import Host
from fleet_tui.model.request import DispatchRequest
from tests.handoff.planted import SESSION, plant_claude
from tests.handoff.test_cut_off import fleet_of_two

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_tui.transport.base import Connection


def asked(host: str, *, forks: bool = False) -> DispatchRequest:
    return DispatchRequest(host, "go on", "claude", session=SESSION, forks=forks)


@pytest.mark.parametrize("forks", [False, True])
async def test_who_knows_of_it_refuses_before_anything_is_logged(
    forks: bool, tmp_path: Path
) -> None:
    plant_claude(tmp_path / "old")
    async with fleet_of_two(tmp_path) as fleet:
        await fleet.parts.handoff.hand_off(HandoffRequest("r-1", "new"))
        with pytest.raises(Refused, match="not on old but on new"):
            await fleet.dispatch(asked("old", forks=forks))
        with pytest.raises(Refused, match="not on old but on new"):
            await fleet.dispatch(asked("old,new", forks=forks))
        events = [line.event for line in read(fleet.log_path)]
        assert events.count("refused") == 2
        assert "dispatch" not in events
        await fleet.parts.handoff.take_back("r-1")
        with pytest.raises(Refused, match="not on new but on old"):
            await fleet.dispatch(asked("new", forks=forks))


@pytest.mark.parametrize("forks", [False, True])
async def test_who_knows_nothing_of_it_is_told_by_the_host(forks: bool, tmp_path: Path) -> None:
    plant_claude(tmp_path / "old")
    async with fleet_of_two(tmp_path) as fleet:
        await fleet.parts.handoff.hand_off(HandoffRequest("r-1", "new"))
        shutil.rmtree(tmp_path / "data" / "handoffs")
        (there,) = await (await fleet.dispatch(asked("old", forks=forks))).finished
        assert (there.state, there.outcome, there.started_at) == ("failed", "refused", None)
        assert "handed from old to new" in there.reason
        (here,) = await (await fleet.dispatch(asked("new", forks=forks))).finished
        assert here.outcome != "refused"
        assert here.started_at is not None
        (fresh,) = await (await fleet.dispatch(DispatchRequest("old", "hi", "claude"))).finished
        assert fresh.started_at is not None


async def test_a_host_that_does_not_answer_in_time_may_have_it_handed_away() -> None:
    class Slow:
        host = Host("old")

        async def run(self, line: str, **limits: object) -> None:
            raise TimeoutError

    request = AgentRequest("r-1", "claude", "go on", "read", SESSION, resumes=True)
    with pytest.raises(Refused, match="old did not say in time"):
        await ask_tombstone(cast("Connection", Slow()), request)
    await ask_tombstone(cast("Connection", Slow()), replace(request, resumes=False))
