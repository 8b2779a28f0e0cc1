"""`fleet-tui queue`: the shared task queue without a screen."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from fleet_tui.cli import queue_migrate, queue_tasks
from fleet_tui.cli.console import ago, complain, emit, say, table
from fleet_tui.cli.context import open_fleet, run_async
from fleet_tui.model.queue_view import PROMISE
from fleet_tui.model.run import AgentName
from fleet_tui.model.task import TASK_STATES

if TYPE_CHECKING:
    import argparse
    from collections.abc import Awaitable, Callable

    from fleet_tui.fleet import Fleet
    from fleet_tui.model.queue_view import TaskDetail, TaskRow

    Act = Callable[[Fleet, argparse.Namespace], Awaitable[int]]

FOLLOW_SECONDS = 0.3


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare `queue` and what belongs to it."""
    parser = commands.add_parser("queue", help=f"the shared task queue ({PROMISE})")
    verbs = parser.add_subparsers(metavar="VERB", required=True)

    def verb(name: str, act: Act, told: str) -> argparse.ArgumentParser:
        made = verbs.add_parser(name, help=told)
        made.set_defaults(handler=lambda options: _run(act, options))
        return made

    _declare_add(verb("add", queue_tasks.add, "put tasks on it"))
    made = verb("list", _list, "list tasks, and say why pending ones wait")
    made.add_argument("--state", choices=TASK_STATES, action="append", help="only this state")
    made.add_argument("--tag", help="only tasks with this tag")
    made.add_argument("--json", action="store_true", help="one JSON object a line")
    made = verb("show", _show, "show a task, its attempts and its result")
    made.add_argument("task", help="its name, or a part of it")
    made.add_argument("-f", "--follow", action="store_true", help="stay until its run has ended")
    made.add_argument("--json", action="store_true", help="one JSON object")
    for name, act, told in (
        ("retry", _retry, "put failed, cancelled or quarantined tasks back"),
        ("cancel", _cancel, "end tasks that have not ended, and their runs"),
        ("hold", _hold, "keep pending tasks from being taken"),
        ("unhold", _unhold, "let held tasks be taken again"),
    ):
        verb(name, act, told).add_argument("task", nargs="+", help="name, or a part of it")
    made = verb("reorder", _reorder, "put tasks before or behind the others")
    made.add_argument("task", nargs="+", help="name, or a part of it")
    where = made.add_mutually_exclusive_group(required=True)
    for end, told in (("first", "before all others"), ("last", "behind all others")):
        where.add_argument(
            f"--{end}", dest="place", action="store_const", const=end, help=f"put them {told}"
        )
    where.add_argument("--priority", type=int, metavar="N", help="-100 to 100; higher goes first")
    made = verb("edit", queue_tasks.edit, "change a waiting task in your editor")
    made.add_argument("task", help="name, or a part of it")
    made = verb("sign", queue_tasks.sign, "sign waiting tasks")
    made.add_argument("task", nargs="+", help="name, or a part of it")
    _declare_signing(made)
    made = verb("report", _report, "rank what has ended: failed, needs a human, fine")
    made.add_argument("--notify", action="store_true", help="raise it as a notice too")
    made.add_argument("-o", "--output", type=Path, metavar="FILE", help="write it there")
    queue_migrate.declare(verb("migrate", queue_migrate.migrate, "move it to another place"))
    verb("pause", _pause, "let all workers of the queue take nothing")
    verb("resume", _resume, "let them go on")


