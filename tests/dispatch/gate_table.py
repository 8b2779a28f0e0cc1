"""Every combination the gate can be asked, counted: `python -m tests.dispatch.gate_table`."""

from __future__ import annotations

import itertools
import sys
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, get_args

from fleet_tui.agents.registry import adapter
from fleet_tui.dispatch.gate import GateCase, Login, Standing, VerifyState, refusal
from fleet_tui.model.run import AgentName, Mode, Origin

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Money = Literal["free", "uncapped", "fits", "over-dispatch", "over-day", "unknown", "incomplete"]

MODES: tuple[Mode, ...] = get_args(Mode)
ORIGINS: tuple[Origin, ...] = get_args(Origin)
AGENTS: tuple[AgentName, ...] = get_args(AgentName)
VERIFY: tuple[VerifyState, ...] = get_args(VerifyState)
LOGINS: tuple[tuple[Login, bool], ...] = (
    *((login, False) for login in get_args(Login)),
    ("root", True),
    ("unknown", True),
)
"""Who the run would be, and whether fleet.toml allows it to be root."""
MONEY: dict[Money, dict[str, object]] = {
    "free": {"is_free": True, "usd_left_today": 0.0},
    "uncapped": {},
    "fits": {"worst_case_usd": 1.0, "usd_per_dispatch": 2.0, "usd_left_today": 1.0},
    "over-dispatch": {"worst_case_usd": 2.5, "usd_per_dispatch": 2.0},
    "over-day": {"worst_case_usd": 1.5, "usd_left_today": 1.0},
    "unknown": {"usd_left_today": 9.0},
    "incomplete": {"worst_case_usd": 0.1, "usd_left_today": 9.0, "today_is_complete": False},
}
TARGETS: dict[str, tuple[str, ...]] = {"empty": (), "one": ("web01",), "two": ("web01", "web02")}
NAMED: tuple[frozenset[str], ...] = (frozenset(), frozenset({"web01", "web02"}))
ROLES: tuple[tuple[bool, Standing], ...] = (
    (True, "leads"),
    *((False, standing) for standing in get_args(Standing)),
)
"""Whether the program may only look, and how its machine stands."""
OPENS: tuple[frozenset[str], ...] = (frozenset(), frozenset({"hooks"}), frozenset({"mcp"}))
BOOLS = (False, True)


@dataclass(frozen=True, slots=True)
class Row:
    """One combination, by the words of the table, with the answer."""

    case: GateCase
    money: Money
    target: str
    is_open: bool


def rows() -> Iterator[Row]:
    """Yield every combination of what a dispatch is, with what the gate says.

    Two tables, each of them whole: who asks for what against money, role, check and target; and who
    asks for what against what only single hosts and repositories decide.
    """
    yield from _rows(MONEY, ROLES, LOGINS[:1], OPENS[:1])
    yield from _rows({"fits": MONEY["fits"]}, ROLES[1:2], LOGINS, OPENS)


def _rows(
    money: Mapping[Money, Mapping[str, object]],
    roles: Sequence[tuple[bool, Standing]],
    logins: Sequence[tuple[Login, bool]],
    opened: Sequence[frozenset[str]],
) -> Iterator[Row]:
    bases = {
        agent: GateCase(agent, "read", adapter(agent).modes, "operator", ()) for agent in AGENTS
    }
    for agent, mode, origin, (sum_, amounts), (target, hosts) in itertools.product(
        AGENTS, MODES, ORIGINS, money.items(), TARGETS.items()
    ):
        base = replace(bases[agent], mode=mode, origin=origin, hosts=hosts, **amounts)  # type: ignore[arg-type]
        inner = itertools.product(roles, VERIFY, logins, NAMED, opened, BOOLS)
        for (read_only, standing), verify, (login, allows), named, opens, vouched in inner:
            case = replace(
                base,
                named_hosts=named,
                is_vouched_for=vouched,
                is_read_only=read_only,
                standing=standing,
                verify=verify,
                login=login,
                allows_root=allows,
                opens=opens,
            )
            yield Row(case, sum_, target, refusal(case) is None)


@dataclass(slots=True)
class Table:
    """The counts of all combinations, and those that must not be."""

    asked: Counter[tuple[str, str]]
    opened: Counter[tuple[str, str]]
    opened_with: Counter[tuple[str, str]]
    """How many were let through with this value of this condition."""
    asked_with: Counter[tuple[str, str]]
    forbidden: list[GateCase]
    """What another origin than the operator got that only the operator may have."""

    @property
    def total(self) -> int:
        """How many combinations there are."""
        return sum(self.asked.values())


def count() -> Table:
    """Ask the gate for every combination."""
    table = Table(Counter(), Counter(), Counter(), Counter(), [])
    for row in rows():
        case = row.case
        key = (case.mode, case.origin)
        conditions = (
            ("agent", case.agent),
            ("budget", row.money),
            ("role", "read-only" if case.is_read_only else case.standing),
            ("verify", case.verify),
            ("target", row.target),
            ("login", f"{case.login}{' allowed' if case.allows_root else ''}"),
            ("opens", ",".join(case.opens) or "nothing"),
        )
        table.asked[key] += 1
        table.asked_with.update(conditions)
        if row.is_open:
            table.opened[key] += 1
            table.opened_with.update(conditions)
            if case.origin != "operator" and (case.mode == "unrestricted" or case.opens):
                table.forbidden.append(case)
    return table


def lines(table: Table) -> Iterator[str]:
    """Yield the truth table as text: how many of how many combinations are let through."""
    yield f"{table.total:,} combinations; let through, of all, by mode and origin:"
    yield f"  {'':12}" + "".join(f"{origin:>16}" for origin in ORIGINS)
    for mode in MODES:
        cells = (
            f"{table.opened[mode, origin]:,}/{table.asked[mode, origin]:,}" for origin in ORIGINS
        )
        yield f"  {mode:12}" + "".join(f"{cell:>16}" for cell in cells)
    yield "by each other condition:"
    for name in dict.fromkeys(name for name, _ in table.asked_with):
        values = [value for other, value in table.asked_with if other == name]
        told = "  ".join(f"{value} {table.opened_with[name, value]:,}" for value in values)
        yield f"  {name:8}{told}"
    yield f"let through that must not be: {len(table.forbidden)}"


def main() -> None:
    """Print the table."""
    sys.stdout.write("\n".join(lines(count())) + "\n")


if __name__ == "__main__":
    main()
