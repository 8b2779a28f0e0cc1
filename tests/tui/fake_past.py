"""Runs of the past, threads and the doctor as the screen sees them, in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.model.errors import FleetError, UsageError
from fleet_tui.model.findings import Finding, HostReport, NotChecked
from fleet_tui.model.history import Comparison, HistoryPage, PastRun
from fleet_tui.model.run_filter import parse_filter
from fleet_tui.model.threads import (
    HostHits,
    HostThreads,
    Said,
    Thread,
    ThreadHit,
    ThreadPage,
    WaitingDocument,
)
from tests.tui.answers import done, refused
from tests.tui.fixed_clock import NOW

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from fleet_tui.model.run import AgentName
    from tests.tui.fake_control import FakeControl

SESSION = "11111111-2222-4333-8444-555555555555"
REPORTS = (
    HostReport(
        "web01",
        (
            Finding("web01", "agent-missing", "error", "claude is missing", "runs fail", "npm i x"),
            Finding("web01", "clock", "warning", "its clock is 90 s off", "times lie", "chronyd"),
        ),
        (NotChecked("web01", "sshd", "it is not readable"),),
    ),
    HostReport("nas1"),
    HostReport("cloud1", (Finding("cloud1", "reach", "error", "refused", "no run", "start it"),)),
)


def thread(
    host: str,
    agent: AgentName,
    session: str,
    folder: str,
    title: str,
    at: float,
    branch: str = "",
) -> Thread:
    """Return a thread of 140 kB."""
    return Thread(host, agent, session, f"/h/{host}.jsonl", 140_000, at, folder, branch, title)


class FakeDoctor:
    """Finds what tests say."""

    def __init__(self) -> None:
        self.reports = REPORTS
        self.asked: list[str] = []

    def examine(self, target: str) -> Future[tuple[HostReport, ...]]:
        self.asked.append(target)
        return done(self.reports)


class FakeHistory:
    """The runs that the control knows, newest first; text and host are looked at."""

    def __init__(self, control: FakeControl) -> None:
        self._control = control
        self.asked: list[tuple[str, int, int]] = []
        self.saved: list[tuple[str, str]] = []
        self.answers: dict[str, str] = {}

    def find(self, words: str, limit: int, first: int = 0) -> Future[HistoryPage]:
        self.asked.append((words, limit, first))
        try:
            wanted = parse_filter(words, NOW)
        except UsageError as error:
            return refused(error)
        found = []
        for view in reversed(self._control.dispatches.values()):
            for run in (self._control.runs[i].run for i in view.run_ids):
                said = view.dispatch.prompt + self.answers.get(run.id, "")
                fits = all(text in said for text in wanted.text)
                if fits and (not wanted.hosts or run.host in wanted.hosts):
                    found.append(PastRun(run, view.dispatch.prompt, self.answers.get(run.id, "")))
        shown = tuple(found[first : first + limit])
        return done(HistoryPage(shown, first, len(found) > first + limit))

    def compare(self, left: str, right: str) -> Future[Comparison]:
        runs = self._control.runs
        lines = ("--- a", "+++ b", "@@ -1 +1 @@", "-one", "+two")
        difference = lines if left != right else ()
        return done(Comparison(runs[left].run, runs[right].run, difference, 1, 1))

    def export(self, run_id: str) -> Future[str]:
        return done(f"# {run_id}\n")

    def save(self, run_id: str, path: str) -> Future[str]:
        self.saved.append((run_id, path))
        return done(path)


class FakeThreads:
    """Threads that tests write."""

    def __init__(self) -> None:
        self.threads = (
            thread("web01", "claude", SESSION, "/srv/app", "mend the cart", NOW - 60, "main"),
            thread("nas2", "codex", SESSION[::-1], "/srv/api", "count", NOW - 7200),
        )
        self.said = (
            Said("user", "mend the cart"),
            Said("tool", "Edit cart.py"),
            Said("result", "ok"),
            Said("assistant", "It is [bold]mended[/bold].\nAll of it."),
        )
        self.documents: tuple[WaitingDocument, ...] = ()
        self.problem = "cloud1: connection refused"
        self.calls: list[tuple[object, ...]] = []
        self.refusal: FleetError | None = None

    def list(self, target: str, limit: int) -> Future[tuple[HostThreads, ...]]:
        self.calls.append(("list", target, limit))
        found = [HostThreads(one.host, (one,), 3) for one in self.threads]
        return done((*found, HostThreads("cloud1", problem=self.problem)))

    def search(self, target: str, text: str) -> Future[tuple[HostHits, ...]]:
        self.calls.append(("search", target, text))
        if len(text) < 2:
            return refused(UsageError("nothing to search for"))
        hits = tuple(
            ThreadHit(one, (Said("user", f"…{text}…"),))
            for one in self.threads
            if text in one.title
        )
        return done((HostHits("web01", hits, 2, cut="7 older transcripts not searched"),))

    def read(self, host: str, session: str, tail: int) -> Future[ThreadPage]:
        self.calls.append(("read", host, session, tail))
        return done(ThreadPage(self.threads[0], self.said, is_cut=True))

    def hand_off(
        self, run_id: str, to: str, workdir: str | None, *, takes_tree: bool
    ) -> Future[str]:
        self.calls.append(("hand_off", run_id, to, workdir, takes_tree))
        return refused(self.refusal) if self.refusal else done(f"The session is on {to} now.")

    def take_back(self, run_id: str) -> Future[str]:
        self.calls.append(("take_back", run_id))
        return done("The session is back.")

    def waiting(self, hosts: Sequence[str]) -> Future[tuple[WaitingDocument, ...]]:
        return done(tuple(one for one in self.documents if one.host in hosts))