def _declare_add(made: argparse.ArgumentParser) -> None:
    made.add_argument("text", nargs="*", help="tasks; without any: stdin, or your editor")
    made.add_argument(
        "-f",
        "--file",
        type=Path,
        action="append",
        default=[],
        metavar="FILE.md",
        help="a task from a file; may be given again",
    )
    made.add_argument("--name", help="its name, for one task; else made from its words")
    made.add_argument("--target", help="hosts whose workers may take it")
    made.add_argument("--host", help="the one host that may take it")
    made.add_argument("--agent", choices=get_args(AgentName), help="default: its host's")
    made.add_argument("--mode", choices=("read", "write"), help="write asks for a signature")
    made.add_argument(
        "--needs", action="append", default=[], metavar="LABEL", help="what its worker has"
    )
    made.add_argument("--after", action="append", default=[], metavar="TASK", help="only after it")
    made.add_argument("--priority", type=int, metavar="N", help="-100 to 100; higher goes first")
    made.add_argument("--budget", type=float, metavar="USD", help="cap of its run")
    made.add_argument("--sign", action="store_true", help="sign with queue.signing_key")
    made.add_argument("--json", action="store_true", help="one JSON object a line")
    _declare_signing(made)


def _declare_signing(made: argparse.ArgumentParser) -> None:
    made.add_argument("--key", type=Path, metavar="FILE", help="private key, or .pub of an agent's")
    made.add_argument("--valid", default="7d", metavar="TIME", help="how long the signature holds")


def _run(act: Act, options: argparse.Namespace) -> int:
    async def main() -> int:
        async with open_fleet(options) as fleet:
            return await act(fleet, options)

    return run_async(main())


async def _list(fleet: Fleet, options: argparse.Namespace) -> int:
    view = await fleet.parts.queue.look()
    wanted = frozenset(options.state or TASK_STATES)
    rows = [row for row in view.rows if row.state in wanted]
    rows = [row for row in rows if options.tag is None or options.tag in row.tags]
    if options.json:
        for row in rows:
            emit("task", view.made_at, **task_fields(row))
        return 0
    if rows:
        head = ("task", "state", "age", "owner", "try", "cost", "what")
        table([_cells(row) for row in rows], head)
    counts = ", ".join(f"{view.counts[s]} {s}" for s in TASK_STATES if view.counts.get(s))
    say(f"{view.place}: {counts or 'no tasks'} ({PROMISE})")
    for why in (*view.stalled, *view.weaknesses):
        say(why)
    return 0


def _cells(row: TaskRow) -> tuple[str, ...]:
    what = row.waits or row.reason or row.title
    return (
        row.name,
        row.state if not row.is_signed else f"{row.state} (signed)",
        "" if row.age is None else ago(row.age),
        row.owner,
        str(row.attempt) if row.attempt else "",
        "" if row.cost_usd is None else f"${row.cost_usd:.4f}",
        what,
    )


def task_fields(row: TaskRow) -> dict[str, object]:
    """Return a task as the JSON contract names its parts."""
    return {
        "task": row.name,
        "state": row.state,
        "title": row.title,
        "age_seconds": None if row.age is None else round(row.age, 1),
        "owner": row.owner or None,
        "attempt": row.attempt,
        "priority": row.priority,
        "run": row.run or None,
        "outcome": row.outcome,
        "cost_usd": row.cost_usd,
        "is_signed": row.is_signed,
        "waits": row.waits,
        "reason": row.reason,
        "tags": list(row.tags),
    }


async def _show(fleet: Fleet, options: argparse.Namespace) -> int:
    queue = fleet.parts.queue
    await queue.find()
    detail = await queue.orders.detail(options.task)
    if options.json:
        emit("task", fleet.clock.time(), **task_fields(detail.row), **_detail_fields(detail))
        return 0
    for line in _told(detail):
        say(line)
    if detail.row.state == "running" and detail.live_run:
        await _print_live(fleet, detail.live_run, follow=options.follow)
    elif detail.result:
        say("")
        say(detail.result)
    return 0


def _told(detail: TaskDetail) -> list[str]:
    row = detail.row
    lines = [f"{row.name}: {row.state}" + (f", {row.reason}" if row.reason else "")]
    if row.waits:
        lines.append(f"waits: {row.waits}")
    lines.append(f"signature: {detail.signature}" if detail.signature else detail.problem)
    for attempt in detail.attempts:
        cost = "" if attempt.cost_usd is None else f", ${attempt.cost_usd:.4f}"
        why = f": {attempt.reason}" if attempt.reason else ""
        run = f", {attempt.run}" if attempt.run else ""
        lines.append(f"try {attempt.number} on {attempt.host}: {attempt.state}{cost}{run}{why}")
    if detail.prompt:
        lines += ["", *(f"> {line}" for line in detail.prompt.splitlines()[:40])]
    return lines


