"""From a validated document to the model."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from fleet_tui.config.schema_services import SERVICES
from fleet_tui.model.config import Attention, Budget, Defaults, FleetConfig
from fleet_tui.model.host import Host

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_tui.config.lines import LineIndex
    from fleet_tui.config.validate import Document, Entry
    from fleet_tui.model.config import Clipboard

_SAME_IN_HOST = (
    "name", "address", "user", "port", "via", "connection", "shell", "groups", "tier", "agent",
    "workdir", "durable", "allow_root",
)  # fmt: skip


def build(document: Document, path: Path, lines: LineIndex) -> FleetConfig:
    """Return the fleet that a document without problems describes; `path` is its file."""
    folder = path.absolute().parent
    fleet = document.table("fleet")
    ui: dict[str, Any] = document.table("ui")
    paths: dict[str, Any] = {
        key: local_path(str(fleet[key]), folder)
        for key in ("agent_home", "log", "data_dir", "ssh_config", "known_hosts")
        if key in fleet
    }
    if "name" in fleet:
        paths["name"] = fleet["name"]
    return FleetConfig(
        hosts=tuple(_host(entry, folder) for entry in document.entries("host")),
        defaults=_defaults(document.table("defaults")),
        budget=Budget(**cast("dict[str, Any]", document.table("budget"))),
        theme=cast("str | None", ui.get("theme")),
        clipboard=cast("Clipboard", ui.get("clipboard", "auto")),
        attention=Attention(**{how: ui[how] for how in ("bell", "title", "desktop") if how in ui}),
        aliases=MappingProxyType(cast("dict[str, str]", ui.get("aliases", {}))),
        key_lines=MappingProxyType(_lines_of(document.table("keys"), lines)),
        keys=MappingProxyType(cast("dict[str, tuple[str, ...]]", document.table("keys"))),
        sections=_sections(document),
        path=path.absolute(),
        **paths,
    )


def _lines_of(keys: Entry, lines: LineIndex) -> dict[str, int]:
    """Return where each action's keys stand; the dots of an id may be TOML's own."""
    found: dict[str, int] = {}
    for action in keys:
        places = (lines.exact(("keys", action)), lines.exact(("keys", *action.split("."))))
        line = next((place for place in places if place is not None), lines.of(("keys",)))
        if line is not None:
            found[action] = line
    return found


def local_path(text: str, folder: Path) -> Path:
    """Return a path of this machine; a relative one starts at `folder`, `~` is kept."""
    path = Path(text)
    return path if text.startswith("~") or path.is_absolute() else folder / path


def _defaults(entry: Entry) -> Defaults:
    given: dict[str, Any] = dict(entry)
    if given.get("timeout") == 0:
        given["timeout"] = None
    return Defaults(**given)


def _host(entry: Entry, folder: Path) -> Host:
    given: dict[str, Any] = {key: entry[key] for key in _SAME_IN_HOST if key in entry}
    verify = cast("Mapping[str, str]", entry.get("verify", {}))
    if "key" in entry:
        given["key"] = str(local_path(str(entry["key"]), folder))
    return Host(
        roles=frozenset(cast("Any", entry.get("roles", ()))),
        agent_paths=MappingProxyType(cast("dict[str, str]", entry.get("agent_paths", {}))),
        env=MappingProxyType(cast("dict[str, str]", entry.get("env", {}))),
        verify_command=verify.get("command"),
        verify_expect=verify.get("expect"),
        **given,
    )


def _sections(document: Document) -> Mapping[str, object]:
    """Return what later parts read: a mapping for `[section]`, a tuple of such for `[[section]]`.

    Durations are seconds, lists are tuples.
    """
    kept: dict[str, object] = {}
    for section in SERVICES:
        if section.name in document.lists:
            entries = document.entries(section.name)
            kept[section.name] = tuple(MappingProxyType(entry) for entry in entries)
        elif section.name in document.tables:
            kept[section.name] = MappingProxyType(document.table(section.name))
    return MappingProxyType(kept)
