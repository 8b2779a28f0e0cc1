"""What can be done with tasks of the shared queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.model.queue_view import QueueView
from fleet_tui.tui import fmt
from fleet_tui.tui.actions import Action
from fleet_tui.tui.screens.confirm import ConfirmScreen, Question
from fleet_tui.tui.verbs import reach

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future

    from fleet_tui.model.queue_control import Place
    from fleet_tui.model.queue_view import TaskRow
    from fleet_tui.model.task import TaskState
    from fleet_tui.tui.app import FleetApp

ENDED: frozenset[TaskState] = frozenset({"done", "failed", "cancelled", "quarantined"})
WAITING: frozenset[TaskState] = frozenset({"pending", "held"})


def subject(app: FleetApp) -> list[TaskRow]:
    """Return the tasks an action is about: the one shown, else the marked ones, else one row."""
    from fleet_tui.tui.screens.queue import QueueScreen
    from fleet_tui.tui.screens.task import TaskScreen

    view = app.store.part(QueueView)
    if view is None:
        return []
    if isinstance(app.screen, TaskScreen):
        names = [app.screen.task_name]
    elif isinstance(app.screen, QueueScreen):
        names = app.screen.table.marked_or_cursor()
    elif app.main.current == "queue":
        names = app.main.queue.table.marked_or_cursor()
    else:
        names = []
    return [row for row in map(view.row, names) if row is not None]


def names_in(app: FleetApp, states: frozenset[TaskState]) -> list[str]:
    """Return the names of the subject's tasks that are in one of `states`."""
    return [row.name for row in subject(app) if row.state in states]


def _needs(states: frozenset[TaskState], told: str) -> Callable[[FleetApp], str]:
    def why(app: FleetApp) -> str:
        if not subject(app):
            return _no_queue(app) or "There is no task here."
        return "" if names_in(app, states) else told

    return why


def _no_queue(app: FleetApp) -> str:
    return "" if app.store.part(QueueView) is not None else "fleet.toml has no [queue]."


def _order(
    app: FleetApp,
    names: Sequence[str],
    act: Callable[[Sequence[str]], Future[int]],
    told: str,
) -> None:
    what = names[0] if len(names) == 1 else fmt.some(len(names), "task")
    app.ask(act(names), lambda _count: app.toast(f"{what}: {told}"))


def open_task(app: FleetApp, argument: str) -> None:
    """Show all of a task."""
    from fleet_tui.tui.screens.task import TaskScreen

    view = app.store.part(QueueView)
    rows = subject(app)
    name = argument or (rows[0].name if rows else "")
    if view is None or view.row(name) is None:
        app.toast(_no_queue(app) or f"No task is called {name!r}.", "warning")
        return
    app.open_screen(TaskScreen(app, name))


def open_queue(app: FleetApp, _argument: str) -> None:
    """Show the whole queue."""
    from fleet_tui.tui.screens.queue import QueueScreen

    app.open_screen(QueueScreen(app))


def new_task(app: FleetApp, argument: str) -> None:
    """Write a task, or put the one given on the queue."""
    from fleet_tui.tui.screens.task_form import TaskFormScreen

    if argument:
        added = app.control.queue.add(argument)
        app.ask(added, lambda name: app.toast(f"{name} is on the queue."))
    else:
        app.open_screen(TaskFormScreen(app))


def edit(app: FleetApp, _argument: str) -> None:
    """Change a task that waits."""
    from fleet_tui.tui.screens.task_form import TaskFormScreen

    names = names_in(app, WAITING)
    if names:
        app.ask(
            app.control.queue.detail(names[0]),
            lambda detail: app.open_screen(TaskFormScreen(app, detail.row.name, detail.text)),
        )


def retry(app: FleetApp, _argument: str) -> None:
    """Put ended tasks back to pending."""
    _order(app, names_in(app, ENDED), app.control.queue.retry, "pending again")


def cancel(app: FleetApp, _argument: str) -> None:
    """End tasks, after a question."""
    names = names_in(app, WAITING | {"running"})
    running = names_in(app, frozenset({"running"}))
    effect = "They are kept as cancelled and can be put back."
    if running:
        effect = f"{fmt.some(len(running), 'run')} ended with it. " + effect
    question = Question("Cancel tasks", tuple(names), effect, "Cancel them")

    def go(yes: bool | None) -> None:
        if yes:
            _order(app, names, app.control.queue.cancel, "cancelled")

    app.open_screen(ConfirmScreen(question), go)


def hold(app: FleetApp, _argument: str) -> None:
    """Hold pending tasks, or let held ones go when all are held."""
    pending = names_in(app, frozenset({"pending"}))
    if pending:
        _order(app, pending, app.control.queue.hold, "held")
    else:
        _order(app, names_in(app, WAITING), app.control.queue.unhold, "pending")


def _reorder(place: Place) -> Callable[[FleetApp, str], None]:
    def run(app: FleetApp, _argument: str) -> None:
        names = names_in(app, WAITING)
        _order(app, names, lambda these: app.control.queue.reorder(these, place), place)

    return run


def sign(app: FleetApp, _argument: str) -> None:
    """Sign waiting tasks with the key of fleet.toml."""
    _order(app, names_in(app, WAITING), app.control.queue.sign, "signed")


def take_back(app: FleetApp, _argument: str) -> None:
    """Take running tasks from their owners."""
    names = names_in(app, frozenset({"running"}))
    effect = "Their owners lose them: what they still do is not committed."
    question = Question("Take tasks back", tuple(names), effect, "Take back")

    def go(yes: bool | None) -> None:
        if yes:
            _order(app, names, app.control.queue.take_back, "pending again")

    app.open_screen(ConfirmScreen(question), go)


