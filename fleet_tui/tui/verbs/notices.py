"""What can be done with notices and the routes on which they leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.config.durations import parse_duration
from fleet_tui.model.routes_view import RoutesView
from fleet_tui.tui import fmt
from fleet_tui.tui.actions import Action
from fleet_tui.tui.own_notices import QUESTION_ASKED
from fleet_tui.tui.verbs import managed, questions, reach
from fleet_tui.tui.verbs.hosts import open_host

if TYPE_CHECKING:
    from fleet_tui.model.notice import Notice
    from fleet_tui.tui.app import FleetApp

MUTED_FOR = "1h"


def _at_cursor(app: FleetApp) -> Notice | None:
    """Return the notice that is shown, or the one at the cursor."""
    from fleet_tui.tui.screens.notice import NoticeScreen

    if isinstance(app.screen, NoticeScreen):
        return app.store.notices.get(app.screen.notice_id)
    return app.store.notices.get(app.main.notices.table.cursor_key or "")


def _no_notice(app: FleetApp) -> str:
    return "" if _at_cursor(app) is not None else "There is no notice here."


def open_notice(app: FleetApp, _argument: str) -> None:
    """Go to the run or the host that a notice is about."""
    notice = _at_cursor(app)
    if notice is None:
        return
    if notice.event == QUESTION_ASKED and questions.open_run(app, notice.run or ""):
        return
    run = app.store.runs.get(notice.run or "")
    if run is not None and run.run.dispatch in app.store.dispatches:
        app.main.show_run(run.run.dispatch, run.run.id)
    elif notice.id.startswith(managed.NOTICES):
        managed.open_session(app, notice.id.removeprefix(managed.NOTICES))
    elif notice.source in app.store.hosts:
        open_host(app, notice.source)
    else:
        app.toast("This notice is about no run and no host.", "warning")


def copy_notice(app: FleetApp, _argument: str) -> None:
    """Copy the text of the marked notices, or of the one at the cursor."""
    keys = app.main.notices.table.marked_or_cursor()
    notices = [app.store.notices[key] for key in keys if key in app.store.notices]
    if notices:
        what = "the notice" if len(notices) == 1 else fmt.some(len(notices), "notice")
        app.copy("\n".join(f"{notice.source}: {notice.text}" for notice in notices), what)


def acknowledge(app: FleetApp, argument: str) -> None:
    """Say that one knows of the marked notices, of the one at the cursor, or of `all`."""
    from fleet_tui.tui.screens.notice import NoticeScreen

    if argument == "all":
        keys = list(app.store.notices)
    elif isinstance(app.screen, NoticeScreen):
        keys = [app.screen.notice_id]
    else:
        keys = app.main.notices.table.marked_or_cursor()

    def told(count: int) -> None:
        app.toast(f"{fmt.some(count, 'notice')} acknowledged.", kind="known")

    app.ask(app.control.notices.acknowledge(keys), told)


def mute(app: FleetApp, argument: str) -> None:
    """Send notices of this kind from there nowhere for a while; again ends it."""
    notice = _at_cursor(app)
    view = app.store.part(RoutesView)
    if notice is None:
        return
    what = f"{notice.event} from {notice.source}"
    is_muted = view is not None and (notice.event, notice.source) in view.mutes
    seconds = parse_duration(argument or MUTED_FOR)
    if seconds is None:
        app.toast(f"{argument!r} is no time; one is 30m, or 8h.", "warning")
        return
    if is_muted and not argument:
        seconds = 0.0
    until = app.clock_time(app.clock.time() + seconds)
    said = f"{what}: muted until {until}." if seconds else f"{what}: not muted any more."
    app.ask(
        app.control.notices.mute(notice.event, notice.source, seconds),
        lambda _none: app.toast(said, kind="known"),
    )


def open_detail(app: FleetApp, _argument: str) -> None:
    """Show all that is known of a notice, and how far it got."""
    from fleet_tui.tui.screens.notice import NoticeScreen

    notice = _at_cursor(app)
    if notice is not None:
        app.open_screen(NoticeScreen(app, notice))


def open_routes(app: FleetApp, _argument: str) -> None:
    """Show the routes and whether each works."""
    from fleet_tui.tui.screens.routes import RoutesScreen

    app.open_screen(RoutesScreen(app))


def prove_route(app: FleetApp, _argument: str) -> None:
    """Send a test on the route at the cursor."""
    from fleet_tui.tui.screens.routes import RoutesScreen

    if isinstance(app.screen, RoutesScreen):
        app.screen.test()


def _no_route(app: FleetApp) -> str:
    from fleet_tui.tui.screens.routes import RoutesScreen

    at = app.screen.at_cursor if isinstance(app.screen, RoutesScreen) else None
    return "" if at is not None else "Only routes are tested; this is a way in, or nothing."


def press_allow(app: FleetApp, _argument: str) -> None:
    """Press Allow as the telephone would, once that was said again."""
    from fleet_tui.tui.screens.confirm import ConfirmScreen, Question

    notice = _at_cursor(app)
    if notice is None:
        return
    question = Question(
        "Press Allow on the telephone",
        (notice.source,),
        f"{notice.text}. If the button still holds, the agent does it.",
        "Press it",
    )

    def go(yes: bool | None) -> None:
        if yes:
            _press(app, notice, "allow")

    app.open_screen(ConfirmScreen(question), go)


def press_deny(app: FleetApp, _argument: str) -> None:
    """Press Deny as the telephone would."""
    notice = _at_cursor(app)
    if notice is not None:
        _press(app, notice, "deny")


def _press(app: FleetApp, notice: Notice, decision: str) -> None:
    def pressed(route: str) -> None:
        app.toast(f"{decision.capitalize()} was pressed on {route}.", kind="pressed")

    app.ask(app.control.notices.press(notice.id, decision), pressed)


def _no_buttons(app: FleetApp) -> str:
    from fleet_tui.tui.screens.notice import NoticeScreen

    shows = isinstance(app.screen, NoticeScreen) and app.screen.buttons
    return reach.read_only(app) if shows else "No telephone here shows buttons for this."


ACTIONS = (
    Action(
        "notices.open",
        "Go to what the notice is about",
        ("enter",),
        "notices",
        open_notice,
        hint="open",
        why_disabled=reach.no_rows,
    ),
    Action(
        "notices.copy",
        "Copy the marked notices, or this one",
        ("y",),
        "notices",
        copy_notice,
        hint="copy",
        why_disabled=reach.no_rows,
    ),
    Action(
        "notices.acknowledge",
        "Acknowledge the marked notices, or this one",
        ("a",),
        "notices",
        acknowledge,
        hint="ack",
        why_disabled=reach.no_rows,
        command="acknowledge",
        argument="[all]",
    ),
    Action(
        "notices.mute",
        "Mute its kind from there, or end that",
        ("m",),
        "notices",
        mute,
        hint="mute",
        why_disabled=_no_notice,
        command="mute",
        argument="[TIME]",
    ),
    Action(
        "notices.detail",
        "How far it got on each route",
        ("t",),
        "notices",
        open_detail,
        hint="told",
        why_disabled=_no_notice,
        command="notice",
    ),
    Action(
        "notices.routes",
        "Routes of notices, and whether they work",
        ("b",),
        "notices",
        open_routes,
        command="routes",
    ),
    Action(
        "notice.open",
        "Go to what it is about",
        ("enter",),
        "notice",
        open_notice,
        hint="open",
        why_disabled=_no_notice,
    ),
    Action(
        "notice.acknowledge",
        "Acknowledge it",
        ("a",),
        "notice",
        acknowledge,
        hint="ack",
        why_disabled=_no_notice,
    ),
    Action(
        "notice.mute",
        "Mute its kind from there, or end that",
        ("m",),
        "notice",
        mute,
        hint="mute",
        why_disabled=_no_notice,
    ),
    Action(
        "notice.allow",
        "Press Allow on the telephone",
        ("o",),
        "notice",
        press_allow,
        hint="allow",
        danger="ask",
        needs_write=True,
        why_disabled=_no_buttons,
    ),
    Action(
        "notice.deny",
        "Press Deny on the telephone",
        ("x",),
        "notice",
        press_deny,
        hint="deny",
        needs_write=True,
        why_disabled=_no_buttons,
    ),
    Action(
        "routes.test",
        "Send a test on the route",
        ("t", "enter"),
        "routes",
        prove_route,
        hint="test",
        why_disabled=_no_route,
    ),
)
