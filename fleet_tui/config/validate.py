"""A parsed document against the schema: what is right in it, with a report of what is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.config.containers import Table
from fleet_tui.config.report import show
from fleet_tui.config.schema import BUDGET, DEFAULTS, FLEET, HOST, KEYS, UI, Section
from fleet_tui.config.schema_services import SERVICES
from fleet_tui.config.secrets import find_secrets
from fleet_tui.model.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_tui.config.lines import KeyPath
    from fleet_tui.config.report import Report

SECTIONS = (FLEET, DEFAULTS, HOST, BUDGET, *SERVICES, UI, KEYS)
"""All sections, in the order of the documentation."""

_BY_NAME: Mapping[str, Section] = {section.name: section for section in SECTIONS}

Entry = dict[str, object]
"""A section's right values by key."""


class Document:
    """The right values of a document: `table` for `[section]`, `entries` for `[[section]]`."""

    def __init__(self) -> None:
        self.tables: dict[str, Entry] = {}
        self.lists: dict[str, tuple[Entry, ...]] = {}

    def table(self, name: str) -> Entry:
        """Return a section's values; empty when it is absent."""
        return self.tables.get(name, {})

    def entries(self, name: str) -> tuple[Entry, ...]:
        """Return a list's entries at their own positions, wrong ones with less in them."""
        return self.lists.get(name, ())


def validate(raw: Mapping[str, object], report: Report) -> Document:
    """Check every section and key of a parsed document."""
    for path, reason in find_secrets(dict(raw)):
        report.settle(path, reason, _instead_of_secret(path))
    document = Document()
    for name, value in raw.items():
        section = _BY_NAME.get(name)
        if section is None:
            kind = "section" if isinstance(value, dict | list) else "key"
            report.add((name,), f"unknown {kind}", _known(name, kind))
        elif section.is_list:
            document.lists[name] = _entries(section, value, report)
        elif isinstance(value, dict):
            checked = section.body.check(value, (name,), report)
            document.tables[name] = checked if isinstance(checked, dict) else {}
        else:
            report.add((name,), f"found {_shape(value)}", f"written {section.header}, once")
    return document


def _entries(section: Section, value: object, report: Report) -> tuple[Entry, ...]:
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        found = f"found {_shape(value)}"
        report.add((section.name,), found, f"written {section.header}, once for each")
        return ()
    checked = (
        section.body.check(entry, (section.name, position), report)
        for position, entry in enumerate(value)
    )
    return tuple(entry if isinstance(entry, dict) else {} for entry in checked)


def _shape(value: object) -> str:
    if isinstance(value, dict):
        return "a single table"
    if isinstance(value, list) and any(isinstance(entry, dict) for entry in value):
        return "a list of tables"
    return show(value)


def _known(name: str, kind: str) -> str:
    """Say which section was meant, or where a key of that name belongs."""
    close = nearest(name, _BY_NAME)
    if close and kind == "section":
        return f"did you mean {_BY_NAME[close].header}?"
    homes = [section.header for section in SECTIONS if name in _key_names(section)]
    if homes:
        return f"it belongs in {' or '.join(homes)}"
    return f"sections are {', '.join(section.header for section in SECTIONS)}"


def _key_names(section: Section) -> frozenset[str]:
    if not isinstance(section.body, Table):
        return frozenset()
    return frozenset(key.name for key in section.body.keys)


def _instead_of_secret(path: KeyPath) -> str:
    section = _BY_NAME.get(str(path[0]))
    key = path[-1]
    if section is not None and f"{key}_env" in _key_names(section):
        return f"name a variable with {key}_env, or a program that prints it with {key}_command"
    if "env" in path[:-1]:
        return "take it out, and set it in that host's own environment"
    return (
        "take it out; where a secret is needed, a key ending in _env names a variable, "
        "one ending in _command a program that prints it"
    )
