"""What `daemon run` says on its own: whether it may start anything, what started, how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.cli.worker import say
from fleet_tui.model.daemons_view import DaemonsView
from fleet_tui.model.events import DispatchStarted, PartChanged

if TYPE_CHECKING:
    from fleet_tui.model.daemons_view import DutyView, StartView
    from fleet_tui.model.events import Event


class StartSaying:
    """Writes a line when one has started, as its dispatch in the log proves, and when it ends."""

    def __init__(self) -> None:
        self._said: set[tuple[str, bool]] = set()
        self._begun: set[str] = set()
        self._view = DaemonsView(())
        self._is_first = True

    def heard(self, event: Event) -> None:
        """Take one event of the bus."""
        if isinstance(event, DispatchStarted):
            self._begun.add(event.dispatch.id)
            self._show(self._view)
        elif isinstance(event, PartChanged) and isinstance(event.view, DaemonsView):
            self._view = event.view
            self._show(event.view)
            self._is_first = False

    def _show(self, view: DaemonsView) -> None:
        for row in view.rows:
            for start in reversed(row.recent):
                has_ended = start.ended_at is not None
                if not has_ended and start.dispatch not in self._begun:
                    continue
                mark = (start.dispatch, has_ended)
                if mark not in self._said and not (self._is_first and has_ended):
                    say(_line(row, start))
                self._said |= {mark, (start.dispatch, False)}


class StandingSaying:
    """Writes a line at the start, and whenever it changes, whether this machine may start any.

    `names` are those it was asked to run.
    """

    def __init__(self, names: str) -> None:
        self._names = names
        self._why: str | None = None

    def heard(self, event: Event) -> None:
        """Take one event of the bus."""
        if isinstance(event, PartChanged) and isinstance(event.view, DaemonsView):
            self.tell(next((row.why for row in event.view.rows), ""))

    def tell(self, why: str) -> None:
        """Say why nothing is started here, empty for that it is, unless that was said last."""
        if why == self._why:
            return
        self._why = why
        if why:
            say(f"stands by and starts nothing: {why}")
        else:
            say(f"runs {self._names}")


def _line(row: DutyView, start: StartView) -> str:
    if start.ended_at is None:
        return f"{row.name}: started ({start.dispatch})"
    return f"{row.name}: {start.outcome}: {start.said}"
