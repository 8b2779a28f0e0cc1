"""The ways by which a message is put in front of a session, best first."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from fleet_tui.model.errors import FleetError, UsageError
from fleet_tui.model.peer import OPERATOR
from fleet_tui.model.request import DispatchRequest
from fleet_tui.peers import bus
from fleet_tui.peers.framing import frame, tame
from fleet_tui.transport.unix_socket import send_to_socket

if TYPE_CHECKING:
    from fleet_tui.context import FleetContext
    from fleet_tui.model.peer import Message, Peer, RouteName
    from fleet_tui.peers.bridge import Bridges
    from fleet_tui.peers.nats_post import NatsPost
    from fleet_tui.peers.settings import PeersSettings


class Carrier(Protocol):
    """One way of delivery."""

    name: RouteName

    def serves(self, peer: Peer, message: Message) -> bool:
        """Tell whether it can reach this peer as it is now."""

    async def hand(self, peer: Peer, message: Message) -> str:
        """Hand it over once; returns a few words on how. Raises FleetError, TimeoutError.

        After an error nothing was handed over, as far as can be known.
        """


class StdinCarrier:
    """Our own run's standard input; the agent itself passes over what it was told before."""

    name: RouteName = "stdin"

    def __init__(self, context: FleetContext) -> None:
        self._context = context

    def serves(self, peer: Peer, message: Message) -> bool:
        """Serve runs that we started."""
        return bool(peer.run) and peer.is_live and self._context.tell_run is not None

    async def hand(self, peer: Peer, message: Message) -> str:
        """Say it as a further user message."""
        assert self._context.tell_run is not None
        await self._context.tell_run(peer.run, message.id, frame(message))
        return "said on its standard input"


class SocketCarrier:
    """Claude Code's inbox socket; it frames the text as a peer's itself."""

    name: RouteName = "socket"

    def __init__(self, context: FleetContext) -> None:
        self._context = context

    def serves(self, peer: Peer, message: Message) -> bool:
        """Serve live sessions that opened an inbox."""
        return bool(peer.socket) and peer.is_live

    async def hand(self, peer: Peer, message: Message) -> str:
        """Write one line to the socket."""
        connection = await self._context.pool.connection(peer.host)
        said = {"type": "user", "message": {"role": "user", "content": frame(message)}}
        await send_to_socket(connection, peer.socket, json.dumps(said).encode() + b"\n")
        return "written to its inbox socket"


class BridgeCarrier:
    """A claude-peers broker that runs on the host already."""

    name: RouteName = "bridge"

    def __init__(self, bridges: Bridges) -> None:
        self._bridges = bridges

    def serves(self, peer: Peer, message: Message) -> bool:
        """Serve peers that such a broker lists."""
        return peer.source == "bridge" and peer.is_live and peer.host in self._bridges.open

    async def hand(self, peer: Peer, message: Message) -> str:
        """Leave it with the broker, for the peer's client to fetch."""
        bridge = self._bridges.open.get(peer.host)
        if bridge is None:
            raise FleetError("its claude-peers broker is out of reach", where=peer.host)
        await bridge.hand(peer, replace(message, text=tame(message.text)))
        return "left with its host's own claude-peers broker"


class NatsCarrier:
    """Another fleet, over a NATS server that keeps the message until that fleet has it."""

    name: RouteName = "nats"

    def __init__(self, post: NatsPost) -> None:
        self._post = post

    def serves(self, peer: Peer, message: Message) -> bool:
        """Serve peers of other fleets, there or not: the server keeps their mail."""
        return peer.source == "nats" and self._post.is_open

    async def hand(self, peer: Peer, message: Message) -> str:
        """Return once the server keeps it."""
        await self._post.hand(peer, message)
        return "kept by the NATS server for its fleet"


class FileCarrier:
    """An inbox of the file bus."""

    name: RouteName = "file"

    def __init__(self, context: FleetContext, settings: PeersSettings) -> None:
        self._context = context
        self._folder = settings.bus

    def serves(self, peer: Peer, message: Message) -> bool:
        """Serve inboxes of the bus."""
        return peer.kind == "file" and self._folder is not None

    async def hand(self, peer: Peer, message: Message) -> str:
        """Append one line."""
        assert self._folder is not None
        connection = await self._context.pool.connection(peer.host)
        await bus.append(connection, self._folder, peer.label, message)
        return f"appended to inbox-{peer.label}.md"


class ResumeCarrier:
    """Takes up a session that has ended with the message as its next prompt. Costs a turn."""

    name: RouteName = "resume"

    def __init__(self, context: FleetContext) -> None:
        self._context = context

    def serves(self, peer: Peer, message: Message) -> bool:
        """Serve ended sessions, and only where the sender asked for it."""
        wanted = message.route == "resume" and self._context.dispatch is not None
        return (
            wanted and not peer.is_live and bool(peer.session) and peer.kind in ("claude", "codex")
        )

    async def hand(self, peer: Peer, message: Message) -> str:
        """Send it through the gate; a peer's message opens no more than a peer may."""
        if self._context.dispatch is None or peer.kind not in ("claude", "codex"):
            raise UsageError("no run can be started from here")
        request = DispatchRequest(
            target=peer.host,
            prompt=frame(message),
            agent="claude" if peer.kind == "claude" else "codex",
            mode="read",
            origin="operator" if message.sender == OPERATOR else "peer",
            session=peer.session,
        )
        await self._context.dispatch(request)
        return "its session was resumed with it"


def choose(carriers: tuple[Carrier, ...], peer: Peer, message: Message) -> Carrier | None:
    """Return the best way to a peer, None when it must come for the message itself, or be back."""
    return next((c for c in carriers if c.serves(peer, message)), None)


async def hand(
    carriers: tuple[Carrier, ...], peer: Peer, message: Message
) -> tuple[RouteName, str]:
    """Hand a message over by the best way that works; returns which, and how.

    Raises the last way's FleetError when none worked, UsageError when there is none.
    """
    failure: FleetError = UsageError("no way leads to it now")
    for carrier in carriers:
        if not carrier.serves(peer, message):
            continue
        try:
            return carrier.name, await carrier.hand(peer, message)
        except TimeoutError:
            failure = FleetError(f"it took too long by {carrier.name}", where=peer.host)
        except FleetError as error:
            failure = error
    raise failure
