"""What can be done with the dispatch in the output pane."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.tui import fmt, states
from fleet_tui.tui.actions import Action
from fleet_tui.tui.verbs import questions, reach
from fleet_tui.tui.widgets.table_order import number_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_tui.tui.app import FleetApp


def toggle_times(app: FleetApp, _argument: str) -> None:
    """Show or hide when lines arrived."""
    view = app.main.output.view
    view.change_look(shows_times=not view.look.shows_times)


def toggle_fold(app: FleetApp, _argument: str) -> None:
    """Fold tool calls and thinking to a line each, or show them whole."""
    view = app.main.output.view
    view.change_look(is_folded=not view.look.is_folded)


def toggle_blocks(app: FleetApp, _argument: str) -> None:
    """Show one block a run, or the lines of all runs as they arrived."""
    output = app.main.output
    output.show_blocks(in_blocks=not output.is_in_blocks or output.chosen is not None)


ALL = "all"
SPANS = ("1m", "5m", "15m", "1h", ALL)


def choose_since(app: FleetApp, argument: str) -> None:
    """Show only what arrived lately: the next of 1m, 5m, 15m, 1h and all, or what is named."""
    output = app.main.output
    span = argument.strip() or _next_span(output.since_span)
    seconds = number_of(span)
    if span == ALL:
        output.show_since("", None)
        app.toast("Every line is shown.", kind="since")
    elif seconds is None or span[-1:].isdigit():
        app.toast(f"{span!r} is no time; write 5m, 2h or {ALL}.", "warning")
    else:
        output.show_since(span, app.clock.time() - seconds)
        app.toast(f"Lines of the last {span}.", kind="since")


def _next_span(span: str) -> str:
    return SPANS[(SPANS.index(span) + 1) % len(SPANS)] if span in SPANS else SPANS[0]


def open_answer(app: FleetApp, _argument: str) -> None:
    """Show what the run answered in the end, with its Markdown drawn."""
    from fleet_tui.tui.screens.answer import AnswerScreen

    view = reach.run(app)
    if view is not None:
        app.open_screen(AnswerScreen(app, view))


def _no_run(app: FleetApp) -> str:
    return "" if reach.run(app) is not None else "Choose a run first, with ← → or enter."


def gather(app: FleetApp, _argument: str) -> None:
    """Fold equal answers into one block with its hosts."""
    from fleet_tui.tui.screens.gather import GatherScreen

    dispatch = app.store.dispatches[app.main.output.dispatch_id or ""]
    app.ask(
        app.control.gather(dispatch.dispatch.id),
        lambda groups: app.open_screen(GatherScreen(app, dispatch, groups)),
    )


def _step_run(direction: int) -> Callable[[FleetApp, str], None]:
    def run(app: FleetApp, _argument: str) -> None:
        app.main.output.step_run(direction)

    return run


def open_run(app: FleetApp, _argument: str) -> None:
    """Answer the question at the cursor, else show only the run of its line, or all again."""
    output = app.main.output
    row = output.view.row_at_cursor()
    runs = output.runs
    is_question = row is not None and row.tag == "q" and 0 <= row.run < len(runs)
    if row is not None and is_question and questions.open_run(app, runs[row.run].run.id):
        return
    if output.chosen is not None:
        output.choose(None)
    elif row is not None and row.run >= 0:
        output.choose(row.run)


def toggle_mark(app: FleetApp, _argument: str) -> None:
    """Mark the chosen run, so that cancel and retry are about the marked ones."""
    app.main.output.toggle_mark()


def _step_dispatch(direction: int) -> Callable[[FleetApp, str], None]:
    def run(app: FleetApp, _argument: str) -> None:
        order = app.store.dispatch_order()
        shown = app.main.output.dispatch_id
        at = order.index(shown) if shown in order else len(order)
        if not 0 <= at + direction < len(order):
            app.toast("No older dispatch here; o lists all." if direction < 0 else "No newer one.")
            return
        app.main.show_dispatch(order[at + direction])

    return run


def focus_output(app: FleetApp, argument: str) -> None:
    """Go to the output, and to the run of a host when one is named."""
    app.main.focus_pane("output")
    if argument and not app.main.output.choose_host(argument):
        app.toast(f"No run of this dispatch is on {argument!r}.", "warning")


def cancel(app: FleetApp, argument: str) -> None:
    """Stop the chosen run, or every open run of the dispatch, after a question."""
    from fleet_tui.tui.screens.confirm import ConfirmScreen, Question

    output = app.main.output
    needle = argument.rstrip("*").casefold()
    runs = [v for v in output.subject() if states.can_end(v) and needle in v.run.host.casefold()]
    if not runs:
        app.toast("None of these runs is still going.", "warning")
        return
    hosts = [view.run.host for view in runs]
    question = Question(
        verb=f"Cancel {fmt.some(len(runs), 'run')}",
        targets=tuple(hosts),
        effect="Each agent is interrupted, then stopped with everything it started. "
        "What it has changed so far stays changed.",
        yes="Cancel the runs" if len(runs) > 1 else "Cancel the run",
    )

    def stop() -> None:
        app.ask(
            app.control.cancel([view.run.id for view in runs]),
            lambda stopped: app.toast(f"{fmt.some(stopped, 'run')} told to stop."),
        )

    app.open_screen(ConfirmScreen(question), lambda yes: stop() if yes else None)


def _nothing_open(app: FleetApp) -> str:
    if reach.no_dispatch(app):
        return reach.no_dispatch(app)
    still = any(states.can_end(view) for view in app.main.output.subject())
    return "" if still else "None of these runs is still going."


def retry(app: FleetApp, _argument: str) -> None:
    """Send the same prompt again to the chosen host, else to those where it failed."""
    output = app.main.output
    closed = [view for view in output.subject() if not view.run.is_open]
    failed = [view for view in closed if view.run.state != "succeeded"]
    runs = closed if output.chosen is not None or output.marks else failed
    if not runs:
        app.toast("Nothing failed here; choose a run with ← → to send it again.", "warning")
        return
    app.ask(
        app.control.retry([view.run.id for view in runs]),
        lambda _dispatch: app.toast(f"Sent again to {fmt.some(len(runs), 'host')}."),
    )


ACTIONS = (
    Action(
        "output.gather",
        "Gather equal answers, with what differs",
        ("g",),
        "output",
        gather,
        hint="gather",
        why_disabled=reach.no_dispatch,
        command="gather",
    ),
    Action("output.previous-run", "Previous run", ("left",), "output", _step_run(-1), hint="run"),
    Action("output.next-run", "Next run", ("right",), "output", _step_run(1)),
    Action(
        "output.mark",
        "Mark the chosen run, or clear the marks",
        ("m",),
        "output",
        toggle_mark,
        why_disabled=reach.no_dispatch,
    ),
    Action(
        "output.open-run",
        "Answer this question; only the run of this line; all runs again",
        ("enter",),
        "output",
        open_run,
        why_disabled=reach.no_lines,
    ),
    Action(
        "output.cancel",
        "Cancel the marked, chosen or all runs",
        ("x",),
        "output",
        cancel,
        hint="cancel",
        danger="ask",
        needs_write=True,
        why_disabled=_nothing_open,
        command="cancel",
        argument="[HOST]",
    ),
    Action(
        "output.retry",
        "Send again to the marked, chosen or failed",
        ("r",),
        "output",
        retry,
        hint="retry",
        needs_write=True,
        why_disabled=reach.no_dispatch,
        command="retry",
    ),
    Action("output.fold", "Fold tool calls, or show them whole", ("c",), "output", toggle_fold),
    Action(
        "output.times",
        "Show when lines arrived",
        ("t",),
        "output",
        toggle_times,
        why_disabled=reach.no_lines,
    ),
    Action(
        "run.answer",
        "The run's answer, its Markdown drawn",
        ("M", "-"),
        "run",
        open_answer,
        why_disabled=_no_run,
        command="answer",
    ),
    Action(
        "output.blocks",
        "One block a run, or all merged by time",
        ("v",),
        "output",
        toggle_blocks,
        why_disabled=reach.no_dispatch,
    ),
    Action(
        "output.since",
        "Only the last 1m, 5m, 15m, 1h; all",
        ("0",),
        "output",
        choose_since,
        why_disabled=reach.no_dispatch,
        command="since",
        argument="[5m|all]",
    ),
    Action("output.previous-dispatch", "Older dispatch", ("[",), "main", _step_dispatch(-1)),
    Action("output.next-dispatch", "Newer dispatch", ("]",), "main", _step_dispatch(1)),
)
