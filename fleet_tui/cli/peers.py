"""`fleet-tui peers`: which sessions there are, and what is said to them and by them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from fleet_tui.cli.console import ago, emit, say, table
from fleet_tui.cli.context import open_fleet, run_async
from fleet_tui.model.errors import UsageError
from fleet_tui.model.ids import short
from fleet_tui.model.peer import OPERATOR, PROVEN, URGENCIES, parse_scope
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from fleet_tui.model.peer import Message, Peer, Reservation
    from fleet_tui.peers.service import PeerService

WAIT_SECONDS = 20.0
SCOPE_HELP = "fleet, machine=HOST, directory=HOST:/PATH or repo=NAME"


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare `peers` and what belongs to it."""
    from fleet_tui.cli import peers_more

    group = commands.add_parser("peers", help="agent sessions that see each other")
    verbs = group.add_subparsers(metavar="VERB", required=True)
    known = verbs.add_parser("list", help="list the sessions on all hosts")
    known.add_argument("--scope", default="fleet", help=SCOPE_HELP)
    known.add_argument("--known", action="store_true", help="as last seen, without asking hosts")
    known.add_argument("--refresh", action="store_true", help="ask the hosts (this is the default)")
    known.add_argument("--all", action="store_true", help="those that have ended too")
    _common(known, list_command)
    send = verbs.add_parser(
        "send", help="write to one session", usage="fleet-tui peers send PEER [options] -- TEXT"
    )
    send.add_argument("peer", help="its name, or the beginning of its session id")
    send.add_argument("--urgency", choices=URGENCIES, default="normal", help="when it is read")
    send.add_argument("--reply-to", default="", metavar="ID", help="the message this answers")
    send.add_argument("--resume", action="store_true", help="resume it if it ended; costs a turn")
    _waiting(send)
    _common(send, send_command)
    cast = verbs.add_parser(
        "broadcast",
        help="write to all sessions of a scope",
        usage="fleet-tui peers broadcast [options] -- TEXT",
    )
    cast.add_argument("--scope", default="fleet", help=SCOPE_HELP)
    cast.add_argument("--urgency", choices=URGENCIES, default="normal", help="when it is read")
    _waiting(cast)
    _common(cast, broadcast_command)
    inbox = verbs.add_parser("inbox", help="show what sessions wrote to you, or a conversation")
    inbox.add_argument("peer", nargs="?", help="only with this peer, both directions")
    inbox.add_argument("--search", metavar="TEXT", help="messages that hold a text")
    inbox.add_argument("--limit", type=int, default=50, metavar="N", help="the newest N")
    _common(inbox, inbox_command)
    peers_more.add_verbs(verbs, _common, _waiting)


def _common(parser: argparse.ArgumentParser, handler: object) -> None:
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.set_defaults(handler=handler)


def _waiting(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--wait",
        type=float,
        default=WAIT_SECONDS,
        metavar="SECONDS",
        help="how long to look for proof (default 20; 0 hands over and goes)",
    )


def prompt_text(options: argparse.Namespace) -> str:
    """Return the words after `--`; raises UsageError without any."""
    words: Sequence[str] = options.prompt_words or ()
    if not words:
        raise UsageError("write the text after `--`")
    return " ".join(words)


# --- list ---------------------------------------------------------------------------------------


def list_command(options: argparse.Namespace) -> int:
    """Look for sessions and list them."""
    return run_async(_list(options))


async def _list(options: argparse.Namespace) -> int:
    scope = parse_scope(options.scope)
    async with open_fleet(options) as fleet:
        service = fleet.parts.peers
        if not options.known:
            await service.refresh()
        found = [
            peer
            for peer in service.store.peers()
            if scope.holds(peer) and (peer.is_live or options.all)
        ]
        now = time.time()
        if options.json:
            for peer in found:
                emit("peer", peer.seen_at, **peer_fields(peer, now))
            return 0
        if found:
            heads = ("peer", "state", "age", "by", "repo", "branch", "folder", "doing")
            table([_peer_row(peer, now) for peer in found], heads)
        else:
            say("no sessions were found; start an agent on a host, or see `fleet-tui hosts`")
        for host, why in sorted(service.lookout.failures.items()):
            say(f"{host}: not asked: {one_line(why)}")
    return 0


def peer_fields(peer: Peer, now: float) -> dict[str, object]:
    """Return a peer as the JSON contract names its parts."""
    return {
        "peer": peer.name,
        "generation": peer.generation,
        "host": peer.host,
        "kind": peer.kind,
        "state": peer.state,
        "age_seconds": round(max(0.0, now - peer.seen_at), 1),
        "source": peer.source,
        "cwd": peer.cwd,
        "repo": peer.repo,
        "branch": peer.branch,
        "summary": peer.summary,
        "doing": peer.doing,
        "session": peer.session,
        "run": peer.run,
    }


def _peer_row(peer: Peer, now: float) -> tuple[str, ...]:
    state = f"{peer.state} ({peer.waits_for})" if peer.waits_for else peer.state
    age = ago(now - peer.seen_at)
    repo = peer.repo.rpartition("/")[2]
    return (
        peer.name,
        state,
        age,
        peer.source,
        repo,
        peer.branch,
        peer.cwd,
        one_line(peer.summary or peer.doing, 60),
    )


# --- send and broadcast -------------------------------------------------------------------------


