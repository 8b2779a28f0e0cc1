"""All that is known of one host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on

from fleet_tui.model.roles_view import RolesView
from fleet_tui.tui import fmt, states
from fleet_tui.tui.bindings import bindings_for
from fleet_tui.tui.progress import seconds_of
from fleet_tui.tui.promoting import mirror_facts, mirror_text
from fleet_tui.tui.safe import short as one_line
from fleet_tui.tui.screens.table_page import TablePage
from fleet_tui.tui.widgets.columns import Column
from fleet_tui.tui.widgets.facts import Facts, fact
from fleet_tui.tui.widgets.table import LineTable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from textual.widget import Widget

    from fleet_tui.model.snapshot import HostView, RunView
    from fleet_tui.tui.app import FleetApp
    from fleet_tui.tui.store import Dirty, Store
    from fleet_tui.tui.widgets.paint import Span

LABEL = 10
COLUMNS = (
    Column("when", "when", 8),
    Column("state", "state", 14),
    Column("time", "took", 7, is_right=True, drop=2),
    Column("cost", "cost", 7, is_right=True, drop=1),
    Column("prompt", "prompt or reason", 16, is_flexible=True),
)


class HostRuns:
    """The rows of the host's runs."""

    def __init__(self, app: FleetApp) -> None:
        self._app = app
        self.views: dict[str, RunView] = {}

    def ids(self) -> Sequence[str]:
        """Return the runs' ids, newest first."""
        return list(self.views)

    def cells(self, key: str) -> Mapping[str, Sequence[Span]]:
        """Return a run's cells."""
        view = self.views[key]
        run, now = view.run, self._app.clock.time()
        look = states.run_look(view)
        lost = states.lost_contact(view, now) or states.goes_on(view, now)
        dispatch = self._app.store.dispatches.get(run.dispatch)
        seconds = seconds_of(view, now)
        prompt = dispatch.dispatch.prompt if dispatch else ""
        return {
            "when": [(f"{fmt.age(now - run.created_at)} ago", "muted")],
            "state": [(f"{look.glyph} {look.word}", look.role)],
            "time": [("" if seconds is None else fmt.elapsed(seconds), "muted")],
            "cost": [(fmt.money(run.cost_usd) if run.cost_usd is not None else "", "")],
            "prompt": [
                (f"{lost} · " if lost else "", "wait"),
                (one_line(run.reason or prompt, 300), ""),
            ],
        }

    def search_text(self, key: str) -> str:
        """Return what the filter looks at."""
        run = self.views[key].run
        return f"{run.state} {run.outcome} {run.reason}"


class HostScreen(TablePage):
    """Link, reason and mend, facts, agents, and the runs on it."""

    place = "host"
    BINDINGS = bindings_for("host", "run", "machine", "list", "back")
    DEFAULT_CSS = """
    HostScreen #facts { height: auto; max-height: 60%; padding: 0 1; }
    """

    def __init__(self, app: FleetApp, name: str) -> None:
        self.rows = HostRuns(app)
        empty = "No runs on this host are known."
        table = LineTable(self.rows, COLUMNS, empty=empty, id="host-runs")
        super().__init__(app, f"hosts / {name}", table)
        self.host_name = name
        self.facts = Facts(id="facts")
        self.entitle("runs")

    def above(self) -> Sequence[Widget]:
        """Return what is known of the host."""
        return (self.facts,)

    def show(self, store: Store, dirty: Dirty, now: float) -> None:
        """Show the newest picture of the host."""
        if not (dirty.numbers or dirty.hosts or dirty.runs) or self.host_name not in store.hosts:
            return
        known = self._all_facts(store, now)
        self.facts.show(fact(label, text, style, width=LABEL) for label, text, style in known)
        ids = [view.run.id for view in self.rows.views.values()]
        self.rows.views = {view.run.id: view for view in store.runs_on(self.host_name)}
        if ids != list(self.rows.views):
            self.table.reload()
            self.show_hints()
        else:
            self.table.refresh_changed()

    def _all_facts(self, store: Store, now: float) -> Iterator[tuple[str, str, str]]:
        """Yield what is known of the host, and of the fleet's settings on it."""
        yield from host_facts(store.hosts[self.host_name], now)
        roles = store.part(RolesView)
        mirror = roles.mirrors.get(self.host_name) if roles is not None else None
        if mirror is not None and mirror.state != "unreachable":
            yield "mirror", mirror_facts(mirror), f"$fleet-{mirror_text(mirror)[1]}"

    @property
    def run_at_cursor(self) -> RunView | None:
        """Return the run at the cursor."""
        return self.rows.views.get(self.table.cursor_key or "")

    def open_row(self) -> None:
        """Show all that is known of the run at the cursor."""
        view = self.run_at_cursor
        if view is not None:
            self.fleet_app.perform("run.detail", view.run.id)

    @on(LineTable.Opened)
    def _clicked(self, event: LineTable.Opened) -> None:
        event.stop()
        self.open_row()


def host_facts(view: HostView, now: float) -> Iterator[tuple[str, str, str]]:
    """Yield (label, text, style) of everything known of a host; what is unknown is left out."""
    host, link, facts = view.host, view.link, view.facts
    look = states.LINKS[link.state]
    yield "state", f"{look.glyph} {states.link_text(link, now)}", f"$fleet-{look.role}"
    if link.reason:
        yield "reason", link.reason, ""
    if link.mend:
        yield "mend", link.mend, "bold"
    details = (
        ("address", _address(view)),
        ("via", host.via or ""),
        ("roles", ", ".join(sorted(host.roles))),
        ("groups", ", ".join(host.groups)),
        ("tier", host.tier or ""),
        ("workdir", host.workdir or ""),
        ("server", link.server),
        ("latency", fmt.latency(link.latency_seconds)),
        ("today", f"{fmt.some(view.open_runs, 'open run')}, {fmt.money(view.cost_today_usd)}"),
    )
    yield from ((label, text, "") for label, text in details if text)
    if facts is None:
        yield "facts", "not probed yet", "$fleet-muted"
        return
    yield "system", f"{facts.system}, known as {facts.hostname}, home {facts.home}", ""
    for name, agent in sorted(facts.agents.items()):
        yield "agent", f"{name} {agent.version}  {agent.path}", ""
    if facts.disk_free_bytes is not None:
        yield "disk", f"{facts.disk_free_bytes / 1e9:,.0f} GB free", ""
    if facts.uptime_seconds is not None:
        yield "uptime", fmt.age(facts.uptime_seconds), ""
    yield "probed", f"{fmt.age(now - facts.probed_at)} ago", "$fleet-muted"


def _address(view: HostView) -> str:
    host = view.host
    if host.connection == "local":
        return "this machine"
    user = f"{host.user}@" if host.user else ""
    port = f" port {host.port}" if host.port else ""
    return f"{user}{host.address or host.name}{port}"
