from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_tui.dispatch.backoff import MOST_ATTEMPTS, MOST_JITTER, MOST_PAUSE, resume_at
from fleet_tui.dispatch.parking import GO_ON
from fleet_tui.model.config import Budget, Defaults, FleetConfig
from fleet_tui.model.events import DispatchStarted, NoticeRaised, RunFinished
from fleet_tui.model.request import DispatchRequest
from fleet_tui.transport.base import ExitStatus
from tests.support.stage import Stage, fleet_file, staged
from tests.tui.fixed_clock import FixedClock

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_tui.model.run import Run
    from tests.support.fakes import Script, ScriptedProcess

RESET = 3600.0


class Agent:
    """Claude on a host: ends by a limit until it is told that the limit is over."""

    def __init__(self, clock: FixedClock, resets_in: float | None = RESET) -> None:
        self.clock = clock
        self.resets_in = resets_in
        self.is_limited = True
        self.lines: list[str] = []

    async def __call__(self, process: ScriptedProcess) -> ExitStatus:
        self.lines.append(process.line)
        init = {
            "permissionMode": "dontAsk",
            "claude_code_version": "2.1.329",
            "tools": ["Read"],
            "mcp_servers": [],
        }
        result: dict[str, object] = {"subtype": "success", "is_error": self.is_limited}
        result["model_usage_since_last_result"] = {"m": {"costUSD": 0.01}}
        self._say(process, type="system", subtype="init", model="claude-opus-5-5", **init)
        if self.is_limited and self.resets_in is not None:
            info = {
                "status": "rejected",
                "rateLimitType": "five_hour",
                "resetsAt": self.clock.time() + self.resets_in,
            }
            self._say(process, type="rate_limit_event", rate_limit_info=info)
            result |= {"api_error_status": 429, "result": "You've hit your 5-hour limit"}
        elif self.is_limited:
            result |= {"api_error_status": 529, "result": "Overloaded"}
        else:
            result["result"] = "all done"
        self._say(process, type="result", **result)
        return ExitStatus(code=int(self.is_limited))

    def _say(self, process: ScriptedProcess, **event: object) -> None:
        process.sink.stdout_received(json.dumps(event).encode() + b"\n")


def config(folder: Path, usd_per_day: float | None = None) -> FleetConfig:
    return fleet_file(
        folder, ["web01"], defaults=Defaults(budget_usd=0.5), budget=Budget(usd_per_day)
    )


async def begin(stage: Stage, **more: object) -> Run:
    """Dispatch a prompt that is to wait for the end of a limit, and return its end."""
    asked = {"agent": "claude", "on_limit": "wait", **more}
    (run,) = await stage.run("web01", "look at the logs", **asked)  # type: ignore[arg-type]
    return run


def started(stage: Stage) -> list[DispatchStarted]:
    return [event for event in stage.heard if isinstance(event, DispatchStarted)]


async def test_a_run_goes_on_with_its_session_when_the_limit_is_over(tmp_path: Path) -> None:
    clock = FixedClock()
    agent = Agent(clock)
    async with staged(config(tmp_path), {"web01": agent}, clock=clock) as stage:
        run = await begin(stage)
        assert (run.state, run.outcome, run.resets_at) == (
            "failed",
            "rate-limited",
            clock.time() + RESET,
        )
        parking = stage.fleet.parts.parking
        (parked,) = parking.all().values()
        assert 0 <= parked.due_at - run.resets_at <= MOST_JITTER  # type: ignore[operator]
        await parking.look()
        assert len(started(stage)) == 1, "not before its time"
        clock.advance(parked.due_at - clock.time())
        agent.is_limited = False
        await parking.look()
        (last,) = await parking.outcome([run])
        assert (last.state, last.session) == ("succeeded", run.session)
        assert f"--resume {run.session}" in agent.lines[1].replace("'", "")
        assert parking.all() == {}
        second = started(stage)[1].dispatch
        assert (second.prompt, second.origin, second.on_limit) == (GO_ON, "operator", "wait")
        assert len(stage.log("dispatch")) == len(stage.log("result")) == 2


async def test_it_keeps_the_mcp_servers_that_it_was_given(tmp_path: Path) -> None:
    clock = FixedClock()
    agent = Agent(clock)
    files = {"name": "files", "host": "web01", "command": "x", "read_only": True}
    given_files = replace(config(tmp_path), sections={"mcp": (files,)})
    async with staged(given_files, {"web01": agent}, clock=clock) as stage:
        run = await begin(stage, mcp=("files",))
        agent.is_limited = False
        (parked,) = stage.fleet.parts.parking.all().values()
        clock.advance(parked.due_at - clock.time())
        await stage.fleet.parts.parking.look()
        await stage.fleet.parts.parking.outcome([run])
        assert [line.text("mcp") for line in stage.log("dispatch")] == ["files", "files"]
        assert all("mcp__files" in line for line in agent.lines)


async def test_one_that_fails_is_left_so(tmp_path: Path) -> None:
    clock = FixedClock()
    async with staged(config(tmp_path), {"web01": Agent(clock)}, clock=clock) as stage:
        await begin(stage, on_limit="fail")
        assert stage.fleet.parts.parking.all() == {}


