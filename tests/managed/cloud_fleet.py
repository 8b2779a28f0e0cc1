"""A fleet whose cloud is the stand-in on loopback, talked to with the real SDK."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fleet_tui.managed.patience import Patience
from fleet_tui.managed.service import ManagedAgents
from fleet_tui.model.events import NoticeRaised
from fleet_tui.model.managed_view import RESTING
from tests.support.stage import Stage, fleet_file, staged

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from fleet_tui.demo.managed_api import ManagedApi
    from fleet_tui.managed.follower import Follower
    from fleet_tui.managed.story import Story
    from fleet_tui.model.clock import Clock
    from fleet_tui.model.config import Budget, FleetConfig
    from fleet_tui.model.managed_view import ManagedSession

KEY_VARIABLE = "FLEET_TEST_CLOUD_KEY"
AGENT, ENVIRONMENT = "agent_01Test", "env_01Test"
HASTE = Patience(first=0.01, longest=0.02)
"""Pauses that nobody notices."""


def config_for(
    folder: Path, api: ManagedApi, budget: Budget | None = None, **section: object
) -> FleetConfig:
    """Return a fleet of one host with a `[managed]` section."""
    about = {
        "agent": AGENT,
        "environment": ENVIRONMENT,
        "key_env": KEY_VARIABLE,
        "base_url": api.url,
        "budget_usd": 0.5,
        "max_parallel": 3,
        **section,
    }
    kept = {key: value for key, value in about.items() if value is not None}
    return replace(fleet_file(folder, ["web01"], budget=budget), sections={"managed": kept})


@dataclass(slots=True)
class CloudFleet:
    """The fleet, its cloud sessions, and the service."""

    stage: Stage
    agents: ManagedAgents
    api: ManagedApi

    async def start(self, prompt: str = "look around", **more: object) -> ManagedSession:
        """Start a session."""
        return await self.agents.orders.start(prompt, **more)  # type: ignore[arg-type]

    def kept(self, session: ManagedSession) -> ManagedSession:
        """Return what is kept of a session now."""
        return self.agents.named(session.id)

    async def until(self, session: ManagedSession, condition: Callable[[Story], bool]) -> Follower:
        """Follow a session until its story, which has been kept, fulfils `condition`."""
        follower = self.agents.follow(session)
        while not condition(follower.story):
            await follower.changed()
        return follower

    async def until_kept(
        self, session: ManagedSession, condition: Callable[[ManagedSession], bool]
    ) -> Follower:
        """Follow a session until what is kept of it fulfils `condition`."""
        follower = self.agents.follow(session)
        while not condition(self.kept(session)):
            await follower.changed()
        return follower

    async def until_rest(self, session: ManagedSession) -> Follower:
        """Follow a session until it does nothing more, and that is kept."""
        follower = self.agents.follow(session)
        while not (follower.story.is_at_rest and self.kept(session).state in RESTING):
            await follower.changed()
        return follower

    def logged(self, do: str = "") -> list[tuple[str, str]]:
        """Return what the log says was done, each with its status; empty for what comes before."""
        lines = self.stage.log("managed")
        return [(x.text("do"), x.text("status")) for x in lines if do in ("", x.text("do"))]

    def notices(self) -> list[str]:
        """Return the events of the notices that were raised."""
        return [e.notice.event for e in self.stage.heard if isinstance(e, NoticeRaised)]


@asynccontextmanager
async def cloud_fleet(
    config: FleetConfig, api: ManagedApi, *, clock: Clock | None = None, look_seconds: float = 30.0
) -> AsyncIterator[CloudFleet]:
    """Open the fleet, and close it."""
    async with staged(config, {}, clock=clock) as stage:
        agents = ManagedAgents(
            stage.fleet.parts._context, patience=HASTE, look_seconds=look_seconds
        )
        try:
            yield CloudFleet(stage, agents, api)
        finally:
            await agents.close()
