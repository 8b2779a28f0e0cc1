"""Targets: expressions that select hosts.

| written | selects |
|---|---|
| `nas1` | the host of that name |
| `nas*`, `web?` | names that match: `*` any text, `?` one character |
| `web[01-03,7]`, `r[1-2]n[01-09/2]` | a range; each name in it must exist |
| `@desk` | a group; may hold globs and ranges too |
| `%worker` | a role |
| `^server` | a tier |
| `all`, `*` | every host |
| `a,b` · `a&b` · `a!b` | union · intersection · difference |

The three operators bind equally and are read from left to right, as in ClusterShell's NodeSet:
`@desk,@nas&%worker` is `(@desk,@nas)&%worker`. Parentheses group. Letter case matters.
"""

from __future__ import annotations

import fnmatch
import re
from typing import TYPE_CHECKING, get_args

from fleet_tui.model.errors import EmptyTarget
from fleet_tui.model.host import Role
from fleet_tui.model.nearest import nearest
from fleet_tui.model.target_complete import complete, token_start
from fleet_tui.model.target_ranges import fold
from fleet_tui.model.target_syntax import NAME, NAME_RULE, SIGIL_KINDS, Node, Operand, parse
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet_tui.model.host import Host

__all__ = ["NAME", "NAME_RULE", "ROLES", "complete", "fold", "resolve", "token_start"]

ROLES: tuple[Role, ...] = get_args(Role)
_EVERYTHING = frozenset({"all", "*", "@all"})
_MAX_SHOWN = 200


def resolve(expression: str, hosts: Sequence[Host]) -> tuple[str, ...]:
    """Return the names of the hosts that `expression` selects, in fleet order, none twice.

    Raises TargetError, which says where the expression breaks, what in it does not exist, or why
    it selects nothing.
    """
    tree = parse(expression)
    if not hosts:
        raise EmptyTarget("the fleet has no hosts", mend="add a [[host]] to fleet.toml")
    selection = _Selection(hosts)
    chosen = selection.of(tree)
    selection.refuse_unknown()
    if not chosen:
        raise EmptyTarget(f"target '{_short(expression.strip())}' selects no host: {selection.why}")
    return tuple(host.name for host in hosts if host.name in chosen)


class _Selection:
    """Evaluates one tree over one fleet, and remembers why sets became empty."""

    def __init__(self, hosts: Sequence[Host]) -> None:
        self._hosts: dict[str, frozenset[str]] = {}
        self._groups: dict[str, set[str]] = {}
        self._roles: dict[str, set[str]] = {role: set() for role in ROLES}
        self._tiers: dict[str, set[str]] = {}
        for host in hosts:
            self._hosts[host.name] = frozenset((host.name,))
            for group in host.groups:
                self._groups.setdefault(group, set()).add(host.name)
            for role in host.roles:
                self._roles.setdefault(role, set()).add(host.name)
            if host.tier is not None:
                self._tiers.setdefault(host.tier, set()).add(host.name)
        self.why = ""
        self._unknown: dict[str, list[str]] = {"": [], "@": [], "%": [], "^": []}
        self._unmatched: list[str] = []

    def of(self, node: Node) -> set[str]:
        """Return the names a node selects; unknown names are collected, not raised."""
        if isinstance(node, Operand):
            return self._operand(node)
        chosen = set(self.of(node.first))
        texts = [node.first.text]
        for operator, right in node.rest:
            other = self.of(right)
            if operator == ",":
                chosen |= other
            elif operator == "&":
                if chosen and other and not chosen & other:
                    self.why = (
                        f"'{_short(''.join(texts))}' and '{_short(right.text)}' "
                        "have no host in common"
                    )
                chosen &= other
            else:
                if chosen and not chosen - other:
                    self.why = (
                        f"'{_short(right.text)}' takes away all that "
                        f"'{_short(''.join(texts))}' selects"
                    )
                chosen -= other
            texts.append(f"{operator}{right.text}")
        return chosen

    def _operand(self, operand: Operand) -> set[str]:
        chosen: set[str] = set()
        if operand.text in _EVERYTHING:
            return set(self._hosts)
        universe = self._universe(operand)
        for name in operand.names:
            if "*" in name or "?" in name:
                matches = re.compile(fnmatch.translate(name)).match
                found = [key for key in universe if matches(key)]
                if not found:
                    self._unmatched.append(operand.sigil + name)
                for key in found:
                    chosen |= universe[key]
            elif name in universe:
                chosen |= universe[name]
            else:
                self._unknown[operand.sigil].append(name)
        if operand.sigil == "%" and not chosen:
            self.why = f"no host has the role '{_short(operand.text[1:])}'"
        return chosen

    def _universe(self, operand: Operand) -> Mapping[str, frozenset[str] | set[str]]:
        return {"@": self._groups, "%": self._roles, "^": self._tiers}.get(
            operand.sigil, self._hosts
        )

    def refuse_unknown(self) -> None:
        """Raise TargetError for everything named that the fleet does not have."""
        hosts, groups, roles, tiers = (self._unknown[sigil] for sigil in ("", "@", "%", "^"))
        faults = []
        if hosts:
            faults.append(f"no host is called {_quoted(hosts)}")
        if groups:
            faults.append(f"there is no group {_quoted([f'@{name}' for name in groups])}")
        if roles:
            faults.append(f"there is no role {_quoted([f'%{name}' for name in roles])}")
        if tiers:
            faults.append(f"there is no tier {_quoted([f'^{name}' for name in tiers])}")
        if self._unmatched:
            faults.append(f"nothing matches {_quoted(self._unmatched)}")
        if faults:
            raise EmptyTarget("; ".join(faults), mend=self._hint(hosts, groups, roles, tiers))

    def _hint(
        self, hosts: list[str], groups: list[str], roles: list[str], tiers: list[str]
    ) -> str | None:
        """Say the nearest thing that exists, for the first name that does not."""
        if roles:
            close = nearest(roles[0], ROLES)
            if close:
                return f"did you mean '%{close}'?"
            return f"roles are {', '.join(f'%{role}' for role in ROLES)}"
        if not hosts and not groups and not tiers:
            return None
        sigil, name = ("", hosts[0]) if hosts else ("@", groups[0]) if groups else ("^", tiers[0])
        known = {
            "": tuple(self._hosts),
            "@": tuple(self._groups),
            "%": tuple(role for role in ROLES if sigil == ""),
            "^": tuple(self._tiers),
        }
        for other, names in known.items():
            if other != sigil and name in names:
                return f"did you mean '{other}{name}'?"
        close = nearest(name, known[sigil])
        if close:
            return f"did you mean '{sigil}{close}'?"
        if sigil:
            kind = SIGIL_KINDS[sigil]
            if not known[sigil]:
                return f"no host in fleet.toml names a {kind}"
            return f"{kind}s are {_short(fold(f'{sigil}{key}' for key in known[sigil]))}"
        return f"hosts are {_short(fold(self._hosts))}"


def _quoted(names: Sequence[str]) -> str:
    return f"'{_short(fold(names))}'"


def _short(text: str) -> str:
    """Cut what is quoted back, so that an error stays one readable line."""
    return one_line(text, _MAX_SHOWN)
