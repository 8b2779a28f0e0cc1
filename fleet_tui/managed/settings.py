"""The `[managed]` section: which agent runs in the cloud, whose key pays, and what it may cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast
from urllib.parse import urlsplit

from fleet_tui.model.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_tui.model.config import FleetConfig

KEY_VARIABLE = "ANTHROPIC_API_KEY"
SECTION = "managed"
ToolPolicy = Literal["agent", "ask", "allow"]
"""`agent`: as the agent was made; `ask`: the whole toolset, each use asked; `allow`: none asked."""

_LOOPBACK = ("127.", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class ManagedSettings:
    """What `[managed]` says."""

    agent: str = ""
    environment: str = ""
    key_env: str = KEY_VARIABLE
    key_command: str = ""
    """When given, it is asked instead of the variable."""
    base_url: str = ""
    """Empty is the service's own address."""
    budget_usd: float | None = None
    budget_usd_per_day: float | None = None
    max_parallel: int = 1
    tools: ToolPolicy = "agent"

    @property
    def asks_first(self) -> bool:
        """True when no tool is used that a person did not allow."""
        return self.tools == "ask"


def is_configured(config: FleetConfig) -> bool:
    """Return whether fleet.toml has the section."""
    return SECTION in config.sections


def settings_of(config: FleetConfig) -> ManagedSettings:
    """Return the settings; raises UsageError for a section that cannot work, or for none."""
    section = cast("Mapping[str, Any] | None", config.sections.get(SECTION))
    if section is None:
        raise UsageError(
            "fleet.toml has no [managed] section",
            mend="add one with agent, environment and budget_usd; see sample_fleet.toml",
        )
    settings = ManagedSettings(**section)
    _refuse_open_wire(settings.base_url)
    return settings


def missing(settings: ManagedSettings) -> UsageError | None:
    """Return what a start lacks, or None."""
    for key, example in (("agent", "agent_..."), ("environment", "env_...")):
        if not getattr(settings, key):
            return UsageError(
                f"[managed] names no {key}",
                mend=f'set {key} = "{example}" to one that was made in the console',
            )
    return None


def _refuse_open_wire(url: str) -> None:
    """Refuse to send a key in the clear to any machine but this one."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if not url or parts.scheme == "https" or host.startswith(_LOOPBACK):
        return
    raise UsageError(
        f"[managed] base_url would send the key in the clear to {host or url}",
        mend="use https; http is for 127.0.0.1 alone",
    )
