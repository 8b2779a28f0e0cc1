"""`fleet-tui patterns`: how the fleet shares its files, what is wrong with that, what fits."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from fleet_tui.cli.console import emit, say
from fleet_tui.cli.context import load_config, open_fleet, run_async
from fleet_tui.model.errors import UsageError
from fleet_tui.roles.patterns.advise import FleetFacts, advise, facts_of, remarks
from fleet_tui.roles.patterns.migrate import Migrator
from fleet_tui.roles.patterns.record import read_migration
from fleet_tui.roles.patterns.service import PatternDesk
from fleet_tui.roles.patterns.surfaces import ANSWERS, PATTERNS, SURFACES, chosen

if TYPE_CHECKING:
    import argparse

    from fleet_tui.fleet import Fleet
    from fleet_tui.model.config import FleetConfig
    from fleet_tui.roles.patterns.faults import Fault
    from fleet_tui.roles.patterns.migrate import StepResult

MARKS = {"error": "✗", "warning": "!"}
STEP_MARKS = {"done": "✓", "already": "✓", "planned": "·", "waits": "…", "blocked": "✗"}


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare `patterns` and what it can do."""
    parser = commands.add_parser(
        "patterns",
        help="how settings, notes, skills, queue and threads are shared, and what is wrong there",
    )
    words = parser.add_subparsers(metavar="DO", required=True)

    check = words.add_parser(
        "check", help="find what is wrong; exit status 1 for an error, 0 for warnings"
    )
    check.add_argument("--json", action="store_true", help="one JSON object a line")
    check.set_defaults(handler=lambda options: run_async(_check(options)))

    asked = words.add_parser(
        "advise",
        help="recommend a pattern for each kind of file",
        description="Reads the facts from fleet.toml; what is said here counts instead.",
    )
    asked.add_argument("--machines", type=int, metavar="N", help="machines in all")
    asked.add_argument("--daily", type=int, metavar="N", help="machines a person sits at")
    asked.add_argument("--team", type=int, metavar="N", help="people who change things")
    for flag, told in (
        ("nas", "one machine is always on"),
        ("mobile", "machines leave the network"),
        ("audit", "somebody must be able to tell who changed what"),
    ):
        asked.add_argument(f"--{flag}", action="store_true", default=None, help=told)
        asked.add_argument(f"--no-{flag}", dest=flag, action="store_false", help=f"not: {told}")
    asked.add_argument("--ask", action="store_true", help="ask for each fact")
    asked.add_argument("--json", action="store_true", help="one JSON object a line")
    asked.set_defaults(handler=_advise)

    moved = words.add_parser(
        "migrate",
        help="move one kind of file to another pattern, step by step",
        description="Each step is checked before it counts; run it again to go on.",
    )
    moved.add_argument(
        "source", nargs="?", choices=PATTERNS, metavar="FROM", help="its pattern now"
    )
    moved.add_argument(
        "target", nargs="?", choices=PATTERNS, metavar="TO", help=", ".join(PATTERNS)
    )
    moved.add_argument("--surface", choices=SURFACES, help="which kind of file")
    moved.add_argument("--dry-run", action="store_true", help="print the steps, do nothing")
    moved.add_argument(
        "--confirm", action="append", default=[], metavar="STEP", help="this step is done by hand"
    )
    moved.add_argument("--abandon", action="store_true", help="forget the one under way")
    moved.add_argument("--json", action="store_true", help="one JSON object a line")
    moved.set_defaults(handler=lambda options: run_async(_migrate(options)))


def _desk(fleet: Fleet) -> PatternDesk:
    return PatternDesk(fleet.config, fleet.pool, fleet.facts, fleet.data_dir, fleet.clock)


async def _check(options: argparse.Namespace) -> int:
    async with open_fleet(options) as fleet:
        found, surveys = await _desk(fleet).check()
    if options.json:
        for fault in found:
            emit(
                "pattern-fault",
                time.time(),
                id=fault.id,
                severity=fault.severity,
                what=fault.what,
                why=fault.why,
                mend=fault.mend,
                hosts=list(fault.hosts),
            )
        emit("patterns-checked", time.time(), faults=len(found), silent=dict(surveys.silent))
    else:
        _print_patterns(fleet.config)
        for fault in found:
            _print_fault(fault)
        for host, why in surveys.silent.items():
            say(f"? {host} was not asked: {why}")
        asked = len(surveys.homes)
        say(f"{len(found) or 'no'} fault{'s' * (len(found) != 1)}; {asked} machines were asked")
    return 1 if any(fault.severity == "error" for fault in found) else 0


