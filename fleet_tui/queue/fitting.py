"""Which worker may take which task: pure, and with the reason when it may not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_tui.model.errors import TargetError
from fleet_tui.model.target import resolve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_tui.model.host import Host
    from fleet_tui.model.task import TaskOptions


@dataclass(frozen=True, slots=True)
class Ability:
    """What one worker has to offer."""

    host: str
    groups: tuple[str, ...] = ()
    labels: frozenset[str] = frozenset()

    @classmethod
    def of(cls, host: Host, labels: Sequence[str] = ()) -> Ability:
        """Return what a worker for `host` offers: its groups and tier are labels of it too."""
        own = (*host.groups, *((host.tier,) if host.tier else ()), *labels)
        return cls(host.name, host.groups, frozenset(own))


def why_unfit(options: TaskOptions, ability: Ability, hosts: Sequence[Host]) -> str:
    """Return why a worker may not take a task (`label gpu`, `host nas1`); empty when it may."""
    if options.host is not None and options.host != ability.host:
        return f"host {options.host}"
    if options.group is not None and options.group not in ability.groups:
        return f"group {options.group}"
    missing = [label for label in options.needs if label not in ability.labels]
    if missing:
        return f"label {missing[0]}"
    if options.target is not None:
        try:
            if ability.host not in resolve(options.target, hosts):
                return f"target {options.target}"
        except TargetError:
            return f"target {options.target}"
    return ""
