"""The queue of a fake fleet."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fleet_tui.model.queue_view import QueueView, TaskDetail, TaskRow
from tests.tui.answers import done, refused

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from fleet_tui.model.queue_control import Place
    from fleet_tui.model.task import TaskState
    from tests.tui.fake_control import FakeControl


class FakeQueue:
    """Keeps rows; orders change them at once."""

    def __init__(self, control: FakeControl) -> None:
        self._control = control
        self.view = QueueView("/srv/queue", {})
        self.details: dict[str, TaskDetail] = {}

    def show(self, *rows: TaskRow, **more: object) -> None:
        """Show the queue so."""
        counts: dict[TaskState, int] = {}
        for row in rows:
            counts[row.state] = counts.get(row.state, 0) + 1
        self.view = replace(self.view, rows=rows, counts=counts, **more)  # type: ignore[arg-type]
        self._control.show_part(self.view)

    def detail(self, name: str) -> Future[TaskDetail]:
        self._control.calls.append(("queue.detail", name))
        row = self.view.row(name)
        assert row is not None
        usual = TaskDetail(row, row.title, row.title, None, "unsigned: nobody signed it")
        return done(self.details.get(name, usual))

    def add(self, text: str) -> Future[str]:
        self._control.calls.append(("queue.add", text))
        self.show(*self.view.rows, TaskRow("new", "pending", text))
        return done("new")

    def edit(self, name: str, text: str) -> Future[None]:
        self._control.calls.append(("queue.edit", (name, text)))
        return done(None)

    def retry(self, names: Sequence[str]) -> Future[int]:
        return self._move("retry", names, "pending")

    def cancel(self, names: Sequence[str]) -> Future[int]:
        return self._move("cancel", names, "cancelled")

    def hold(self, names: Sequence[str]) -> Future[int]:
        return self._move("hold", names, "held")

    def unhold(self, names: Sequence[str]) -> Future[int]:
        return self._move("unhold", names, "pending")

    def take_back(self, names: Sequence[str]) -> Future[int]:
        return self._move("take_back", names, "pending")

    def reorder(self, names: Sequence[str], place: Place) -> Future[int]:
        self._control.calls.append(("queue.reorder", (tuple(names), place)))
        return done(len(names))

    def sign(self, names: Sequence[str]) -> Future[int]:
        self._control.calls.append(("queue.sign", tuple(names)))
        return done(len(names))

    def pause(self, is_paused: bool) -> Future[None]:
        self._control.calls.append(("queue.pause", is_paused))
        told = {"paused_by": "walhus@cc-pc", "paused_since": "2026-11-21T10:00:00+01:00"}
        more = told if is_paused else dict.fromkeys(told, "")
        self.show(*self.view.rows, is_paused=is_paused, **more)
        return done(None)

    def report(self) -> Future[str]:
        self._control.calls.append(("queue.report", None))
        return done("# Queue report\n\n1 failed\n")

    def _move(self, order: str, names: Sequence[str], state: TaskState) -> Future[int]:
        self._control.calls.append((f"queue.{order}", tuple(names)))
        if self._control.refusal is not None:
            return refused(self._control.refusal)
        rows = [replace(r, state=state) if r.name in names else r for r in self.view.rows]
        self.show(*rows)
        return done(len(names))
