"""Whether Claude Code runs with the rights that were asked for, by its own `init` event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_tui.agents.jsonfields import strings, text
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    from fleet_tui.agents.jsonfields import JsonObject
    from fleet_tui.model.run import Mode

PERMISSION_MODES: dict[Mode, str] = {
    "read": "dontAsk",
    "write": "acceptEdits",
    "unrestricted": "bypassPermissions",
}
"""What `--permission-mode` is for each of our modes. `plan` is not among them: it lets a
classifier run shell commands."""

READ_TOOLS = ("Read", "Grep", "Glob")
"""The only tools a `read` run has."""


@dataclass(frozen=True, slots=True)
class RightsMismatch:
    """How the rights differ from those asked for."""

    sentence: str
    is_less: bool
    """True when the host withheld rights; False when the agent may do more than it should."""


def check_rights(mode: Mode, init: JsonObject) -> RightsMismatch | None:
    """Compare an `init` event with `mode`; what it does not say counts as a mismatch."""
    found = one_line(text(init, "permissionMode"), 40)
    wanted = PERMISSION_MODES[mode]
    if found != wanted:
        return RightsMismatch(
            f"{mode} needs permission mode {wanted}, but the agent runs in {found or 'none'}",
            is_less=mode == "unrestricted",
        )
    if mode != "read":
        return None
    if not isinstance(init.get("tools"), list):
        return RightsMismatch("the agent does not say which tools it has", is_less=False)
    extra = [one_line(tool, 60) for tool in strings(init, "tools") if tool not in READ_TOOLS]
    if not extra:
        return None
    names = ", ".join(extra[:5]) + (", …" if len(extra) > 5 else "")
    return RightsMismatch(f"a read run has tools it should not have: {names}", is_less=False)
