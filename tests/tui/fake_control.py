"""The core as the screen sees it, in memory and driven by hand.

`python -m tests.tui.fake_control` plays a live scene at human speed, to look at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.dispatch.costs import worst_case_words
from fleet_tui.model.request import DispatchRequest, Preview
from tests.tui.answers import done, refused
from tests.tui.fake_audit import FakeAudit
from tests.tui.fake_costs import FakeCosts
from tests.tui.fake_daemons import FakeDaemons
from tests.tui.fake_managed import FakeManaged
from tests.tui.fake_mcp import FakeMcp
from tests.tui.fake_notices import FakeNotices
from tests.tui.fake_past import FakeDoctor, FakeHistory, FakeThreads
from tests.tui.fake_peers import FakePeers
from tests.tui.fake_queue import FakeQueue
from tests.tui.fake_roles import FakeRoles
from tests.tui.fake_stage import HOSTS, FakeStage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from concurrent.futures import Future

    from fleet_tui.model.control import GatheredGroup
    from fleet_tui.model.host import Host
    from fleet_tui.model.question import Answer
    from fleet_tui.model.snapshot import DispatchView
    from tests.tui.fake_lines import FakeLines, FakeTimeline


class FakeControl(FakeStage):
    """The calls of the screen, answered from the stage."""

    def __init__(
        self, hosts: Sequence[Host] = HOSTS, keys: Mapping[str, tuple[str, ...]] | None = None
    ) -> None:
        super().__init__(hosts, keys)
        self.audit = FakeAudit()
        self.peers = FakePeers(self)
        self.notices = FakeNotices(self)
        self.managed, self.mcp = FakeManaged(self), FakeMcp(self)
        self.roles = FakeRoles(self)
        self.costs = FakeCosts(self.now)
        self.daemons = FakeDaemons(self)
        self.doctor, self.past, self.threads = FakeDoctor(), FakeHistory(self), FakeThreads()
        self.queue = FakeQueue(self)

    def preview(self, request: DispatchRequest) -> Preview:
        expression = request.target.strip()
        names = [h.name for h in self.config.hosts]
        if expression == "all":
            chosen = names
        elif expression.startswith("@"):
            chosen = [h.name for h in self.config.hosts if expression[1:] in h.groups]
        else:
            wanted = [part.strip() for part in expression.split(",") if part.strip()]
            chosen = [n for n in names if any(_matches(n, part) for part in wanted)]
        problem = ""
        if not expression:
            problem = "name at least one host, group or role"
        elif not chosen:
            problem = f"{expression!r} selects no host: there is no such name or group"
        elif not request.prompt.strip():
            problem = "the prompt is empty"
        elif request.mode == "unrestricted" and set(chosen) - request.named_hosts:
            problem = "unrestricted: type the names of these hosts again"
        budget = request.budget_usd or self.config.defaults.budget_usd
        return Preview(
            hosts=tuple(chosen),
            folded="web[01-03]" if chosen == ["web01", "web02", "web03"] else ",".join(chosen),
            agent=request.agent or "claude",
            mode=request.mode or "read",
            problem=problem,
            worst_case_usd=None if budget is None else budget * len(chosen),
            cost=worst_case_words([budget] * len(chosen), 7.10),
        )

    def dispatch(self, request: DispatchRequest) -> Future[str]:
        self.calls.append(("dispatch", request))
        if self.refusal is not None:
            return refused(self.refusal)
        return done(self.start(self.preview(request).hosts, request.prompt, request.target))

    def cancel(self, run_ids: Sequence[str]) -> Future[int]:
        self.calls.append(("cancel", tuple(run_ids)))
        still = [i for i in run_ids if self.runs[i].run.is_open]
        for run_id in still:
            run = self.runs[run_id].run
            self.move(run.dispatch, run.host, "cancelled", outcome="killed")
        return done(len(still))

    def retry(self, run_ids: Sequence[str]) -> Future[str]:
        self.calls.append(("retry", tuple(run_ids)))
        runs = [self.runs[i].run for i in run_ids]
        prompt = self.dispatches[runs[0].dispatch].dispatch.prompt
        return done(self.start([run.host for run in runs], prompt))

    def answer(self, run_id: str, question_id: str, answer: Answer) -> Future[None]:
        self.calls.append(("answer", (run_id, question_id, answer)))
        if self.refusal is not None:
            return refused(self.refusal)
        if self.takes_answers:
            self.withdraw(run_id, question_id)
        return done(None)

    def terminal(self, host: str, run_id: str | None = None) -> Future[tuple[str, ...]]:
        self.calls.append(("terminal", (host, run_id)))
        return refused(self.refusal) if self.refusal is not None else done(self.terminal_argv)

    def resume(self, run_id: str, prompt: str) -> Future[str]:
        self.calls.append(("resume", (run_id, prompt)))
        if self.refusal is not None:
            return refused(self.refusal)
        return done(self.start([self.runs[run_id].run.host], prompt))

    def connect(self, hosts: Sequence[str]) -> Future[None]:
        self.calls.append(("connect", tuple(hosts)))
        return done(None)

    def lines(self, run_id: str) -> FakeLines:
        return self.sources[run_id]

    def timeline(self, dispatch_id: str) -> FakeTimeline:
        return self.timelines[dispatch_id]

    def gather(self, dispatch_id: str) -> Future[tuple[GatheredGroup, ...]]:
        self.calls.append(("gather", dispatch_id))
        return done(self.groups)

    def open_dispatch(self, dispatch_id: str) -> Future[DispatchView]:
        self.calls.append(("open_dispatch", dispatch_id))
        view = self.dispatches[dispatch_id]
        self._dirty_dispatches[dispatch_id] = view
        return done(view)

    def recent(self, limit: int = 100) -> Future[tuple[DispatchView, ...]]:
        newest = sorted(self.dispatches.values(), key=lambda v: v.dispatch.id, reverse=True)
        return done(tuple(newest[:limit]))

    def prompt_history(self, limit: int = 200) -> Future[tuple[str, ...]]:
        return done(self.history[:limit])


def _matches(name: str, part: str) -> bool:
    return name.startswith(part[:-1]) if part.endswith("*") else name == part


if __name__ == "__main__":
    from tests.tui.scene import main

    main()
