"""The prices that stand in fleet.toml."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from fleet_tui.model.price import TokenPrice

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_tui.model.config import FleetConfig


def price_table(config: FleetConfig) -> tuple[TokenPrice, ...]:
    """Return the prices of fleet.toml, in its order."""
    entries = cast("tuple[Mapping[str, Any], ...]", config.sections.get("price", ()))
    return tuple(TokenPrice(**entry) for entry in entries)
