"""`fleet-tui managed`: sessions in the cloud, listed, started, talked to, stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.cli.console import ago, complain, emit, say, table
from fleet_tui.cli.context import open_fleet, run_async
from fleet_tui.cli.managed_lines import follow, print_lines, session_fields
from fleet_tui.dispatch.costs import dollars
from fleet_tui.model.errors import UsageError
from fleet_tui.model.ids import short
from fleet_tui.model.managed_view import GO_ON, OVER

if TYPE_CHECKING:
    import argparse
    from collections.abc import Awaitable, Callable

    from fleet_tui.fleet import Fleet
    from fleet_tui.managed.service import ManagedAgents
    from fleet_tui.model.managed_view import ManagedAsk, ManagedRow, ManagedSession

LISTED = 20


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare `managed` and its verbs."""
    managed = commands.add_parser("managed", help="sessions in Anthropic's cloud")
    verbs = managed.add_subparsers(metavar="VERB", required=True)
    listing = _verb(verbs, "list", "every session, as the service says it stands now", _list)
    listing.add_argument("--all", action="store_true", help="also those that are over")
    start = _verb(verbs, "start", "start a session; the prompt stands after --", _start)
    start.add_argument("--title", default="", help="how lists call it; else its prompt")
    start.add_argument("--budget", type=float, metavar="USD", help="what it may cost in all")
    send = _verb(verbs, "send", "say something to a session; the text stands after --", _send)
    told = "raise the budget of a session that stopped at it, and let it go on"
    budget = _verb(verbs, "budget", told, _raise_budget)
    stop = _verb(verbs, "stop", "stop what a session does; it can be talked to then", _stop)
    archive = _verb(verbs, "archive", "end a session for good; it can be read on", _archive)
    allow = _verb(verbs, "allow", "let a session use the tool it asks for", _allow)
    deny = _verb(verbs, "deny", "do not let it; the reason may stand after --", _deny)
    show = _verb(verbs, "show", "what was said in a session, and how it stands", _show)
    show.add_argument("--tail", type=int, default=40, metavar="N", help="only the last N lines")
    attach = _verb(verbs, "attach", "what is said in a session, and goes on being said", _attach)
    for verb in (send, budget, stop, archive, allow, deny, show, attach):
        verb.add_argument("id", metavar="ID", help="its id, or the end of it")
    budget.add_argument("usd", type=float, metavar="USD", help="what it may cost in all from now")
    for verb in (allow, deny):
        verb.add_argument("use", nargs="?", default="", help="which use, when it asks for several")
    for verb in (start, send, budget):
        verb.add_argument("--follow", action="store_true", help="stay until it rests")
    attach.add_argument("--until-idle", action="store_true", help="only until it rests")
    for verb in (listing, start, send, budget, show, attach):
        verb.add_argument("--json", action="store_true", help="one JSON object a line")


def _verb(
    verbs: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    told: str,
    run: Callable[[Fleet, argparse.Namespace], Awaitable[int]],
) -> argparse.ArgumentParser:
    async def main(options: argparse.Namespace) -> int:
        async with open_fleet(options) as fleet:
            return await run(fleet, options)

    parser = verbs.add_parser(name, help=told, description=told)
    parser.set_defaults(handler=lambda options: run_async(main(options)))
    return parser


async def _list(fleet: Fleet, options: argparse.Namespace) -> int:
    agents = fleet.parts.managed
    known = agents.sessions()
    wanted = known if options.all else [one for one in known if one.state not in OVER][:LISTED]
    problem = agents.deafness()
    rows = [agents.row(one) for one in wanted] if problem else await agents.refresh_all(wanted)
    now = fleet.clock.time()
    if options.json:
        for row in rows:
            emit("managed-session", now, **session_fields(row, now))
    else:
        _print_list(agents, rows, now, is_hidden=len(known) > len(wanted))
    if problem:
        complain(f"these are the last words that were heard: {problem}")
    for row in rows:
        if row.trouble and not options.json:
            complain(f"{short(row.session.id)}: {row.trouble}")
    return 4 if any(row.trouble for row in rows) else 1 if problem and rows else 0


def _print_list(
    agents: ManagedAgents, rows: list[ManagedRow], now: float, *, is_hidden: bool
) -> None:
    head = ("id", "state", "since", "heard", "cost", "of", "title", "last word")
    if rows:
        table([_cells(row, now) for row in rows], head)
    else:
        say("no session is open" + ("; --all shows those that are over" if is_hidden else ""))
    view = agents.view()
    cap = f" of {dollars(view.cap_usd)}" if view.cap_usd is not None else ""
    say(
        f"{view.active} of {view.max_parallel} active, {dollars(view.spent_usd)}{cap} spent today, "
        f"{dollars(view.reserved_usd)} may still be"
    )


def _cells(row: ManagedRow, now: float) -> tuple[str, ...]:
    session = row.session
    heard = session.heard_at
    return (
        short(session.id),
        session.shown_state(now),
        ago(now - session.state_at),
        f"{ago(now - heard)} ago" if heard else "never",
        "?" if session.cost_usd is None else dollars(session.cost_usd),
        dollars(session.budget_usd),
        session.title[:30],
        (row.asks[0].text if row.asks else session.why or session.last_word)[:60],
    )


