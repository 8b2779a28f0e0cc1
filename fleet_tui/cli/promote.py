"""`fleet-tui promote`: another machine leads, after all was looked at and the name was typed."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from fleet_tui.cli.console import complain, emit, say
from fleet_tui.cli.context import open_fleet, run_async
from fleet_tui.model.errors import Refused, UsageError
from fleet_tui.model.events import PartChanged
from fleet_tui.model.roles_view import RolesView

if TYPE_CHECKING:
    import argparse

    from fleet_tui.model.events import Event
    from fleet_tui.model.roles_view import Preflight

SIGNS = {"ok": "ok     ", "warning": "warning", "bad": "BAD    "}


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare `promote`."""
    parser = commands.add_parser(
        "promote", help="make a host the primary; run again it ends one that was cut off"
    )
    parser.add_argument("host", help="who is to lead: this machine, or another")
    parser.add_argument("--dry-run", action="store_true", help="only look, and say what was seen")
    parser.add_argument(
        "--yes-promote", metavar="HOST", help="the name again, instead of typing it"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.set_defaults(handler=lambda options: run_async(_promote(options)))


async def _promote(options: argparse.Namespace) -> int:
    async with open_fleet(options) as fleet:
        roles = fleet.parts.roles
        found = await roles.preflight(options.host)
        _tell(found, as_json=options.json)
        if options.dry_run:
            return 1 if found.refusal else 0
        if found.refusal:
            raise UsageError(found.refusal)
        fleet.require_keeping()
        if fleet.is_read_only:
            raise Refused("this program is read-only", mend="start it without --read-only")
        typed = options.yes_promote or _ask(found)
        told: set[tuple[str, str]] = set()

        def heard(event: Event) -> None:
            if isinstance(event, PartChanged) and isinstance(event.view, RolesView):
                _tell_steps(event.view, told, as_json=options.json)

        fleet.bus.subscribe(heard)
        plan = await roles.promote(options.host, typed)
        if options.json:
            emit("promoted", time.time(), host=plan.candidate, epoch=plan.epoch, plan=plan.id)
        else:
            say(f"{plan.candidate} leads with epoch {plan.epoch}")
    return 0


def _tell(found: Preflight, *, as_json: bool) -> None:
    if as_json:
        emit(
            "preflight",
            time.time(),
            host=found.candidate,
            old_primary=found.old_primary or None,
            kind=found.kind,
            epoch=found.epoch,
            refusal=found.refusal or None,
            losses=list(found.losses),
            checks=[
                {"topic": check.topic, "verdict": check.verdict, "evidence": check.evidence}
                for check in found.checks
            ],
        )
        return
    old = found.old_primary or "nobody"
    say(f"{found.kind}: {old} leads with epoch {found.epoch}, {found.candidate} is to lead")
    for check in found.checks:
        say(f"  {SIGNS[check.verdict]}  {check.topic}: {check.evidence}")
    if found.losses:
        say("What the new primary would not have:")
        for loss in found.losses:
            say(f"  - {loss}")
    else:
        say("Nothing would be lost.")
    if found.is_resumed:
        say("A promotion of this host was begun and not ended; it is gone on with.")


def _ask(found: Preflight) -> str:
    if not sys.stdin.isatty():
        raise Refused(
            "the name has to be typed, and nobody can type here",
            mend=f"--yes-promote {found.must_type}",
        )
    sys.stderr.write(f"Type {found.must_type} to promote it: ")
    sys.stderr.flush()
    return sys.stdin.readline().strip()


def _tell_steps(view: RolesView, told: set[tuple[str, str]], *, as_json: bool) -> None:
    for step in view.steps:
        if step.state in ("waiting", "doing") or (step.name, step.state) in told:
            continue
        told.add((step.name, step.state))
        if as_json:
            emit("step", time.time(), step=step.name, state=step.state, note=step.note)
        elif step.state == "failed":
            complain(f"{step.title}: {step.note}")
        else:
            sign = "-" if step.state == "left-out" else "+"
            say(f"  {sign} {step.title}" + (f" ({step.note})" if step.note else ""))
