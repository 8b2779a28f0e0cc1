"""`fleet.toml` to model; every error names file, line, key, what was found, what is allowed."""

from fleet_tui.config.draft import draft_from_ssh_config
from fleet_tui.config.load import load
from fleet_tui.config.paths import (
    config_dir,
    data_dir,
    discover,
    log_path,
    sample_path,
    state_dir,
)
from fleet_tui.config.reference import reference

__all__ = [
    "config_dir",
    "data_dir",
    "discover",
    "draft_from_ssh_config",
    "load",
    "log_path",
    "reference",
    "sample_path",
    "state_dir",
]
