"""A staged fleet with daemons, whose hosts play Claude and whose clock the test moves."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from fleet_tui.health.daemons import SCREEN, Daemons
from fleet_tui.model.config import Defaults
from fleet_tui.model.events import DispatchStarted, NoticeRaised
from fleet_tui.transport.base import ExitStatus
from tests.support.stage import fleet_file, staged
from tests.tui.fixed_clock import FixedClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from fleet_tui.model.config import FleetConfig
    from fleet_tui.model.daemons_view import DutyView
    from fleet_tui.model.notice import Notice
    from tests.support.fakes import ScriptedProcess
    from tests.support.stage import Stage

HOUR = 3_600.0
SCOUT: dict[str, object] = {
    "name": "disk-scout",
    "target": "web01",
    "prompt": "Look at the disk.",
    "agent": "claude",
    "every": HOUR,
}


class Agent:
    """Claude on a host: says `answer`, or fails while `is_broken`, once `may_end` is set."""

    def __init__(self, answer: str = "plenty of room") -> None:
        self.answer = answer
        self.is_broken = False
        self.resets_at: float | None = None
        """Set: a usage limit ends it, which is over then."""
        self.lines: list[str] = []
        self.may_end = asyncio.Event()
        self.may_end.set()

    async def __call__(self, process: ScriptedProcess) -> ExitStatus:
        self.lines.append(process.line)
        init = {
            "permissionMode": "dontAsk",
            "claude_code_version": "2.1.329",
            "tools": ["Read"],
            "mcp_servers": [],
        }
        self._say(process, type="system", subtype="init", model="claude-opus-5-5", **init)
        await self.may_end.wait()
        is_bad = self.is_broken or self.resets_at is not None
        result: dict[str, object] = {"subtype": "success", "is_error": is_bad}
        result["model_usage_since_last_result"] = {"m": {"costUSD": 0.01}}
        result["result"] = self.answer
        if self.resets_at is not None:
            info = {
                "status": "rejected",
                "rateLimitType": "five_hour",
                "resetsAt": self.resets_at,
            }
            self._say(process, type="rate_limit_event", rate_limit_info=info)
            result |= {"api_error_status": 429, "result": "You've hit your 5-hour limit"}
        self._say(process, type="result", **result)
        return ExitStatus(code=int(is_bad))

    def _say(self, process: ScriptedProcess, **event: object) -> None:
        process.sink.stdout_received(json.dumps(event).encode() + b"\n")


def config(folder: Path, *daemons: dict[str, object], **defaults: object) -> FleetConfig:
    """Return a fleet of two hosts with these daemons and schedules, or with the scout."""
    every = daemons or (SCOUT,)
    sections = {
        "daemon": tuple(one for one in every if "every" in one),
        "schedule": tuple(one for one in every if "at" in one),
    }
    basis = Defaults(budget_usd=0.5, **defaults)  # type: ignore[arg-type]
    return replace(fleet_file(folder, ["web01", "web02"], defaults=basis), sections=sections)


class Site:
    """One program that runs daemons."""

    def __init__(self, stage: Stage, clock: FixedClock, agent: Agent) -> None:
        self.stage = stage
        self.clock = clock
        self.agent = agent
        self.part: Daemons = stage.fleet.parts.daemons
        self.part.take_on(self.part.duties, SCREEN)

    @property
    def starts(self) -> list[DispatchStarted]:
        """What was dispatched by this program."""
        return [event for event in self.stage.heard if isinstance(event, DispatchStarted)]

    def notices(self, event: str = "") -> list[Notice]:
        """What was told of daemons by this program."""
        told = [one.notice for one in self.stage.heard if isinstance(one, NoticeRaised)]
        return [n for n in told if n.id.startswith("daemon") and event in ("", n.event)]

    async def tick(self, after: float = 0.0) -> None:
        """Let time pass, look once, and wait for the end of what began, if it may end."""
        self.clock.advance(after)
        await self.part.tick()
        if self.agent.may_end.is_set():
            await self.part.settled()

    async def row(self, name: str = "disk-scout") -> DutyView:
        """Return the picture of one."""
        row = (await self.part.look()).duty(name)
        assert row is not None
        return row


@asynccontextmanager
async def site(
    config: FleetConfig,
    *,
    clock: FixedClock | None = None,
    agent: Agent | None = None,
    is_read_only: bool = False,
) -> AsyncIterator[Site]:
    """Open a program."""
    clock, agent = clock or FixedClock(), agent or Agent()
    scripts = {"web01": agent, "web02": agent}
    async with staged(config, scripts, clock=clock, is_read_only=is_read_only) as stage:
        yield Site(stage, clock, agent)
