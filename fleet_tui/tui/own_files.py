"""What is wrong with the operator's own files as far as the screen goes: keys and themes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from fleet_tui.tui import keymap, theme_files
from fleet_tui.tui.catalogue import REGISTRY

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from fleet_tui.model.config import FleetConfig


def problems(config: FleetConfig | None, folders: Iterable[Path] | None = None) -> tuple[str, ...]:
    """Return what the screen would say at its start, one line each, keys before themes.

    Without a `config` (it could not be read) only the theme files are looked at. Reads files.
    """
    loaded = theme_files.load(folders)
    if config is None:
        return loaded.problems
    default = theme_files.default_theme(os.environ)
    wish = theme_files.wish_fault(config.theme, loaded.themes, default)
    keys = keymap.of_config(REGISTRY, config).problems
    return (*keys, *loaded.problems, *([wish] if wish else []))
