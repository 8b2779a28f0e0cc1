"""`fleet-tui notify`: tells something on the routes of fleet.toml, and proves them."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from fleet_tui.cli.console import emit, iso_time, say, table
from fleet_tui.cli.context import open_fleet, run_async
from fleet_tui.cli.notify_hooks import install
from fleet_tui.model.errors import UsageError

if TYPE_CHECKING:
    import argparse

    from fleet_tui.fleet import Fleet
    from fleet_tui.notify.message import ServiceAnswer

SEND_SECONDS = 20.0
"""How long the command waits for the services; what is left goes out at the next start."""
VERBS = ("test", "list", "ack", "install-hook")


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare `notify`."""
    parser = commands.add_parser(
        "notify",
        help="tell something on every route, prove the routes, see how far notices got",
        description="`notify TEXT` tells it. `notify test [ROUTE]` sends a test on each route and "
        "shows the answer, `notify list` shows notices and how far each got, `notify ack ID` says "
        "that you know of one. `notify install-hook HOST` lets the agent there tell when it stops "
        "or wants something; it shows first what it writes into the settings. A text that is one "
        "of these words goes after `--`.",
    )
    parser.add_argument("words", nargs="*", metavar="TEXT", help="what to tell, or a word above")
    parser.add_argument(
        "--severity", choices=("info", "warning", "error"), default="info", help="how bad it is"
    )
    parser.add_argument("--source", default="fleet", help="the host it is about")
    parser.add_argument("--event", default="note", help="what kind of thing it is, one word")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--yes", action="store_true", help="install-hook: do not ask")
    parser.add_argument("--undo", action="store_true", help="install-hook: take the hooks out")
    parser.set_defaults(handler=lambda options: run_async(_notify(options)))


async def _notify(options: argparse.Namespace) -> int:
    words = list(options.words)
    verb = words[0] if words and words[0] in VERBS and options.prompt_words is None else ""
    async with open_fleet(options) as fleet:
        if verb not in ("list", "install-hook"):
            fleet.require_keeping()
        if verb == "test":
            return await _test(fleet, words[1:], is_json=options.json)
        if verb == "list":
            return await _list(fleet, is_json=options.json)
        if verb == "ack":
            return await _acknowledge(fleet, words[1:])
        if verb == "install-hook":
            return await install(fleet, words[1:], options)
        text = " ".join([*words, *(options.prompt_words or ())])
        return await _tell(fleet, text or _from_stdin(), options)


def _from_stdin() -> str:
    if sys.stdin.isatty():
        raise UsageError("nothing to tell", mend='fleet-tui notify "text", or text on its input')
    return sys.stdin.read(1 << 16)


async def _tell(fleet: Fleet, text: str, options: argparse.Namespace) -> int:
    if not text.strip():
        raise UsageError("nothing to tell", mend='fleet-tui notify "text"')
    desk = fleet.parts.notices
    notice = await desk.tell(desk.new(options.severity, options.event, options.source, text))
    await desk.flush(SEND_SECONDS)
    [deliveries] = [found for known, _, found in desk.outbox.recent() if known.id == notice.id]
    for delivery in deliveries:
        if options.json:
            emit(
                "delivery",
                delivery.since,
                notice=notice.id,
                route=delivery.route,
                state=delivery.state,
                answer=delivery.answer,
            )
        else:
            say(f"{delivery.route}: {delivery.state} {delivery.answer}".rstrip())
    if not deliveries:
        say("kept for the screen; no route of fleet.toml takes it")
    return 1 if any(delivery.state == "failed" for delivery in deliveries) else 0


async def _test(fleet: Fleet, names: list[str], *, is_json: bool) -> int:
    desk = fleet.parts.notices
    if not desk.routes:
        raise UsageError(
            "there is no route", mend="add a [[notify]] to fleet.toml, or set CLAUDE_NOTIFY_URL"
        )
    unknown = [name for name in names if name not in desk.routes]
    if unknown:
        raise UsageError(
            f"no route is called {unknown[0]!r}", mend=f"routes are {', '.join(desk.routes)}"
        )
    is_well = True
    for name in names or desk.routes:
        answer = await desk.test(name)
        is_well = is_well and answer.state == "accepted"
        _print_answer(name, desk.routes[name].kind, answer, is_json=is_json)
    return 0 if is_well else 1


def _print_answer(name: str, kind: str, answer: ServiceAnswer, *, is_json: bool) -> None:
    if is_json:
        emit(
            "route-tested", time.time(), route=name, kind=kind, state=answer.state, text=answer.text
        )
        return
    mark = {"accepted": "✓", "again": "…", "refused": "✗"}[answer.state]
    say(f"{mark} {name} ({kind}): {answer.state}, {answer.text}")


async def _list(fleet: Fleet, *, is_json: bool) -> int:
    rows: list[tuple[str, ...]] = []
    for notice, acked_at, deliveries in fleet.parts.notices.outbox.recent():
        if is_json:
            emit(
                "notice",
                notice.at,
                id=notice.id,
                severity=notice.severity,
                kind=notice.event,
                host=notice.source,
                text=notice.text,
                count=notice.count,
                run=notice.run,
                acknowledged_at=acked_at and iso_time(acked_at),
                deliveries=[
                    {
                        "route": one.route,
                        "state": one.state,
                        "since": iso_time(one.since),
                        "attempts": one.attempts,
                        "answer": one.answer,
                    }
                    for one in deliveries
                ],
            )
            continue
        proof = ", ".join(f"{one.route} {one.state}" for one in deliveries) or "screen only"
        times = f" ×{notice.count}" if notice.count > 1 else ""  # noqa: RUF001
        rows.append(
            (
                iso_time(notice.at)[:19],
                notice.severity,
                notice.source,
                notice.text + times,
                "acknowledged" if acked_at else proof,
                notice.id,
            )
        )
    if not is_json:
        table(rows, ("when", "severity", "source", "what happened", "how far", "id"))
    return 0


async def _acknowledge(fleet: Fleet, notices: list[str]) -> int:
    if not notices:
        raise UsageError("which notice", mend="`fleet-tui notify list` names them")
    changed = await fleet.parts.notices.acknowledge(notices, fleet.by)
    say(f"{changed} acknowledged")
    return 0 if changed else 1
