"""The hosts pane: each machine with its state, the proof of it and its age."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len

from fleet_tui.model.roles_view import RolesView
from fleet_tui.tui import fmt, host_groups, states
from fleet_tui.tui.bindings import bindings_for
from fleet_tui.tui.panes.table_pane import TablePane
from fleet_tui.tui.promoting import mirror_text
from fleet_tui.tui.safe import clean
from fleet_tui.tui.widgets.columns import Column
from fleet_tui.tui.widgets.table import LineTable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet_tui.model.snapshot import HostView
    from fleet_tui.tui.store import Dirty, Store
    from fleet_tui.tui.widgets.paint import Span

NAME_LEAST, NAME_WHOLE = 8, 16
"""Cells of the name column at least; names up to the second are never cut."""

COLUMNS = (
    Column("name", "host", NAME_LEAST, is_flexible=True, most=22),
    Column("state", "state", 18, is_flexible=True, most=28),
    Column("role", "role", 9, drop=3),
    Column("latency", "rtt", 5, is_right=True, drop=2),
    Column("mirror", "mirror", 14, drop=5),
    Column("tier", "tier", 8, drop=6),
    Column("agent", "agent", 14, is_flexible=True, most=18, drop=4),
    Column("runs", "run", 3, is_right=True, drop=0),
    Column("cost", "cost", 6, is_right=True, drop=1),
)


def columns_by(way: str) -> tuple[Column, ...]:
    """Return the columns while rows are grouped; what groups them stands beside the name."""
    if not way:
        return COLUMNS
    name, *others = COLUMNS
    rest = [column for column in others if column.id != way]
    return (name, Column(way, way, 8, is_flexible=True, most=14), *rest)


class HostRows:
    """The rows of the hosts table."""

    def __init__(self) -> None:
        self.views: Mapping[str, HostView] = {}
        self.roles: RolesView | None = None
        self.order: Sequence[str] = ()
        self.default_agent = ""
        self.now = 0.0
        self.by = ""
        """What the rows are grouped by."""
        self.heads: frozenset[str] = frozenset()
        """The first host of each block."""
        self.state_width = 0
        """Cells of the state column: a state that does not fit is told in fewer words."""

    def ids(self) -> Sequence[str]:
        """Return the host names as fleet.toml has them, block by block when they are grouped."""
        return self.order

    def cells(self, key: str) -> Mapping[str, Sequence[Span]]:
        """Return a host's cells."""
        view = self.views[key]
        look = states.LINKS[view.link.state]
        state = states.link_text(view.link, self.now)
        if len(state) + 2 > self.state_width:
            state = states.link_text(view.link, self.now, brief=True)
        cells = {
            "name": [(fmt.clip_middle(clean(key), 22), "*" if view.open_runs else "")],
            "state": [(f"{look.glyph} ", look.role), (clean(state), look.role)],
            "role": [(role_of(view, self.roles), "muted")],
            "tier": [(clean(view.host.tier or ""), "muted")],
            "mirror": [mirror_text(self.roles.mirrors.get(key) if self.roles else None)],
            "latency": [(fmt.latency(view.link.latency_seconds), "muted")],
            "agent": [(clean(agent_of(view, self.default_agent)), "muted")],
            "runs": [(str(view.open_runs) if view.open_runs else "", "*accent")],
            "cost": [(fmt.money(view.cost_today_usd) if view.cost_today_usd else "", "")],
        }
        if self.by:
            role = "*accent" if key in self.heads else "faint"
            cells[self.by] = [(host_groups.label_of(view.host, self.by), role)]
        return cells

    def sort_value(self, key: str, column: str) -> float | str | None:
        """Return what a host's cell is ordered by; of states the worst comes first."""
        view = self.views[key]
        values: dict[str, float | str | None] = {
            "name": key,
            "state": LINK_RANKS.index(view.link.state),
            "role": ROLE_RANKS.index(role_of(view, self.roles))
            if role_of(view, self.roles)
            else None,
            "tier": view.host.tier,
            "group": view.host.groups[0] if view.host.groups else None,
            "mirror": mirror_text(self.roles.mirrors.get(key) if self.roles else None)[0] or None,
            "latency": view.link.latency_seconds,
            "agent": agent_of(view, self.default_agent),
            "runs": view.open_runs or None,
            "cost": view.cost_today_usd or None,
        }
        return values[column]

    def search_text(self, key: str) -> str:
        """Return what the filter of the hosts table looks at."""
        view = self.views[key]
        host = view.host
        words = (key, states.link_text(view.link, self.now), *host.roles, *host.groups)
        words = (*words, host.tier or "")
        return " ".join((*words, host.address or "", agent_of(view, self.default_agent)))


