"""The rows of the hosts in blocks: by group, by tier, or as fleet.toml has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.tui.safe import clean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet_tui.model.host import Host
    from fleet_tui.model.snapshot import HostView

WAYS = ("", "group", "tier")
"""What rows can be grouped by; the first is not at all."""
NONE = "—"
"""Stands for a host that has no group, or no tier; such hosts come last."""


def next_way(way: str) -> str:
    """Return what the rows are grouped by after `way`."""
    return WAYS[(WAYS.index(way) + 1) % len(WAYS)]


def label_of(host: Host, way: str) -> str:
    """Return the block a host belongs to; of several groups the first one counts."""
    if way == "tier":
        return clean(host.tier or NONE)
    return clean(host.groups[0]) if host.groups else NONE


def in_blocks(views: Mapping[str, HostView], way: str) -> tuple[tuple[str, ...], frozenset[str]]:
    """Return the hosts block by block, and the first host of each block.

    Blocks stand as their first hosts do in fleet.toml, and so do the hosts in each.
    """
    if way not in WAYS[1:]:
        return tuple(views), frozenset()
    blocks: dict[str, list[str]] = {}
    for name, view in views.items():
        blocks.setdefault(label_of(view.host, way), []).append(name)
    rest = blocks.pop(NONE, [])
    ordered: Sequence[list[str]] = [*blocks.values(), *([rest] if rest else [])]
    names = tuple(name for block in ordered for name in block)
    return names, frozenset(block[0] for block in ordered)
