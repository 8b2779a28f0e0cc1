"""The operator's own keys: checked against the registry, so that a slip costs one key, not all."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_tui.tui import keynames
from fleet_tui.tui.actions import SCOPE_CHAINS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet_tui.tui.actions import Action, Registry


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

    def overrides(self) -> dict[str, str]:
        """Return what Textual's `set_keymap` takes."""
        return {i: ",".join(self.keys[i]) for i in self.changed}


def build(registry: Registry, wanted: Mapping[str, Sequence[str]]) -> Keymap:
    """Return the keymap for `wanted` (`[keys]` of fleet.toml) over the defaults."""
    defaults = {a.id: tuple(keynames.canonical(k) for k in a.keys) for a in registry}
    problems: list[str] = []
    accepted: dict[str, tuple[str, ...]] = {}
    for action_id, keys in wanted.items():
        if action_id not in registry:
            problems.append(_unknown(action_id, registry))
            continue
        good = _good_keys(action_id, keys, problems)
        if good:
            accepted[action_id] = good
    while clash := _first_clash(registry, {**defaults, **accepted}, accepted):
        loser, other, key = clash
        problems.append(
            f"keys.{loser}: {keynames.label(key)} is already {other} "
            f"({registry[other].title.lower()}); {loser} keeps its default"
        )
        del accepted[loser]
    return Keymap({**defaults, **accepted}, frozenset(accepted), tuple(problems))


def _unknown(action_id: str, registry: Registry) -> str:
    near = difflib.get_close_matches(action_id, registry.ids(), n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else "`?` lists every action"
    return f"keys.{action_id}: unknown action; {hint}"


def _good_keys(action_id: str, keys: Sequence[str], problems: list[str]) -> tuple[str, ...]:
    good: list[str] = []
    for key in keys:
        reason = keynames.fault(key)
        name = keynames.canonical(key)
        if reason:
            problems.append(f"keys.{action_id}: {key!r}: {reason}; it keeps its default")
            return ()
        if name in keynames.RISKY:
            problems.append(
                f"keys.{action_id}: {name} never reaches the program in many terminals "
                "(tmux, screen, flow control); it keeps its default"
            )
            return ()
        good.append(name)
    if not good:
        problems.append(f"keys.{action_id}: no key given; it keeps its default")
    return tuple(good)


def _first_clash(
    registry: Registry,
    keys: Mapping[str, tuple[str, ...]],
    accepted: Mapping[str, tuple[str, ...]],
) -> tuple[str, str, str] | None:
    """Return (override, the action it collides with, key), or None."""
    for action_id in accepted:
        for key in keys[action_id]:
            for chain in SCOPE_CHAINS.values():
                if registry[action_id].scope not in chain:
                    continue
                for other in registry.in_scope(*chain):
                    if other.id != action_id and key in keys[other.id]:
                        return action_id, other.id, key
    return None


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
