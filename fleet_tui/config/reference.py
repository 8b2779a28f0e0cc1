"""The reference of `fleet.toml`, derived from the schema."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from fleet_tui.config.containers import Key, Table
from fleet_tui.config.durations import show_duration
from fleet_tui.config.kinds import Duration
from fleet_tui.config.validate import SECTIONS
from fleet_tui.model.config import Defaults

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet_tui.config.schema import Section


def reference() -> str:
    """Return every section and key as Markdown: what it means, what is allowed, the default."""
    return "\n".join(line for section in SECTIONS for line in _section(section))


def _section(section: Section) -> Iterator[str]:
    yield f"## `{section.header}`"
    yield ""
    yield section.help
    yield ""
    if isinstance(section.body, Table):
        yield "| key | meaning | allowed | default |"
        yield "|---|---|---|---|"
        for key in section.body.keys:
            cells = (f"`{key.name}`", key.help, key.kind.allowed, _default(section, key))
            yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
    else:
        yield f"Allowed: {section.body.allowed}."
    yield ""


def _default(section: Section, key: Key) -> str:
    if key.is_required:
        return "required"
    if section.name != "defaults":
        return ""
    value = asdict(Defaults())[key.name]
    if value is None:
        return "none"
    return show_duration(value) if isinstance(key.kind, Duration) else str(value)