ROLE_RANKS = ("primary", "secondary", "hub", "worker", "")
LINK_RANKS = ("down", "connecting", "unknown", "up")
"""Worst first."""


def role_of(view: HostView, roles: RolesView | None = None) -> str:
    """Return a host's role: who leads is who was promoted last, else as fleet.toml says."""
    leads = roles.primary if roles is not None else ""
    if leads == view.host.name:
        return "primary"
    given = view.host.roles - {"primary"} if leads else view.host.roles
    return next(
        (role for role in ROLE_RANKS if role in given),
        "secondary" if leads and view.host.roles else "",
    )


def agent_of(view: HostView, default: str) -> str:
    """Return the host's agent with its version, when a probe has found it."""
    name = view.host.agent or default
    found = view.facts.agents.get(name) if view.facts else None
    return f"{name} {found.version}" if found else ""


class HostsPane(TablePane):
    """All hosts of the fleet."""

    place = "hosts"
    number = 1
    BINDINGS = bindings_for("hosts", "machine", "list")

    def __init__(self, default_agent: str, by: str = "") -> None:
        self.rows = HostRows()
        self.rows.by = by if by in host_groups.WAYS else ""
        self.rows.default_agent = default_agent
        columns, empty = columns_by(self.rows.by), "No hosts in fleet.toml."
        table = LineTable(self.rows, columns, can_mark=True, empty=empty, id="hosts-table")
        super().__init__(table)
        self._said: tuple[int, int, str] = (-1, -1, "")

    def group_by(self, way: str) -> None:
        """Show the rows in blocks of one group or tier, or as fleet.toml has them."""
        self.rows.by = way
        self._take_order()
        self.table.sort_by(None)
        self.table.set_columns(columns_by(way))
        self._fit_names()
        self._count()

    def show(self, store: Store, dirty: Dirty, now: float) -> None:
        """Show states at once, ages and numbers when they may move."""
        if not (dirty.hosts or dirty.numbers or RolesView in dirty.parts):
            return
        rows = self.rows
        rows.now = now
        rows.roles = store.part(RolesView)
        rows.state_width = self.table.column_width("state")
        changed = rows.views is not store.hosts or len(rows.order) != len(store.hosts)
        rows.views = store.hosts
        may_move = self.table.order is not None or (self.table.filter and dirty.hosts)
        if changed or may_move:
            self._take_order()
            self._fit_names()
        else:
            self.table.refresh_changed()
        self._count()

    def _take_order(self) -> None:
        self.rows.order, self.rows.heads = host_groups.in_blocks(self.rows.views, self.rows.by)

    def _fit_names(self) -> None:
        longest = max((cell_len(clean(name)) for name in self.rows.order), default=0)
        self.table.set_least_width("name", max(NAME_LEAST, min(longest, NAME_WHOLE)))
        self.table.reload()

    def _count(self) -> None:
        views = self.rows.views
        up = sum(view.link.state == "up" for view in views.values())
        said = (up, len(views), self.rows.by)
        if said != self._said:
            self._said = said
            blocks = f" · by {self.rows.by}" if self.rows.by else ""
            self.set_title(f"{up}/{len(views)} up{blocks}")
