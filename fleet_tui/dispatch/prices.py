"""Which price of fleet.toml holds for a model."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, cast

from fleet_tui.model.price import TokenPrice

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_tui.model.config import FleetConfig

ANY_MODEL = "*"


def price_table(config: FleetConfig) -> tuple[TokenPrice, ...]:
    """Return the prices of fleet.toml, in its order."""
    entries = cast("tuple[Mapping[str, Any], ...]", config.sections.get("price", ()))
    return tuple(TokenPrice(**entry) for entry in entries)


def price_of(model: str | None, config: FleetConfig) -> TokenPrice | None:
    """Return the price of a model: its own name first, then the longest pattern that fits.

    None when no price fits. A run that asked for no model is priced by `*` alone, because nobody
    says which model it used.
    """
    table = price_table(config)
    if model is None:
        return next((price for price in table if price.model == ANY_MODEL), None)
    fitting = [price for price in table if fnmatchcase(model, price.model)]
    exact = [price for price in fitting if price.model == model]
    return next(iter(exact), max(fitting, key=lambda price: len(price.model), default=None))
