"""What can be done with sessions in the cloud: begun, talked to, stopped, answered, ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.model.ids import short
from fleet_tui.tui import managed_looks
from fleet_tui.tui.actions import Action
from fleet_tui.tui.screens.confirm import ConfirmScreen, Question
from fleet_tui.tui.verbs import reach, screens

if TYPE_CHECKING:
    from fleet_tui.model.managed_view import ManagedAsk, ManagedRow
    from fleet_tui.tui.app import FleetApp

NOTICES = "managed/"
"""How the ids of notices about sessions begin; the session's follows."""


def open_managed(app: FleetApp, _argument: str) -> None:
    """Show the sessions in the cloud."""
    from fleet_tui.tui.screens.managed import ManagedScreen

    app.open_screen(ManagedScreen(app))


def open_session(app: FleetApp, identifier: str) -> None:
    """Show what was said in a session."""
    from fleet_tui.tui.screens.managed_talk import ManagedTalkScreen

    app.open_screen(ManagedTalkScreen(app, identifier))


def start(app: FleetApp, argument: str) -> None:
    """Write the prompt of a new session."""
    from fleet_tui.tui.screens.managed_form import ManagedForm

    app.open_screen(ManagedForm(app, prompt=argument))


def send(app: FleetApp, _argument: str) -> None:
    """Write to the session."""
    from fleet_tui.tui.screens.managed_form import ManagedForm

    row = _row(app)
    if row is not None:
        app.open_screen(ManagedForm(app, row.session.id))


def raise_budget(app: FleetApp, argument: str) -> None:
    """Write a larger budget for a session that has stopped at its own."""
    from fleet_tui.tui.screens.budget_form import BudgetForm

    row = _row(app)
    if row is not None:
        app.open_screen(BudgetForm(app, row.session, argument))


def stop(app: FleetApp, _argument: str) -> None:
    """Stop what the session does."""
    row = _row(app)
    if row is not None:
        told = f"Asked {short(row.session.id)} to stop."
        app.ask(app.control.managed.stop(row.session.id), lambda _none: app.toast(told))


def archive(app: FleetApp, _argument: str) -> None:
    """End the session for good, after a question."""
    row = _row(app)
    if row is None:
        return
    identifier, told = row.session.id, f"{short(row.session.id)} is over."
    effect = "What it does is cut off, and nothing can be said to it again; it can be read on."
    named = f"{short(identifier)} {row.session.title}"
    question = Question("End for good", (named,), effect, "End")

    def go(yes: bool | None) -> None:
        if yes:
            app.ask(app.control.managed.archive(identifier), lambda _none: app.toast(told))

    app.open_screen(ConfirmScreen(question), go)


def allow(app: FleetApp, _argument: str) -> None:
    """Let it use the tool it asks for, once, after a question that shows what it would do."""
    row, ask = _asked(app)
    if row is None or ask is None:
        return
    identifier = row.session.id
    question = Question(f"Allow {ask.tool} once", (short(identifier),), ask.text, "Allow")

    def go(yes: bool | None) -> None:
        if yes:
            decided = app.control.managed.decide(identifier, ask.use, True, "")
            app.ask(decided, lambda _none: app.toast(f"Allowed {ask.tool} once."))

    app.open_screen(ConfirmScreen(question), go)


def deny(app: FleetApp, argument: str) -> None:
    """Do not let it; the session goes on, and is told the reason."""
    row, ask = _asked(app)
    if row is not None and ask is not None:
        decided = app.control.managed.decide(row.session.id, ask.use, False, argument)
        app.ask(decided, lambda _none: app.toast(f"Denied {ask.tool}."))


def _row(app: FleetApp) -> ManagedRow | None:
    from fleet_tui.tui.screens.managed import ManagedScreen
    from fleet_tui.tui.screens.managed_talk import ManagedTalkScreen

    screen = app.screen
    return screen.session_row if isinstance(screen, ManagedScreen | ManagedTalkScreen) else None


def _asked(app: FleetApp) -> tuple[ManagedRow | None, ManagedAsk | None]:
    row = _row(app)
    return row, row.asks[0] if row is not None and row.asks else None


def _unconfigured(app: FleetApp) -> str:
    is_known = "managed" in app.control.config.sections
    return "" if is_known else managed_looks.UNCONFIGURED


def _cannot_start(app: FleetApp) -> str:
    if why := _unconfigured(app):
        return why
    from fleet_tui.model.managed_view import ManagedView

    view = app.store.part(ManagedView)
    return view.problem if view is not None else "The core has not looked yet."


def _is_over(app: FleetApp) -> str:
    row = _row(app)
    if row is None:
        return reach.no_rows(app) or "There is no session here."
    from fleet_tui.model.managed_view import OVER

    if row.session.state in OVER:
        return f"It is over: {managed_looks.STATES[row.session.state].word}."
    return "" if row.session.session else "The service has not named it yet."


def _cannot_send(app: FleetApp) -> str:
    row = _row(app)
    if row is not None and row.session.state == "over-budget":
        key = app.keymap.shown(app.registry["managed.budget"])
        return f"Its budget is used up; {key} raises it."
    return _is_over(app)


def _not_at_its_budget(app: FleetApp) -> str:
    row = _row(app)
    if row is None or row.session.state == "over-budget":
        return _is_over(app)
    return _is_over(app) or "It has not stopped at its budget."


def _asks_nothing(app: FleetApp) -> str:
    row, ask = _asked(app)
    if row is None or ask is None:
        return _is_over(app) or "It asks for nothing."
    return "" if ask.can_answer else "A program of its own answers that tool."


ACTIONS = (
    Action(
        "managed.open",
        "Sessions in the cloud",
        ("9",),
        "main",
        open_managed,
        why_disabled=_unconfigured,
        command="managed",
    ),
    Action(
        "managed.read",
        "What was said in the session",
        ("enter",),
        "managed",
        screens.open_row,
        hint="read",
        why_disabled=reach.no_rows,
    ),
    Action(
        "managed.start",
        "Start a session, with a budget",
        ("n",),
        "managed",
        start,
        hint="new",
        needs_write=True,
        why_disabled=_cannot_start,
        command="managed-start",
        argument="[PROMPT]",
    ),
    Action(
        "managed.allow",
        "Let it use the tool it asks for, once",
        ("a",),
        "cloud",
        allow,
        hint="allow",
        danger="ask",
        needs_write=True,
        why_disabled=_asks_nothing,
    ),
    Action(
        "managed.deny",
        "Do not let it use the tool; a reason may be given",
        ("d",),
        "cloud",
        deny,
        hint="deny",
        needs_write=True,
        why_disabled=_asks_nothing,
        command="managed-deny",
        argument="[WHY]",
    ),
    Action(
        "managed.send",
        "Say something to the session",
        ("s",),
        "cloud",
        send,
        hint="say",
        needs_write=True,
        why_disabled=_cannot_send,
    ),
    Action(
        "managed.budget",
        "Raise the budget it has stopped at, and let it go on",
        ("b",),
        "cloud",
        raise_budget,
        hint="budget",
        needs_write=True,
        why_disabled=_not_at_its_budget,
        command="managed-budget",
        argument="[USD]",
    ),
    Action(
        "managed.stop",
        "Stop what it does; it can be talked to then",
        ("x",),
        "cloud",
        stop,
        hint="stop",
        needs_write=True,
        why_disabled=_is_over,
    ),
    Action(
        "managed.archive",
        "End the session for good",
        ("c",),
        "cloud",
        archive,
        hint="end",
        danger="ask",
        needs_write=True,
        why_disabled=_is_over,
    ),
)
