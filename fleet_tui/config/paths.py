"""Where files are on this machine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

import fleet_tui
from fleet_tui.model.errors import FleetError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_tui.model.config import FleetConfig

APP = "fleet-tui"
FILE_NAME = "fleet.toml"
CONFIG_VARIABLE = "FLEET_CONFIG"
STATE_VARIABLE = "FLEET_STATE_DIR"


def config_dir() -> Path:
    """Return the platform's folder for this program's configuration; it may not exist."""
    return Path(platformdirs.user_config_dir(APP, appauthor=False))


def state_dir() -> Path:
    """Return the folder for what the program must remember; it may not exist.

    `$FLEET_STATE_DIR` moves it, so that a demo or a test touches nothing of the user's.
    """
    moved = os.environ.get(STATE_VARIABLE)
    if moved:
        return expand(Path(moved)).absolute()
    return Path(platformdirs.user_state_dir(APP, appauthor=False))


def log_path(config: FleetConfig) -> Path:
    """Return the audit log's path: `log`, else `fleet.log` in `agent_home`."""
    return expand(config.log or config.agent_home / "fleet.log")


def data_dir(config: FleetConfig) -> Path:
    """Return the folder of run store and spools: `data_dir`, else `state_dir()`."""
    return expand(config.data_dir) if config.data_dir else state_dir()


def sample_path() -> Path:
    """Return the sample configuration, of the installed package or of the checkout."""
    package = Path(fleet_tui.__file__).parent
    name = "sample_fleet.toml"
    for candidate in (package / "_data" / name, package.parent / name):
        if candidate.is_file():
            return candidate
    raise FleetError(
        f"{name} is missing from this installation", where=str(package), mend="install it again"
    )


def discover(explicit: Path | None, environ: Mapping[str, str], cwd: Path) -> Path | None:
    """Return the configuration to use, or None when there is none.

    First of: `explicit` (`--config`), `$FLEET_CONFIG`, `fleet.toml` in `cwd`, `fleet.toml` in
    `config_dir()`. The first two are returned even if nothing is there: who names a file wants
    that one or an error.
    """
    named = explicit or (Path(environ[CONFIG_VARIABLE]) if environ.get(CONFIG_VARIABLE) else None)
    if named is not None:
        return cwd / expand(named)
    for candidate in (cwd / FILE_NAME, config_dir() / FILE_NAME):
        if os.path.isfile(candidate):
            return candidate
    return None


def expand(path: Path) -> Path:
    """Return `path` with `~` replaced; raises FleetError when there is no such home."""
    try:
        return path.expanduser()
    except RuntimeError:
        raise FleetError(
            f"no home folder is known for {path}", mend="write the path without ~"
        ) from None
