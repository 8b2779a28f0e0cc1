"""From `[queue]` in fleet.toml to a task store. Backends are imported when they are asked for."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fleet_tui.config.build import local_path
from fleet_tui.config.paths import expand
from fleet_tui.model.task import QueueError, QueueUnset
from fleet_tui.queue.store import Rules

if TYPE_CHECKING:
    from fleet_tui.model.clock import Clock
    from fleet_tui.model.config import FleetConfig
    from fleet_tui.queue.store import TaskStore
    from fleet_tui.transport.base import Connector

DEFAULT_NAME = "tasks"
DEFAULT_URL = "nats://127.0.0.1:4222"
NATS_MEND = "install it with `pip install 'fleet-tui[nats]'`"


def has_queue(config: FleetConfig) -> bool:
    """Tell whether fleet.toml has a [queue]."""
    return isinstance(config.sections.get("queue"), Mapping)


def backend_of(config: FleetConfig) -> str:
    """Return the kind of store that `[queue]` asks for: `directory`, `sftp` or `nats`."""
    section = config.sections.get("queue")
    return _backend(section) if isinstance(section, Mapping) else ""


def store_for(config: FleetConfig, pool: Connector, clock: Clock) -> TaskStore:
    """Return the store that `[queue]` describes, not opened yet; raises QueueError."""
    section = config.sections.get("queue")
    if not isinstance(section, Mapping):
        raise QueueUnset(
            "there is no [queue]",
            where=str(config.path or "fleet.toml"),
            mend='add one: [queue] and path = "~/fleet-queue"',
        )
    return store_from(section, config, pool, clock)


def store_from(
    section: Mapping[str, Any], config: FleetConfig, pool: Connector, clock: Clock
) -> TaskStore:
    """Return the store that a table like `[queue]` describes; raises QueueError."""
    rules = _rules(section)
    host = section.get("host")
    backend = _backend(section)
    if backend == "nats":
        return _nats(section, config, rules, clock)
    path = section.get("path")
    if not path:
        raise QueueUnset(
            "[queue] has no path", where=str(config.path or "fleet.toml"), mend="name its folder"
        )
    if backend == "sftp" and host is not None and not _is_here(config, host):
        from fleet_tui.queue.sftp import sftp_store

        return sftp_store(pool, host, str(path), rules, clock)
    from fleet_tui.queue.directory import directory_store

    folder = config.path.parent if config.path else Path.cwd()
    return directory_store(expand(local_path(str(path), folder)), rules, clock)


def _backend(section: Mapping[str, Any]) -> str:
    return str(section.get("backend") or ("sftp" if section.get("host") else "directory"))


def _nats(section: Mapping[str, Any], config: FleetConfig, rules: Rules, clock: Clock) -> TaskStore:
    if importlib.util.find_spec("nats") is None:
        raise QueueError(
            'backend = "nats" needs the nats extra',
            where=str(config.path or "fleet.toml"),
            mend=NATS_MEND,
        )
    from fleet_tui.queue.nats_store import NatsStore

    folder = config.path.parent if config.path else Path.cwd()
    credentials = section.get("login")
    return NatsStore(
        str(section.get("url") or DEFAULT_URL),
        rules,
        clock,
        queue=str(section.get("name") or DEFAULT_NAME),
        credentials=expand(local_path(str(credentials), folder)) if credentials else None,
    )


def _is_here(config: FleetConfig, host: str) -> bool:
    """Tell whether a host's folder is this machine's own."""
    return any(one.name == host and one.connection == "local" for one in config.hosts)


def _rules(section: Mapping[str, Any]) -> Rules:
    usual = Rules()
    return Rules(
        lease=float(section.get("lease", usual.lease)),
        foreign_lease=float(section.get("foreign_lease", usual.foreign_lease)),
        max_attempts=int(section.get("max_attempts", usual.max_attempts)),
    )