@pytest.mark.parametrize("origin", ["operator", "queue"])
async def test_the_default_is_for_the_operators_own_runs(origin: str, tmp_path: Path) -> None:
    clock = FixedClock()
    waits = fleet_file(tmp_path, ["web01"], defaults=Defaults(on_limit="wait"))
    async with staged(waits, {"web01": Agent(clock)}, clock=clock) as stage:
        await begin(stage, on_limit=None, origin=origin)
        assert len(stage.fleet.parts.parking.all()) == (origin == "operator")


async def test_the_pauses_grow_and_end(tmp_path: Path) -> None:
    clock = FixedClock()
    agent = Agent(clock, resets_in=None)
    pauses = []
    async with staged(config(tmp_path), {"web01": agent}, clock=clock) as stage:
        run = await begin(stage)
        parking = stage.fleet.parts.parking
        while waiting := parking.all():
            (parked,) = waiting.values()
            pauses.append(parked.due_at - clock.time())
            clock.advance(pauses[-1])
            ends = sum(isinstance(event, RunFinished) for event in stage.heard)
            await parking.look()
            await stage.until(
                lambda _, ends=ends: (  # type: ignore[misc]
                    sum(isinstance(event, RunFinished) for event in stage.heard) > ends
                )
            )
        (last,) = await parking.outcome([run])
        assert last.outcome == "overloaded"
        notices = [e.notice for e in stage.heard if isinstance(e, NoticeRaised)]
    assert len(pauses) == MOST_ATTEMPTS
    assert pauses[0] >= 60
    assert all(later >= earlier or later >= MOST_PAUSE for earlier, later in pairwise(pauses))
    (told,) = [notice.text for notice in notices if "does not go on" in notice.text]
    assert f"{MOST_ATTEMPTS + 1} times" in told


async def test_it_is_taken_up_by_the_next_program(tmp_path: Path) -> None:
    clock = FixedClock()
    agent = Agent(clock)
    scripts: dict[str, Script] = {"web01": agent}
    async with staged(config(tmp_path), scripts, clock=clock) as stage:
        run = await begin(stage)
        async with staged(config(tmp_path), scripts, clock=clock) as other:
            await other.fleet.parts.parking.start()
            assert other.fleet.parts.parking.mine == (), "its program is alive"
            assert run.id in other.fleet.parts.parking.all()
    agent.is_limited = False
    clock.advance(2 * RESET)
    async with staged(config(tmp_path), scripts, clock=clock) as later:
        parking = later.fleet.parts.parking
        await parking.start()
        await parking.look()
        (last,) = await parking.outcome([run])
        assert last.state == "succeeded"
        assert parking.all() == {}


async def test_a_parked_run_can_be_cancelled(tmp_path: Path) -> None:
    clock = FixedClock()
    agent = Agent(clock)
    async with staged(config(tmp_path), {"web01": agent}, clock=clock) as stage:
        run = await begin(stage)
        assert await stage.fleet.cancel([run.id]) == 1
        assert await stage.fleet.cancel([run.id]) == 0
        clock.advance(2 * RESET)
        await stage.fleet.parts.parking.look()
        assert len(agent.lines) == 1
        assert await stage.fleet.parts.parking.outcome([run]) == (run,)


async def test_going_on_by_hand_takes_its_place(tmp_path: Path) -> None:
    clock = FixedClock()
    agent = Agent(clock)
    async with staged(config(tmp_path), {"web01": agent}, clock=clock) as stage:
        run = await begin(stage)
        agent.is_limited = False
        request = DispatchRequest("web01", "now", "claude", session=run.session)
        await (await stage.fleet.dispatch(request)).finished
        assert stage.fleet.parts.parking.all() == {}


async def test_the_gate_is_asked_again(tmp_path: Path) -> None:
    clock = FixedClock()
    agent = Agent(clock)
    async with staged(config(tmp_path, 0.505), {"web01": agent}, clock=clock) as stage:
        run = await begin(stage)
        clock.advance(2 * RESET)
        parking = stage.fleet.parts.parking
        await parking.look()
        assert await parking.outcome([run]) == (run,)
        assert len(agent.lines) == 1
        (refused,) = stage.log("refused")
        assert "left today" in refused.text("why")


@given(
    st.none() | st.floats(allow_nan=True, allow_infinity=True),
    st.integers(1, 40),
    st.floats(0, 1),
)
def test_nothing_is_tried_at_once_and_nothing_waits_for_ever(
    resets_at: float | None, attempt: int, jitter: float
) -> None:
    now = 1_779_000_000.0
    at = resume_at(resets_at, attempt, now, jitter)
    assert now + 5 <= at <= now + 9 * 86_400 + MOST_JITTER


@pytest.mark.parametrize("attempt", [1, 3])
def test_a_reset_in_the_past_is_no_reason_to_hurry(attempt: int) -> None:
    assert resume_at(50.0, attempt, 100.0, 0.0) == 100.0 + 5.0 * 2 ** (attempt - 1)
