"""The declared keys of fleet.toml, for tests that must meet each of them."""

from fleet_tui.config.containers import Key, Table
from fleet_tui.config.schema import Section


def keys_of(section: Section) -> tuple[Key, ...]:
    """Return a section's declared keys; none when the user chooses them."""
    return section.body.keys if isinstance(section.body, Table) else ()
