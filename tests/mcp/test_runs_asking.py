"""A run that may ask is verified before its prompt is sent, and asks before it uses a tool."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fleet_tui.config import load
from fleet_tui.fleet import Fleet
from fleet_tui.model.question import Allow
from fleet_tui.model.request import DispatchRequest
from tests.mcp.asked import PEER
from tests.mcp.given import SUM, declared, machine

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_tui.model.events import Event

PATIENCE = 60.0


async def test_it_asks_before_it_uses_a_tool_of_a_server_it_was_given(tmp_path: Path) -> None:
    with machine(tmp_path, "claude", declared("sums", host="box", command=PEER)) as given:
        fleet = Fleet(load(given.program.config))
        await fleet.open()
        changed = asyncio.Event()

        def heard(_: Event) -> None:
            changed.set()

        fleet.bus.subscribe(heard)
        try:
            live = await fleet.dispatch(
                DispatchRequest(
                    "box", SUM.format("sums"), mode="write", can_ask=True, mcp=("sums",)
                )
            )
            (run,) = live.tasks
            async with asyncio.timeout(PATIENCE):
                while not (task := fleet.task(run)) or not task.is_asking:
                    await changed.wait()
                    changed.clear()
                assert task.conversation is not None
                (question,) = task.conversation.questions()
                assert question.tool == "mcp__sums__add"
                await fleet.answer(run, question.id, Allow())
                (ended,) = await live.finished
            assert (ended.state, ended.reason) == ("succeeded", "")
            assert "the sum is 42" in given.told
            again = await fleet.retry([run])
            assert again.dispatch.mcp == "sums"
            await fleet.cancel([*again.tasks])
            await again.finished
        finally:
            await fleet.close()