def send_command(options: argparse.Namespace) -> int:
    """Write to one session and say how far it got."""
    return run_async(_send(options))


async def _send(options: argparse.Namespace) -> int:
    text = prompt_text(options)
    async with open_fleet(options) as fleet:
        service = fleet.parts.peers
        refuse_read_only(options)
        await look_if_unknown(service, options.peer)
        sent = await service.post.send(
            OPERATOR,
            options.peer,
            text,
            urgency=options.urgency,
            reply_to=options.reply_to,
            route="resume" if options.resume else None,
        )
        last = (await carry(service, [sent.id], options.wait))[0]
        if options.json:
            emit("message", last.created_at, **message_fields(last))
        else:
            say(f"{short(last.id)} to {last.recipient}: {rung_words(last)}")
    return 0 if last.rung in PROVEN else 1


async def look_if_unknown(service: PeerService, word: str) -> None:
    """Ask the hosts before a name is said to mean nobody, and for the state of whom it means."""
    try:
        known = service.post.resolve(word)
    except UsageError:
        await service.refresh()
    else:
        await service.refresh([known.host])


def refuse_read_only(options: argparse.Namespace) -> None:
    """Raise UsageError when nothing may be changed."""
    if options.read_only:
        raise UsageError("nothing is sent with --read-only")


async def carry(service: PeerService, ids: Sequence[str], seconds: float) -> list[Message]:
    """Hand these messages over, and look for proof for so long; returns how they stand."""
    import asyncio

    deadline = time.monotonic() + seconds
    while True:
        pause = await service.carry()
        found = [m for m in map(service.store.message, ids) if m is not None]
        if all(m.rung in (*PROVEN, "undeliverable") for m in found):
            return found
        left = deadline - time.monotonic()
        if left <= 0:
            return found
        await asyncio.sleep(min(pause, left, 1.0))


def broadcast_command(options: argparse.Namespace) -> int:
    """Write to all sessions of a scope and count what became of it."""
    return run_async(_broadcast(options))


async def _broadcast(options: argparse.Namespace) -> int:
    text, scope = prompt_text(options), parse_scope(options.scope)
    async with open_fleet(options) as fleet:
        service = fleet.parts.peers
        refuse_read_only(options)
        await service.refresh()
        batch = await service.broadcast(scope, text, options.urgency)
        ids = [message.id for message in service.store.messages("batch = ?", batch)]
        for message in await carry(service, ids, options.wait):
            if options.json:
                emit("message", message.created_at, **message_fields(message))
            else:
                say(f"  {message.recipient}: {rung_words(message)}")
        count = service.accounting(batch)
        if options.json:
            emit(
                "broadcast",
                time.time(),
                batch=batch,
                targets=count.total,
                seen=count.seen,
                unconfirmed=count.unconfirmed,
                gone=count.gone,
            )
        else:
            say(str(count))
    return 0 if count.seen == count.total else 1


# --- inbox --------------------------------------------------------------------------------------


def inbox_command(options: argparse.Namespace) -> int:
    """Show messages to the operator, a conversation, or what a search finds."""
    return run_async(_inbox(options))


async def _inbox(options: argparse.Namespace) -> int:
    async with open_fleet(options) as fleet:
        service = fleet.parts.peers
        await service.carry()
        if options.search:
            found = list(service.search(options.search, options.limit))[::-1]
        elif options.peer:
            peer = service.post.resolve(options.peer)
            found = list(service.conversation(peer.name, options.limit))
        else:
            found = service.store.messages(
                "recipient = ?", OPERATOR, limit=options.limit, newest=True
            )
            for sender in {message.sender for message in found if not message.is_read}:
                service.store.read_by_operator(sender)
        for message in found:
            if options.json:
                emit("message", message.created_at, **message_fields(message))
            else:
                show_message(message)
        if not found and not options.json:
            say("no messages")
    return 0


def show_message(message: Message) -> None:
    """Print a message with its rung."""
    new = "" if message.is_read else "  new"
    age = ago(time.time() - message.created_at)
    say(f"{short(message.id)}  {message.sender} > {message.recipient}  {age} ago{new}")
    say(f"  [{rung_words(message)}]")
    for line in message.text.split("\n"):
        say(f"  {line}")


def rung_words(message: Message) -> str:
    """Return how far a message got, and by what proof."""
    detail = f" ({message.detail})" if message.detail else ""
    route = f" by {message.route}" if message.route and message.route != OPERATOR else ""
    return f"{message.rung}{route}{detail}"


def message_fields(message: Message) -> dict[str, object]:
    """Return a message as the JSON contract names its parts."""
    return {
        "id": message.id,
        "from": message.sender,
        "to": message.recipient,
        "thread": message.thread,
        "urgency": message.urgency,
        "reply_to": message.reply_to or None,
        "hops": message.hops,
        "state": message.rung,
        "route": message.route,
        "proof": message.detail,
        "attempts": message.attempts,
        "batch": message.batch or None,
        "unread": not message.is_read,
        "text": message.text,
    }


def reservation_row(one: Reservation, now: float) -> tuple[str, ...]:
    """Return a reservation as a row of a table."""
    left = f"{max(0, round((one.expires_at - now) / 60))} min"
    return short(one.id), one.holder, one.path, left, one.reason, ", ".join(one.conflicts)
