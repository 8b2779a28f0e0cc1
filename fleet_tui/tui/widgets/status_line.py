"""The first line of the screen: which fleet, who we are in it, how it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from textual.content import Content
from textual.widgets import Static

from fleet_tui.tui import fmt
from fleet_tui.tui.safe import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_tui.model.snapshot import FleetView

SEPARATOR = ("  ", "")

Part: TypeAlias = tuple[int, list[tuple[str, str]]]
"""How soon it may be left out (the lowest number stays longest), and its styled pieces."""


class StatusLine(Static):
    """One line; what matters least is left out first when room is short."""

    DEFAULT_CSS = "StatusLine { height: 1; padding: 0 1; background: $panel; }"

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self.plain = ""
        """What it says, for tests and for a screen reader's twin."""

    def show(
        self,
        fleet: FleetView | None,
        clock_time: str,
        *,
        name: str,
        is_read_only: bool,
        on_their_own: int = 0,
        asked: Sequence[float] = (),
        played: str = "",
    ) -> None:
        """Show the fleet called `name`; None: it is not open yet.

        `asked` is how many seconds ago each open question came.
        """
        width = max(20, self.size.width - 2)
        badges = _badges(fleet, is_read_only=is_read_only, played=played)
        parts = _parts(fleet, clock_time, name)
        if on_their_own:
            whose = "its" if on_their_own == 1 else "their"
            pieces = [(f"◌ {on_their_own} on {whose} own", "$fleet-wait")]
            parts.insert(4, (1, [SEPARATOR, *pieces]))
        if asked:
            parts.insert(1, (0, [SEPARATOR, *_questions(asked)]))
        while len(parts) > 2 and _width(parts) + _width(badges) > width:
            parts.remove(max(parts, key=lambda part: part[0]))
        left = [piece for _, pieces in parts for piece in pieces]
        gap = width - _width(parts) - _width(badges)
        line = Content.assemble(*left, " " * max(1, gap), *(p for _, b in badges for p in b))
        if line.plain != self.plain:
            self.plain = line.plain
            self.update(line, layout=False)


def _who(fleet: FleetView) -> list[tuple[str, str]]:
    """Return which host this is, its role and epoch; no host when fleet.toml names none."""
    epoch = f"epoch {fleet.epoch}"
    if not fleet.this_host:
        return [(epoch, "$fleet-muted")]
    role = fleet.role or "no role"
    return [
        (fmt.clip_middle(clean(fleet.this_host), 16), ""),
        (" is ", "$fleet-muted"),
        (role, "$fleet-ok" if role == "primary" else "$fleet-muted"),
        (f" {epoch}", "$fleet-muted"),
    ]


def _parts(fleet: FleetView | None, clock_time: str, name: str) -> list[Part]:
    called: Part = (0, [("◆ ", "$fleet-accent"), (fmt.clip_middle(clean(name), 20), "bold")])
    if fleet is None:
        return [called, (0, [SEPARATOR, ("opening its journal …", "$fleet-muted")])]
    parts = [
        called,
        (3, [SEPARATOR, *_who(fleet)]),
        (0, [SEPARATOR, *_up(fleet)]),
        (1, [SEPARATOR, (f"{fleet.open_runs}", "bold $fleet-accent" if fleet.open_runs else ""),
             (" running", "$fleet-muted")]),
        (2, [SEPARATOR, *_cost(fleet)]),
        (4, [SEPARATOR, (clock_time, "$fleet-muted")]),
    ]  # fmt: skip
    if fleet.notes:
        parts.append((5, [SEPARATOR, ("▲ " + clean(fleet.notes[0]), "$fleet-wait")]))
    return parts


def _questions(asked: Sequence[float]) -> list[tuple[str, str]]:
    oldest = fmt.age(max(asked))
    since = f"oldest {oldest}" if len(asked) > 1 else oldest
    return [(f"? {fmt.some(len(asked), 'question')} · {since}", "bold $fleet-wait")]


def _up(fleet: FleetView) -> list[tuple[str, str]]:
    whole = fleet.hosts_up == fleet.hosts_total
    return [
        (f"{fleet.hosts_up}/{fleet.hosts_total}", "$fleet-ok" if whole else "$fleet-wait"),
        (" up", "$fleet-muted"),
    ]


def _cost(fleet: FleetView) -> list[tuple[str, str]]:
    known = "" if fleet.cost_is_complete else "≥"
    pieces = [(f"{known}{fmt.money(fleet.cost_today_usd)}", ""), (" today", "$fleet-muted")]
    if fleet.cap_today_usd is not None:
        cap = fleet.cap_today_usd
        near = cap > 0 and fleet.cost_today_usd >= 0.8 * cap
        pieces.insert(1, (f" of {fmt.money(cap)}", "$fleet-bad" if near else "$fleet-muted"))
    return pieces


def _badges(fleet: FleetView | None, *, is_read_only: bool, played: str = "") -> list[Part]:
    style = "bold $fleet-badge-text on $fleet-badge"
    badges: list[Part] = []
    if fleet is not None and fleet.is_demo:
        badges.append((0, [(" DEMO ", style)]))
    if played:
        badges.append((0, [(" ", ""), (f" {played} ", style)]))
    if is_read_only:
        badges.append((0, [(" ", ""), (" READ-ONLY ", style)]))
    return badges


def _width(parts: list[Part]) -> int:
    return sum(len(text) for _, pieces in parts for text, _ in pieces)
