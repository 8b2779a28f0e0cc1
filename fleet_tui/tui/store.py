"""What the screen knows: the newest picture of each thing, and what changed in this frame."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar, cast

from fleet_tui.model.routes_view import RoutesView
from fleet_tui.tui.states import is_on_its_own

if TYPE_CHECKING:
    from fleet_tui.model.control import Changes
    from fleet_tui.model.notice import Notice
    from fleet_tui.model.question import Question
    from fleet_tui.model.snapshot import DispatchView, FleetView, HostView, PartView, RunView

P = TypeVar("P", bound="PartView")

MAX_NOTICES = 2_000

ANSWER_SHOWN_AFTER = 5.0
"""Seconds within which an answer that the host has must be seen in the run's picture; a question
that is still open then was not answered after all."""


@dataclass(slots=True)
class Dirty:
    """What a frame has to show again."""

    fleet: bool = False
    hosts: set[str] = field(default_factory=set)
    """Hosts whose state changed."""
    runs: set[str] = field(default_factory=set)
    """Runs whose state changed, or that are new."""
    lines: set[str] = field(default_factory=set)
    """Runs that have more lines, or another unfinished line."""
    dispatches: set[str] = field(default_factory=set)
    notices: tuple[Notice, ...] = ()
    asked: tuple[Question, ...] = ()
    """Questions that are new."""
    parts: set[type[PartView]] = field(default_factory=set)
    """Kinds of parts (queue, peers, ...) that have a newer picture."""
    numbers: bool = False
    """True in the frames (at most four a second) in which counts, costs and ages may move."""


class Store:
    """Plain dictionaries of snapshots, newest wins."""

    def __init__(self) -> None:
        self.fleet: FleetView | None = None
        self.hosts: dict[str, HostView] = {}
        self.runs: dict[str, RunView] = {}
        self.dispatches: dict[str, DispatchView] = {}
        self.notices: dict[str, Notice] = {}
        self._has_earlier = False
        self._parts: dict[type[PartView], PartView] = {}
        self._asking: set[str] = set()
        self._answered: dict[tuple[str, str], float] = {}

    def apply(self, changes: Changes, *, numbers: bool) -> Dirty:
        """Take in what the core gave and return what it touched."""
        dirty = Dirty(numbers=numbers)
        if changes.fleet is not None:
            dirty.fleet = True
            self.fleet = changes.fleet
        for name, host in changes.hosts.items():
            known = self.hosts.get(name)
            if known is None or known.link.state != host.link.state:
                dirty.hosts.add(name)
            self.hosts[name] = host
        for run_id, run in changes.runs.items():
            self._take_run(run_id, run, dirty)
        for dispatch_id, dispatch in changes.dispatches.items():
            dirty.dispatches.add(dispatch_id)
            self.dispatches[dispatch_id] = dispatch
        dirty.parts = set(changes.parts)
        self._parts.update(changes.parts)
        if (routes := self.part(RoutesView)) is not None and RoutesView in changes.parts:
            self._take_earlier(routes.earlier)
        dirty.notices = changes.notices
        self._take_notices(changes.notices)
        return dirty

    def part(self, kind: type[P]) -> P | None:
        """Return the newest picture of a part, None before there is one."""
        return cast("P | None", self._parts.get(kind))

    def _take_run(self, run_id: str, run: RunView, dirty: Dirty) -> None:
        known = self.runs.get(run_id)
        if known is None or _state_of(known) != _state_of(run):
            dirty.runs.add(run_id)
        if run.questions or run_id in self._asking:
            self._take_questions(run_id, run, dirty)
        if known is None or (known.lines, known.tail) != (run.lines, run.tail):
            dirty.lines.add(run_id)
        self.runs[run_id] = run

    def _take_questions(self, run_id: str, run: RunView, dirty: Dirty) -> None:
        before = self.runs.get(run_id)
        known = {q.id for q in before.questions} if before is not None else set()
        if run.run.is_open:
            dirty.asked += tuple(q for q in run.questions if q.id not in known)
        if run.run.is_open and run.questions:
            self._asking.add(run_id)
        else:
            self._asking.discard(run_id)

    def questions(self, now: float) -> list[Question]:
        """Return what agents wait for a person to answer, oldest first."""
        self._answered = {key: until for key, until in self._answered.items() if until > now}
        waiting = [q for run_id in self._asking for q in self.runs[run_id].questions]
        waiting = [q for q in waiting if (q.run, q.id) not in self._answered]
        return sorted(waiting, key=lambda q: (q.asked_at, q.run, q.id))

    def note_answered(self, question: Question, now: float) -> None:
        """Take a question for answered until its run's next picture says so."""
        self._answered[question.run, question.id] = now + ANSWER_SHOWN_AFTER

    def on_their_own(self) -> int:
        """Return how many runs go on where we cannot hear them."""
        return sum(is_on_its_own(view) for view in self.runs.values())

    def _take_notices(self, notices: tuple[Notice, ...]) -> None:
        for notice in notices:
            self.notices.pop(notice.id, None)
            self.notices[notice.id] = notice
        while len(self.notices) > MAX_NOTICES:
            del self.notices[next(iter(self.notices))]

    def _take_earlier(self, earlier: tuple[Notice, ...]) -> None:
        """Put notices of earlier sessions before those of this one."""
        new = {notice.id: notice for notice in earlier if notice.id not in self.notices}
        if new and not self._has_earlier:
            self.notices = {**new, **self.notices}
        self._has_earlier = self._has_earlier or bool(new)

    def dispatch_order(self) -> list[str]:
        """Return the ids of the known dispatches, oldest first."""
        return sorted(self.dispatches, key=lambda i: (self.dispatches[i].dispatch.created_at, i))

    def runs_of(self, dispatch_id: str | None) -> list[RunView]:
        """Return the runs of a dispatch that are known, in the target's order."""
        view = self.dispatches.get(dispatch_id or "")
        return [self.runs[i] for i in view.run_ids if i in self.runs] if view else []

    def runs_on(self, host: str, limit: int = 20) -> list[RunView]:
        """Return the newest runs on a host, newest first."""
        mine = [run for run in self.runs.values() if run.run.host == host]
        return sorted(mine, key=lambda view: view.run.created_at, reverse=True)[:limit]


def _state_of(view: RunView) -> tuple[object, ...]:
    asked = tuple(question.id for question in view.questions)
    is_alone = view.contact_lost_at is not None
    return view.run.state, view.activity, view.is_cancelling, view.run.outcome, is_alone, asked
