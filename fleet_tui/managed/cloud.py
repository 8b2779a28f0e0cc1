"""The service as this program uses it: the only module that knows the SDK's calls.

The SDK is imported in a thread when it is first needed; that takes a second. It repeats nothing by
itself: whether a request may be repeated is decided by those who know what it does.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from fleet_tui.managed.events import list_cost, read_event, status_of, unix_time
from fleet_tui.managed.faults import lost, translated
from fleet_tui.model.errors import FleetError
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from fleet_tui.managed.events import CloudEvent
    from fleet_tui.managed.settings import ManagedSettings
    from fleet_tui.model.managed_view import ManagedSession, ManagedState

LIBRARY = "anthropic"
INSTALL = "install it: `pip install 'fleet-tui[cloud]'`"
OUR_ID = "fleet_tui_id"
"""The key of a session's metadata that holds our id."""
ANSWER_SECONDS = 60.0
SILENT_SECONDS = 90.0
"""How long a stream may be silent; the service sends pings on one that is well."""
LOOK_BACK_SECONDS = 300.0
"""By how much the service's clock may be behind ours when a session is looked for."""
MOST_LOOKED_AT = 1_000


def has_library() -> bool:
    """Return whether the SDK is installed, without loading it."""
    return find_spec(LIBRARY) is not None


@dataclass(frozen=True, slots=True)
class Answered:
    """What the service says of a session."""

    session: str
    state: ManagedState | None
    cost_usd: float | None
    model: str
    is_archived: bool = False


class Cloud:
    """One client of the service; belongs to its loop. Every method raises CloudError."""

    def __init__(self, sdk: Any, client: Any, settings: ManagedSettings) -> None:
        self._sdk = sdk
        self._client = client
        self._sessions = client.beta.sessions
        self._settings = settings

    @classmethod
    async def open(cls, settings: ManagedSettings, key: str) -> Cloud:
        """Load the SDK and make a client; raises FleetError when it is not installed."""
        if not has_library():
            raise FleetError(
                "cloud sessions need the anthropic library, which is not installed", mend=INSTALL
            )
        sdk, client = await asyncio.to_thread(_load, settings, key)
        return cls(sdk, client, settings)

    async def close(self) -> None:
        """Let the connections go."""
        await self._client.close()

    async def create(self, session: ManagedSession) -> Answered:
        """Start a session with its prompt, its budget and our id, all in one request."""
        with translated(self._sdk):
            made = await self._sessions.create(
                agent=self._agent(session.agent),
                environment_id=session.environment,
                title=session.title or None,
                metadata={OUR_ID: session.id},
                budget=_limit(session.budget_usd),
                initial_events=[_message(session.prompt)],
            )
        return _answered(_plain(made))

    async def find(self, session: ManagedSession) -> Answered | None:
        """Return the session that has our id; None when the service has none."""
        with translated(self._sdk):
            looked_at = 0
            async for found in self._sessions.list(
                agent_id=session.agent,
                created_at_gte=_rfc3339(session.created_at - LOOK_BACK_SECONDS),
                include_archived=True,
                order="asc",
            ):
                plain = _plain(found)
                if (plain.get("metadata") or {}).get(OUR_ID) == session.id:
                    return _answered(plain)
                looked_at += 1
                if looked_at >= MOST_LOOKED_AT:
                    break
        return None

    async def look(self, session: str) -> Answered:
        """Return what the service says of a session now."""
        with translated(self._sdk):
            return _answered(_plain(await self._sessions.retrieve(session)))

    async def events(self, session: str) -> list[CloudEvent]:
        """Return all that has happened, oldest first."""
        with translated(self._sdk):
            listed = self._sessions.events.list(session, order="asc")
            return [read_event(_plain(event)) async for event in listed]

    async def newest(self, session: str, limit: int) -> list[CloudEvent]:
        """Return what happened last, newest first."""
        newest: list[CloudEvent] = []
        with translated(self._sdk):
            async for event in self._sessions.events.list(session, order="desc", limit=limit):
                newest.append(read_event(_plain(event)))
                if len(newest) == limit:
                    break
        return newest

    async def stream(self, session: str) -> AsyncGenerator[CloudEvent | None, None]:
        """Yield what happens from now on; the first value is None, and says that it listens."""
        with translated(self._sdk):
            stream = await self._sessions.events.stream(
                session, event_deltas=["agent.message"], timeout=SILENT_SECONDS
            )
        async with stream:
            yield None
            try:
                with translated(self._sdk):
                    async for event in stream:
                        yield read_event(_plain(event))
            except self._broken as error:
                raise lost(error) from None

    async def say(self, session: str, text: str) -> None:
        """Send a text."""
        await self._send(session, _message(text))

    async def interrupt(self, session: str) -> None:
        """Ask it to stop what it does."""
        await self._send(session, {"type": "user.interrupt"})

    async def decide(self, session: str, use: str, is_allowed: bool, why: str) -> None:
        """Allow or deny one use of a tool."""
        said: dict[str, object] = {
            "type": "user.tool_confirmation",
            "tool_use_id": use,
            "result": "allow" if is_allowed else "deny",
        }
        if why and not is_allowed:
            said["deny_message"] = why
        await self._send(session, said)

    async def cap(self, session: str, usd: float) -> None:
        """Give a session another budget; the same one again changes nothing."""
        with translated(self._sdk):
            await self._sessions.update(session, budget=_limit(usd))

    async def archive(self, session: str) -> None:
        """End a session for good; it can be read on."""
        with translated(self._sdk):
            await self._sessions.archive(session)

    async def _send(self, session: str, event: Mapping[str, object]) -> None:
        with translated(self._sdk):
            await self._sessions.events.send(session, events=[event])

    def _agent(self, agent: str) -> object:
        """Return the agent, with its tools replaced where fleet.toml says how they are used."""
        if self._settings.tools == "agent":
            return agent
        policy = "always_ask" if self._settings.asks_first else "always_allow"
        toolset = {
            "type": "agent_toolset_20260401",
            "default_config": {"enabled": True, "permission_policy": {"type": policy}},
        }
        return {"type": "agent_with_overrides", "id": agent, "tools": [toolset]}

    @property
    def _broken(self) -> type[BaseException]:
        """The transport's error for a connection that ends in the middle of an answer."""
        error: type[BaseException] = import_module("httpx2").TransportError
        return error


