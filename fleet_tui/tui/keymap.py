"""The operator's own keys: checked against the registry, so that a slip costs one key, not all."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_tui.tui import keynames
from fleet_tui.tui.actions import SCOPE_CHAINS
from fleet_tui.tui.safe import short

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet_tui.model.config import FleetConfig
    from fleet_tui.tui.actions import Action, Registry, Scope


@dataclass(frozen=True, slots=True)
class Keymap:
    """The keys in force, and what was wrong with the ones asked for."""

    keys: Mapping[str, tuple[str, ...]]
    """Action id to its keys, by Textual's names."""
    changed: frozenset[str]
    """Ids whose keys are the operator's."""
    problems: tuple[str, ...]
    """One line each; the actions named there keep their default keys."""

    def shown(self, action: Action) -> str:
        """Return the label of the action's first key; empty when it has none."""
        keys = self.keys.get(action.id, ())
        return keynames.label(keys[0]) if keys else ""

    def all_shown(self, action: Action) -> str:
        """Return the labels of all its keys."""
        return " ".join(keynames.label(key) for key in self.keys.get(action.id, ()))

    def shown_in_fields(self, action: Action) -> str:
        """Return the label of its first key that is no character; empty when it has none."""
        keys = (keynames.label(key) for key in self.keys.get(action.id, ()))
        return next((key for key in keys if len(key) > 1 and key != "space"), "")

    def overrides(self) -> dict[str, str]:
        """Return what Textual's `set_keymap` takes."""
        return {i: ",".join(self.keys[i]) for i in self.changed}


def build(
    registry: Registry,
    wanted: Mapping[str, Sequence[str]],
    *,
    file: str = "",
    lines: Mapping[str, int] | None = None,
) -> Keymap:
    """Return the keymap for `wanted` (`[keys]` of fleet.toml) over the defaults.

    `file` and `lines` (of each id) are where the problems are told to stand.
    """
    check = _Check(registry, file, lines or {})
    for action_id, keys in wanted.items():
        check.take(action_id, keys)
    while clash := check.first_clash():
        check.drop(*clash)
    told = sorted(check.problems, key=lambda problem: problem[0])
    accepted = check.accepted
    return Keymap(
        {**check.defaults, **accepted}, frozenset(accepted), tuple(text for _, text in told)
    )


def of_config(registry: Registry, config: FleetConfig) -> Keymap:
    """Return the keymap that a fleet.toml asks for."""
    file = config.path.name if config.path is not None else ""
    return build(registry, config.keys, file=file, lines=config.key_lines)


class _Check:
    """The operator's keys, one by one; what cannot be had is a problem and keeps its default."""

    def __init__(self, registry: Registry, file: str, lines: Mapping[str, int]) -> None:
        self._registry = registry
        self._file = file
        self._lines = lines
        self.defaults = {a.id: tuple(keynames.canonical(k) for k in a.keys) for a in registry}
        self.accepted: dict[str, tuple[str, ...]] = {}
        self.problems: list[tuple[int, str]] = []

    def take(self, action_id: str, keys: Sequence[str]) -> None:
        """Accept the keys of one action, or say why not."""
        if action_id not in self._registry:
            near = difflib.get_close_matches(action_id, self._registry.ids(), n=1, cutoff=0.5)
            hint = f"did you mean {near[0]}?" if near else "`?` lists every action"
            self._tell(action_id, f"unknown action; {hint}")
            return
        reason = next(filter(None, map(_fault, keys)), "" if keys else "no key given")
        if reason:
            self._tell(action_id, f"{reason}; it keeps {self._default(action_id)}")
        else:
            self.accepted[action_id] = tuple(keynames.canonical(key) for key in keys)

    def first_clash(self) -> tuple[str, str, str] | None:
        """Return (override, the action it collides with, key), or None."""
        keys = {**self.defaults, **self.accepted}
        for action_id in self.accepted:
            for key in keys[action_id]:
                other = self._other_on(action_id, key, keys)
                if other:
                    return action_id, other, key
        return None

    def _other_on(
        self, action_id: str, key: str, keys: Mapping[str, tuple[str, ...]]
    ) -> str | None:
        mine = self._registry[action_id].scope
        for chain in SCOPE_CHAINS.values():
            if mine in chain:
                for other in self._registry.in_scope(*chain):
                    if other.id != action_id and key in keys[other.id]:
                        return other.id
        return None

    def drop(self, loser: str, other: str, key: str) -> None:
        """Give an action its default keys back, because another one has the key it asks for."""
        mine, theirs = self._registry[loser], self._registry[other]
        self.accepted.pop(loser)
        shown = keynames.label(key)
        if mine.scope == theirs.scope:
            trouble = f"{shown} is already {other} ({theirs.title.lower()})"
        elif _is_nearer(mine.scope, theirs.scope):
            trouble = f"{shown} would shadow {other} ({theirs.title.lower()}) in {mine.scope}"
        else:
            trouble = f"{shown} is shadowed by {other} ({theirs.title.lower()}) in {theirs.scope}"
        self._tell(loser, f"{trouble}; it keeps {self._default(loser)}")

    def _default(self, action_id: str) -> str:
        labels = [keynames.label(key) for key in self.defaults[action_id]]
        return f"its default {' '.join(labels)}" if labels else "having no key"

    def _tell(self, action_id: str, trouble: str) -> None:
        line = self._lines.get(action_id, 0)
        place = f"{self._file}:{line}: " if self._file and line else ""
        self.problems.append((line, f"{place}keys.{short(action_id, 60)}: {trouble}"))


def _fault(key: str) -> str:
    """Return why a key cannot be bound; empty when it can."""
    if reason := keynames.fault(key):
        return f"{short(key, 40)!r}: {reason}"
    if (name := keynames.canonical(key)) in keynames.RISKY:
        return f"{name}: {keynames.RISKY[name]}"
    return ""


def _is_nearer(scope: Scope, other: Scope) -> bool:
    """Tell whether `scope` is asked before `other` where both are live."""
    chains = [chain for chain in SCOPE_CHAINS.values() if scope in chain and other in chain]
    return any(chain.index(scope) < chain.index(other) for chain in chains)


def clashes(registry: Registry, keys: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Return every pair of actions that are live together and share a key."""
    found: set[str] = set()
    for chain in SCOPE_CHAINS.values():
        taken: dict[str, str] = {}
        for action in registry.in_scope(*chain):
            for key in keys[action.id]:
                if key in taken:
                    found.add(f"{keynames.label(key)}: {taken[key]} and {action.id}")
                taken.setdefault(key, action.id)
    return sorted(found)