async def _start(fleet: Fleet, options: argparse.Namespace) -> int:
    fleet.require_leading()
    agents = fleet.parts.managed
    session = await agents.orders.start(
        _after_dashes(options, "a prompt"), title=options.title, budget_usd=options.budget
    )
    if options.json:
        emit("managed-started", fleet.clock.time(), **_fields(agents, session, fleet))
    else:
        complain(
            f"{short(session.id)} is {session.session}, at most {dollars(session.budget_usd)}; "
            f"`fleet-tui managed attach {short(session.id)}` shows it"
        )
    return await follow(fleet, session, options) if options.follow else 0


async def _send(fleet: Fleet, options: argparse.Namespace) -> int:
    fleet.require_leading()
    agents = fleet.parts.managed
    session = agents.named(options.id)
    text = _after_dashes(options, "a text")
    await agents.orders.send(session, text)
    if options.follow:
        return await follow(fleet, session, options, said=text)
    if options.json:
        emit("managed-sent", fleet.clock.time(), **_fields(agents, session, fleet))
    return 0


async def _raise_budget(fleet: Fleet, options: argparse.Namespace) -> int:
    fleet.require_leading()
    agents = fleet.parts.managed
    row = await agents.refresh(agents.named(options.id))
    text = " ".join(options.prompt_words or ()) or GO_ON
    await agents.orders.raise_budget(row.session, options.usd, text)
    session = agents.named(options.id)
    if options.follow:
        return await follow(fleet, session, options, said=text)
    if options.json:
        emit("managed-budget", fleet.clock.time(), **_fields(agents, session, fleet))
    else:
        complain(f"{short(session.id)} goes on, at most {dollars(session.budget_usd)} in all")
    return 0


async def _stop(fleet: Fleet, options: argparse.Namespace) -> int:
    fleet.require_leading()
    agents = fleet.parts.managed
    await agents.orders.stop(agents.named(options.id))
    return 0


async def _archive(fleet: Fleet, options: argparse.Namespace) -> int:
    fleet.require_leading()
    agents = fleet.parts.managed
    await agents.orders.archive(agents.named(options.id))
    return 0


async def _allow(fleet: Fleet, options: argparse.Namespace) -> int:
    if options.prompt_words:
        raise UsageError("allow takes no reason", mend="leave what stands after -- out")
    return await _decide(fleet, options, is_allowed=True)


async def _deny(fleet: Fleet, options: argparse.Namespace) -> int:
    return await _decide(fleet, options, is_allowed=False)


async def _decide(fleet: Fleet, options: argparse.Namespace, *, is_allowed: bool) -> int:
    fleet.require_leading()
    agents = fleet.parts.managed
    session = agents.named(options.id)
    ask = _chosen(session, await agents.asks(session), options.use)
    why = " ".join(options.prompt_words or ())
    await agents.orders.decide(session, ask, is_allowed=is_allowed, why=why)
    complain(f"{'allowed' if is_allowed else 'denied'} {ask.tool}: {ask.text}")
    return 0


def _chosen(session: ManagedSession, asks: tuple[ManagedAsk, ...], use: str) -> ManagedAsk:
    """Return the use that a person means; with several, it must be named."""
    found = [ask for ask in asks if use in ("", ask.use)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise UsageError("it asks for no such thing", where=short(session.id))
    listed = "; ".join(f"{ask.use} {ask.tool}: {ask.text[:60]}" for ask in found)
    raise UsageError(
        f"it asks for {len(found)} things: {listed}",
        where=short(session.id),
        mend="name one by its id",
    )


async def _show(fleet: Fleet, options: argparse.Namespace) -> int:
    if options.tail < 1:
        raise UsageError("--tail takes a number from 1")
    agents = fleet.parts.managed
    session = agents.named(options.id)
    row = await agents.refresh(session)
    lines = await agents.lines(session.id) if not row.trouble else ()
    now = fleet.clock.time()
    if options.json:
        emit("managed-session", now, **session_fields(row, now))
    print_lines(session.id, lines[-options.tail :], now, is_json=options.json)
    if not options.json:
        _tell_how_it_stands(row, now)
    if row.trouble:
        complain(f"{short(session.id)}: {row.trouble}")
        return 4
    return 0


def _tell_how_it_stands(row: ManagedRow, now: float) -> None:
    session = row.session
    cost = "unknown" if session.cost_usd is None else dollars(session.cost_usd)
    why = f", {session.why}" if session.why else ""
    complain(
        f"{short(session.id)} {session.shown_state(now)} for {ago(now - session.state_at)}, "
        f"cost {cost} of {dollars(session.budget_usd)}{why}"
    )
    for ask in row.asks:
        complain(f"it asks to use {ask.tool} ({ask.use}): {ask.text}")


async def _attach(fleet: Fleet, options: argparse.Namespace) -> int:
    session = fleet.parts.managed.named(options.id)
    return await follow(fleet, session, options, stays=not options.until_idle)


def _fields(agents: ManagedAgents, session: ManagedSession, fleet: Fleet) -> dict[str, object]:
    return session_fields(agents.row(agents.named(session.id)), fleet.clock.time())


def _after_dashes(options: argparse.Namespace, what: str) -> str:
    words = options.prompt_words
    if not words:
        raise UsageError(f"{what} is missing", mend="give it after --")
    return " ".join(words)