def pause(app: FleetApp, _argument: str) -> None:
    """Let all workers of the queue take nothing, or go on."""
    view = app.store.part(QueueView)
    is_paused = not (view is not None and view.is_paused)
    told = "take nothing now" if is_paused else "go on"
    app.ask(
        app.control.queue.pause(is_paused),
        lambda _none: app.toast(f"All workers of the queue {told}."),
    )


def report(app: FleetApp, _argument: str) -> None:
    """Show what has ended, ranked."""
    from fleet_tui.tui.screens.report import ReportScreen

    app.ask(app.control.queue.report(), lambda text: app.open_screen(ReportScreen(app, text)))


def copy_names(app: FleetApp, _argument: str) -> None:
    """Copy the names of tasks."""
    names = [row.name for row in subject(app)]
    app.copy("\n".join(names), fmt.some(len(names), "task name"))


def show_run(app: FleetApp, _argument: str) -> None:
    """Show the task's run in the output pane."""
    from fleet_tui.tui.screens.task import TaskScreen

    screen = app.screen
    detail = screen.detail if isinstance(screen, TaskScreen) else None
    run = app.store.runs.get(detail.live_run) if detail is not None else None
    if run is None or run.run.dispatch not in app.store.dispatches:
        app.toast("Its run is not among those shown here; runs lists older ones.", "warning")
        return
    while app.screen is not app.main:
        app.pop_screen()
    app.main.show_run(run.run.dispatch, run.run.id)


def toggle_text(app: FleetApp, _argument: str) -> None:
    """Show what was asked, or what came of it."""
    from fleet_tui.tui.screens.task import TaskScreen

    if isinstance(app.screen, TaskScreen):
        app.screen.toggle_text()


_NOT_ENDED = "Only tasks that have ended can be put back."
_NOT_WAITING = "Only pending and held tasks can be changed."
_OVER = "It has ended already."
_NOT_RUNNING = "Only running tasks can be taken back."
RUNNING: frozenset[TaskState] = frozenset({"running"})

ACTIONS = (
    Action("queue.all", "The whole queue", ("a",), "queue", open_queue, hint="all",
           command="tasks"),
    Action("queue.open", "All of the task: text, tries, result", ("enter",), "tasks", open_task,
           hint="open", why_disabled=reach.no_rows, command="task", argument="[NAME]"),
    Action("queue.new", "Write a task", ("n",), "tasks", new_task, hint="new", needs_write=True,
           why_disabled=_no_queue, command="queue-add", argument="[TEXT]"),
    Action("queue.edit", "Change the task", ("e",), "tasks", edit, needs_write=True,
           why_disabled=_needs(WAITING, _NOT_WAITING)),
    Action("queue.retry", "Put ended tasks back", ("r",), "tasks", retry, hint="retry",
           needs_write=True, why_disabled=_needs(ENDED, _NOT_ENDED)),
    Action("queue.cancel", "Cancel tasks", ("x",), "tasks", cancel, hint="cancel", danger="ask",
           needs_write=True, why_disabled=_needs(WAITING | RUNNING, _OVER)),
    Action("queue.hold", "Hold tasks, or let them go", ("w",), "tasks", hold, hint="hold",
           needs_write=True, why_disabled=_needs(WAITING, _NOT_WAITING)),
    Action("queue.first", "Put tasks before all others", ("f",), "tasks", _reorder("first"),
           needs_write=True, why_disabled=_needs(WAITING, _NOT_WAITING)),
    Action("queue.last", "Put tasks behind all others", ("b",), "tasks", _reorder("last"),
           needs_write=True, why_disabled=_needs(WAITING, _NOT_WAITING)),
    Action("queue.sign", "Sign tasks", ("s",), "tasks", sign, needs_write=True,
           why_disabled=_needs(WAITING, _NOT_WAITING)),
    Action("queue.take-back", "Take running tasks from their owners", ("t",), "tasks", take_back,
           danger="ask", needs_write=True, why_disabled=_needs(RUNNING, _NOT_RUNNING)),
    Action("queue.pause", "Pause all workers of the queue, or let them go on", ("c",), "tasks",
           pause, needs_write=True, why_disabled=_no_queue, command="queue-pause"),
    Action("queue.report", "What has ended: failed, needs a human, fine", ("m",), "tasks", report,
           hint="report", why_disabled=_no_queue, command="queue-report"),
    Action("queue.copy", "Copy the names of tasks", ("y",), "tasks", copy_names,
           why_disabled=reach.no_rows),
    Action("task.run", "Show its run in the output pane", ("enter", "o"), "task", show_run,
           hint="its run"),
    Action("task.text", "Show what was asked, or what came of it", ("t",), "task", toggle_text,
           hint="asked/result"),
    Action("task.retry", "Put it back", ("r",), "task", retry, hint="retry", needs_write=True,
           why_disabled=_needs(ENDED, _NOT_ENDED)),
    Action("task.cancel", "Cancel it", ("x",), "task", cancel, hint="cancel", danger="ask",
           needs_write=True, why_disabled=_needs(WAITING | RUNNING, _OVER)),
    Action("task.hold", "Hold it, or let it go", ("h",), "task", hold, needs_write=True,
           why_disabled=_needs(WAITING, _NOT_WAITING)),
    Action("task.sign", "Sign it", ("s",), "task", sign, needs_write=True,
           why_disabled=_needs(WAITING, _NOT_WAITING)),
    Action("task.edit", "Change it", ("c",), "task", edit, hint="change", needs_write=True,
           why_disabled=_needs(WAITING, _NOT_WAITING)),
)  # fmt: skip