def _print_patterns(config: FleetConfig) -> None:
    for surface, pattern in chosen(config).items():
        say(f"{surface:<9} {pattern:<8} written by {ANSWERS[pattern].who_writes}")
    say()


def _print_fault(fault: Fault) -> None:
    say(f"{MARKS[fault.severity]} {fault.what}")
    say(f"  {fault.why}")
    say(f"  mend: {fault.mend}")


def _advise(options: argparse.Namespace) -> int:
    facts = facts_of(load_config(options))
    given = {
        "machines": options.machines,
        "daily": options.daily,
        "team": options.team,
        "has_nas": options.nas,
        "is_mobile": options.mobile,
        "needs_audit": options.audit,
    }
    facts = replace(facts, **{key: value for key, value in given.items() if value is not None})
    if options.ask:
        facts = _ask(facts)
    if min(facts.machines, facts.daily, facts.team) < 1:
        raise UsageError("there is at least one machine, one of them daily, and one person")
    for advice in advise(facts):
        answers = advice.answers
        if options.json:
            emit(
                "pattern-advice",
                time.time(),
                surface=advice.surface,
                pattern=advice.pattern,
                because=advice.because,
                who_writes=answers.who_writes,
                how_others_learn=answers.how_others_learn,
                what_breaks=answers.what_breaks,
            )
            continue
        say(f"{advice.surface}: {advice.pattern}, because {advice.because}")
        say(f"  who writes:        {answers.who_writes}")
        say(f"  how others learn:  {answers.how_others_learn}")
        say(f"  what breaks:       {answers.what_breaks}")
    for remark in remarks(facts):
        if options.json:
            emit("pattern-remark", time.time(), text=remark)
        else:
            say(remark)
    return 0


def _ask(facts: FleetFacts) -> FleetFacts:
    """Ask for each fact at the terminal; an empty answer keeps what stands in brackets."""
    if not sys.stdin.isatty():
        raise UsageError("--ask needs a terminal", mend="say the facts as options")
    questions = (
        ("machines", "How many machines", facts.machines),
        ("daily", "On how many of them do you sit and edit", facts.daily),
        ("team", "How many people change things", facts.team),
        ("has_nas", "Is one machine always on (y/n)", facts.has_nas),
        ("is_mobile", "Do machines leave the network (y/n)", facts.is_mobile),
        ("needs_audit", "Must somebody be able to tell who changed what (y/n)", facts.needs_audit),
    )
    given: dict[str, int | bool] = {}
    for key, question, known in questions:
        shown = ("y" if known else "n") if isinstance(known, bool) else str(known)
        said = input(f"{question}? [{shown}] ").strip().casefold()
        if not said:
            continue
        if isinstance(known, bool):
            given[key] = said.startswith("y")
        elif said.isdecimal():
            given[key] = int(said)
        else:
            raise UsageError(f"{said!r} is no number")
    return replace(facts, **given)  # type: ignore[arg-type]


async def _migrate(options: argparse.Namespace) -> int:
    async with open_fleet(options) as fleet:
        migrator = Migrator(fleet.config, _desk(fleet), fleet.data_dir, fleet.clock)
        if options.abandon:
            say(f"given up: {migrator.abandon()}; files and backups stay as they are")
            return 0
        known = read_migration(fleet.data_dir)
        if known is not None and not (options.source or options.target or options.surface):
            options.source, options.target = known.source, known.target
            options.surface = known.surface
        if not (options.source and options.target and options.surface):
            raise UsageError(
                "say what moves, from which pattern to which",
                mend="for example `fleet-tui patterns migrate primary hub --surface memory`",
            )
        if options.dry_run:
            plan = migrator.plan(options.surface, options.source, options.target)
            for number, told in enumerate(plan, 1):
                say(f"{number}. {told}")
            return 0
        last: StepResult | None = None
        confirmed = frozenset(options.confirm)
        moving = migrator.run(options.surface, options.source, options.target, confirmed)
        async for result in moving:
            last = result
            _print_step(result, is_json=options.json)
    return 0 if last is not None and last.state in {"done", "already"} else 1


def _print_step(result: StepResult, *, is_json: bool) -> None:
    if is_json:
        emit(
            "migration-step",
            time.time(),
            step=result.step,
            state=result.state,
            text=result.text,
            mend=result.mend,
        )
        return
    say(f"{STEP_MARKS[result.state]} {result.step}: {result.text}")
    if result.mend:
        say(f"  {result.mend}")
