"""An in-memory fleet that tests and the scene drive by hand: hosts, runs, what they say and ask."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fleet_tui.model.config import Budget, Defaults, FleetConfig
from fleet_tui.model.control import Changes, GatheredGroup
from fleet_tui.model.host import AgentInstall, Host, HostFacts, LinkStatus
from fleet_tui.model.ids import ulid
from fleet_tui.model.notice import Notice
from fleet_tui.model.question import Question
from fleet_tui.model.run import Dispatch, Run
from fleet_tui.model.snapshot import DispatchView, FleetView, HostView, PartView, RunView, ViewLine
from tests.tui.fake_lines import FakeLines, FakeTimeline
from tests.tui.fixed_clock import NOW

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet_tui.model.errors import ConnectFault, FleetError
    from fleet_tui.model.notice import Severity
    from fleet_tui.model.run import Outcome, RunState
    from fleet_tui.model.snapshot import LineTag

HOSTS = (
    Host("cc-pc", connection="local", roles=frozenset({"primary"}), groups=("desk",)),
    Host("hs-pc", roles=frozenset({"secondary"}), groups=("desk",)),
    Host("droplet", roles=frozenset({"hub", "worker"}), groups=("cloud",)),
    Host("nas1", roles=frozenset({"worker"}), groups=("nas",)),
    Host("nas2", roles=frozenset({"worker"}), groups=("nas",), agent="codex"),
    Host("cloud1", groups=("cloud",)),
    *(Host(f"web{n:02}", roles=frozenset({"worker"}), groups=("web",)) for n in (1, 2, 3)),
)


class FakeStage:
    """An in-memory fleet; every change waits for the next drain, as in the core."""

    def __init__(
        self, hosts: Sequence[Host] = HOSTS, keys: Mapping[str, tuple[str, ...]] | None = None
    ) -> None:
        self.config = FleetConfig(
            name="homelab",
            hosts=tuple(hosts),
            keys=dict(keys or {}),
            defaults=Defaults(budget_usd=0.5),
            budget=Budget(usd_per_day=20.0),
            clipboard="osc52",
        )
        self.now = NOW
        self.calls: list[tuple[str, object]] = []
        """What the screen asked for, in order."""
        self.hosts: dict[str, HostView] = {}
        self.runs: dict[str, RunView] = {}
        self.dispatches: dict[str, DispatchView] = {}
        self.sources: dict[str, FakeLines] = {}
        self.timelines: dict[str, FakeTimeline] = {}
        self.groups: tuple[GatheredGroup, ...] = ()
        self.history: tuple[str, ...] = ("summarise what changed since yesterday", "uname -a")
        self.refusal: FleetError | None = None
        self.takes_answers = True
        """Whether the picture of a run shows an answer at once."""
        self.terminal_argv: tuple[str, ...] = ("true",)
        self.fleet: FleetView | None = None
        self._serial = 0
        self._dirty_fleet: FleetView | None = None
        self._dirty_parts: dict[type[PartView], PartView] = {}
        self._dirty_hosts: dict[str, HostView] = {}
        self._dirty_runs: dict[str, RunView] = {}
        self._dirty_dispatches: dict[str, DispatchView] = {}
        self._notices: list[Notice] = []
        for host in hosts:
            self.set_host(HostView(host, LinkStatus(host.name, "unknown", self.now)))

    def drain(self) -> Changes:
        changes = Changes(
            self._dirty_fleet,
            self._dirty_hosts,
            self._dirty_runs,
            self._dirty_dispatches,
            tuple(self._notices),
            self._dirty_parts,
        )
        self._dirty_fleet = None
        self._dirty_hosts, self._dirty_runs, self._dirty_dispatches = {}, {}, {}
        self._notices, self._dirty_parts = [], {}
        return changes

    def _id(self, kind: str) -> str:
        self._serial += 1
        return f"{kind}-{ulid(int(self.now * 1000), self._serial)}"

    # What tests and the scene say of the fleet.

    def set_fleet(self, **changes: object) -> None:
        """Change the status line's picture."""
        fleet = self.fleet or FleetView(
            name="homelab",
            this_host="cc-pc",
            role="primary",
            epoch=7,
            hosts_total=len(self.hosts),
            hosts_up=0,
            open_runs=0,
            cost_today_usd=0.0,
            cost_is_complete=True,
            cap_today_usd=20.0,
            log_path="~/.claude/fleet.log",
        )
        up = sum(view.link.state == "up" for view in self.hosts.values())
        running = sum(view.run.is_open for view in self.runs.values())
        fleet = replace(fleet, hosts_up=up, hosts_total=len(self.hosts), open_runs=running)
        self.fleet = self._dirty_fleet = replace(fleet, **changes)  # type: ignore[arg-type]

    def show_part(self, view: PartView) -> None:
        """Show a part so."""
        self._dirty_parts[type(view)] = view

    def set_host(self, view: HostView) -> None:
        """Show a host so."""
        self.hosts[view.host.name] = view
        self._dirty_hosts[view.host.name] = view

    def host_up(self, name: str, latency: float = 0.012, agent: str = "claude") -> None:
        """Let a host answer."""
        view = self.hosts[name]
        link = LinkStatus(
            name,
            "up",
            self.now,
            proven_at=self.now,
            latency_seconds=latency,
            server="OpenSSH_9.6",
        )
        facts = HostFacts(
            probed_at=self.now,
            hostname=f"{name}.lan",
            system="Linux 6.8.0",
            home=f"/home/{name}",
            agents={agent: AgentInstall(f"/usr/local/bin/{agent}", "2.1.14")},
            disk_free_bytes=212_000_000_000,
            uptime_seconds=1_040_000,
        )
        self.set_host(replace(view, link=link, facts=facts))

    def host_down(self, name: str, fault: ConnectFault, reason: str, mend: str) -> None:
        """Let a host be out of reach."""
        link = LinkStatus(name, "down", self.now, fault=fault, reason=reason, mend=mend)
        self.set_host(replace(self.hosts[name], link=link))

    def notice(
        self,
        severity: Severity,
        event: str,
        source: str,
        text: str,
        run: str | None = None,
        count: int = 1,
    ) -> Notice:
        """Raise a notice."""
        notice = Notice(self._id("n"), self.now, severity, event, source, text, run, count)
        self._notices.append(notice)
        return notice

    def start(self, hosts: Sequence[str], prompt: str, target: str = "") -> str:
        """Begin a dispatch with one queued run a host; returns its id."""
        dispatch = Dispatch(
            id=self._id("d"),
            target=target or ",".join(hosts),
            prompt=prompt,
            agent="claude",
            mode="read",
            origin="operator",
            by="walhus@cc-pc",
            epoch=7,
            created_at=self.now,
        )
        ids = []
        for host in hosts:
            run = Run(self._id("r"), dispatch.id, host, "claude", "read", created_at=self.now)
            ids.append(run.id)
            self.sources[run.id] = FakeLines()
            self.set_run(RunView(run))
        self.timelines[dispatch.id] = FakeTimeline()
        view = DispatchView(dispatch, tuple(ids))
        self.dispatches[dispatch.id] = self._dirty_dispatches[dispatch.id] = view
        return dispatch.id

    def set_run(self, view: RunView) -> None:
        """Show a run so."""
        self.runs[view.run.id] = view
        self._dirty_runs[view.run.id] = view

    def run_on(self, dispatch: str, host: str) -> RunView:
        """Return the run of a dispatch on a host."""
        ids = self.dispatches[dispatch].run_ids
        return next(self.runs[i] for i in ids if self.runs[i].run.host == host)

    def say(self, dispatch: str, host: str, *lines: tuple[LineTag, str]) -> None:
        """Add lines to a run."""
        view = self.run_on(dispatch, host)
        source = self.sources[view.run.id]
        first = source.count
        source.lines += [ViewLine(tag, text) for tag, text in lines]
        position = self.dispatches[dispatch].run_ids.index(view.run.id)
        self.timelines[dispatch].add(position, first, len(lines), self.now)
        self.set_run(replace(view, lines=source.count, tail=None, last_output_at=self.now))

    def tail(self, dispatch: str, host: str, tag: LineTag, text: str) -> None:
        """Let the unfinished last line of a run grow."""
        view = self.run_on(dispatch, host)
        self.set_run(replace(view, tail=ViewLine(tag, text)))

    def move(
        self,
        dispatch: str,
        host: str,
        state: RunState,
        doing: str = "",
        *,
        outcome: Outcome | None = None,
        cost: float | None = None,
        reason: str = "",
        mend: str = "",
    ) -> None:
        """Bring a run into a state."""
        view = self.run_on(dispatch, host)
        run = replace(view.run, state=state, outcome=outcome, reason=reason, mend=mend)
        if cost is not None:
            run = replace(run, cost_usd=cost)
        if state == "running" and run.started_at is None:
            run = replace(run, started_at=self.now)
        if not run.is_open:
            run = replace(run, finished_at=self.now)
        self.set_run(replace(view, run=run, doing=doing, tail=None))
        open_runs = sum(v.run.is_open and v.run.host == host for v in self.runs.values())
        self.set_host(replace(self.hosts[host], open_runs=open_runs))
        shown = self.dispatches[dispatch]
        if not any(self.runs[i].run.is_open for i in shown.run_ids):
            shown = replace(shown, dispatch=replace(shown.dispatch, finished_at=self.now))
            self.dispatches[dispatch] = self._dirty_dispatches[dispatch] = shown

    def lose_contact(self, dispatch: str, host: str, at: float | None = None) -> None:
        """Let a run be on its own since `at`, or be heard again."""
        self.set_run(replace(self.run_on(dispatch, host), contact_lost_at=at))

    def ask(self, dispatch: str, host: str, text: str = "", **fields: object) -> Question:
        """Let an agent ask whether it may run `text`."""
        view = self.run_on(dispatch, host)
        self._serial += 1
        given = {"tool": "Bash", "kind": "command", "cwd": "/srv/backup", **fields}
        question = Question(
            id=f"q{self._serial}",
            run=view.run.id,
            text=text,
            host=host,
            asked_at=self.now,
            **given,  # type: ignore[arg-type]
        )
        asked = replace(view, questions=(*view.questions, question))
        self.set_run(replace(asked, activity="blocked-permission"))
        self.say(dispatch, host, ("q", f"may it run {question.tool}: {text}"))
        return question

    def withdraw(self, run_id: str, question_id: str) -> None:
        """Let a question be open no more."""
        view = self.runs[run_id]
        left = tuple(q for q in view.questions if q.id != question_id)
        self.set_run(replace(view, questions=left, activity="working"))