def cents(usd: float) -> int:
    """Return an amount in whole cents, never more than it."""
    return int(usd * 100 + 1e-6)


def _load(settings: ManagedSettings, key: str) -> tuple[Any, Any]:
    """Import the SDK and make a client whose parts are loaded; takes a second, in a thread.

    The key is always given, so that the SDK looks for no other; a proxy of the environment is not
    asked for what is on this machine.
    """
    sdk = import_module(LIBRARY)
    is_here = settings.base_url.startswith("http://")
    client = sdk.AsyncAnthropic(
        api_key=key,
        base_url=settings.base_url or None,
        max_retries=0,
        timeout=ANSWER_SECONDS,
        open_telemetry=False,
        http_client=sdk.DefaultAsyncHttpxClient(trust_env=not is_here),
    )
    _ = client.beta.sessions.events
    return sdk, client


def _plain(model: Any) -> dict[str, Any]:
    """Return an answer of the SDK as a mapping, whatever it took it for."""
    if isinstance(model, dict):
        return model
    plain: dict[str, Any] = model.to_dict(mode="json", warnings=False)
    return plain


def _answered(plain: Mapping[str, Any]) -> Answered:
    agent = plain.get("agent") or {}
    model = agent.get("model") or {}
    return Answered(
        session=str(plain.get("id", "")),
        state=status_of(str(plain.get("status", ""))),
        cost_usd=list_cost(plain.get("usage") or {}),
        model=one_line(str(model.get("id", "") if isinstance(model, dict) else model), 80),
        is_archived=unix_time(plain.get("archived_at")) is not None,
    )


def _message(text: str) -> dict[str, object]:
    return {"type": "user.message", "content": [{"type": "text", "text": text}]}


def _limit(usd: float) -> dict[str, object]:
    return {
        "type": "limit",
        "max_list_cost": {"amount": str(cents(usd)), "currency": "USD"},
    }


def _rfc3339(unix_seconds: float) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(unix_seconds, UTC).isoformat().replace("+00:00", "Z")