def _detail_fields(detail: TaskDetail) -> dict[str, Any]:
    return {
        "prompt": detail.prompt,
        "signature": detail.signature,
        "problem": detail.problem,
        "result": detail.result,
        "attempts": [
            {
                "number": attempt.number,
                "host": attempt.host,
                "state": attempt.state,
                "run": attempt.run or None,
                "outcome": attempt.outcome or None,
                "reason": attempt.reason,
                "cost_usd": attempt.cost_usd,
            }
            for attempt in detail.attempts
        ],
    }


async def _print_live(fleet: Fleet, run_id: str, *, follow: bool) -> None:
    say("")
    source = fleet.archive.lines(run_id)
    first = 0
    while True:
        while lines := source.read(first, 1000):
            first += len(lines)
            for line in lines:
                say(line.text)
        run = fleet.store.get_run(run_id)
        if not follow or run is None or not run.is_open:
            return
        await asyncio.sleep(FOLLOW_SECONDS)
        source = fleet.archive.lines(run_id)


async def _names(fleet: Fleet, options: argparse.Namespace) -> list[str]:
    queue = fleet.parts.queue
    await queue.open()
    return [(await queue.orders.find(name)).name for name in options.task]


async def _retry(fleet: Fleet, options: argparse.Namespace) -> int:
    names = await _names(fleet, options)
    for before, name in zip(names, await fleet.parts.queue.orders.retry(names), strict=True):
        say(f"{before}: pending again" + (f" as {name}" if name != before else ""))
    return 0


async def _cancel(fleet: Fleet, options: argparse.Namespace) -> int:
    names = await _names(fleet, options)
    await fleet.parts.queue.orders.cancel(names)
    return _say_each(names, "cancelled")


async def _hold(fleet: Fleet, options: argparse.Namespace) -> int:
    names = await _names(fleet, options)
    await fleet.parts.queue.orders.hold(names)
    return _say_each(names, "held")


async def _unhold(fleet: Fleet, options: argparse.Namespace) -> int:
    names = await _names(fleet, options)
    await fleet.parts.queue.orders.unhold(names)
    return _say_each(names, "pending")


async def _reorder(fleet: Fleet, options: argparse.Namespace) -> int:
    names = await _names(fleet, options)
    orders = fleet.parts.queue.orders
    if options.priority is not None:
        await orders.set_priority(names, options.priority)
        return _say_each(names, f"priority {options.priority}")
    await orders.reorder(names, options.place)
    return _say_each(names, options.place)


def _say_each(names: list[str], what: str) -> int:
    for name in names:
        say(f"{name}: {what}")
    return 0


async def _report(fleet: Fleet, options: argparse.Namespace) -> int:
    from fleet_tui.queue.report import markdown

    queue = fleet.parts.queue
    await queue.find()
    report = await queue.orders.report()
    text = markdown(report)
    if options.output is not None:
        await asyncio.to_thread(options.output.write_text, text, encoding="utf-8")
        complain(f"written to {options.output}: {report.summary}")
    else:
        say(text)
    if options.notify:
        await queue.tell_report(report)
    return 1 if report.of("failed") else 0


async def _pause(fleet: Fleet, _options: argparse.Namespace) -> int:
    queue = fleet.parts.queue
    paused = await queue.pause(True)
    by = f", paused by {paused.by} since {paused.since}" if paused else ""
    say(f"no worker of {queue.store.place} takes anything until `fleet-tui queue resume`{by}")
    return 0


async def _resume(fleet: Fleet, _options: argparse.Namespace) -> int:
    await fleet.parts.queue.pause(False)
    say("all workers of the queue go on")
    return 0
