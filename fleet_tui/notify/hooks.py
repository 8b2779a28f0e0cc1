"""The hooks by which an agent tells of itself: merged into its settings, shown first, undone whole.

Claude Code posts a hook's input as JSON to an address by itself (`"type": "http"`), so nothing has
to be installed. The address is the receiver's, on the loopback of the agent's own host.
"""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fleet_tui.model.errors import FleetError
from fleet_tui.transport.shell import posix_line

if TYPE_CHECKING:
    from fleet_tui.transport.base import Connection, RemoteFiles

EVENTS = ("Stop", "StopFailure", "SessionEnd", "Notification")
SETTINGS = "settings.json"
BACKUP = "settings.json.fleet-backup"
HOOK_TIMEOUT = 5
"""Seconds an agent waits for the receiver; a hook that fails holds up nothing."""
PATH = "/hook"
"""How the path of the receiver's address ends for hooks: by it ours are known again."""
MAX_BYTES = 1 << 20
HOME_SECONDS = 20.0
_HOME = 'printf %s "${CLAUDE_CONFIG_DIR:-$HOME/.claude}"'


@dataclass(frozen=True, slots=True)
class HookChange:
    """What would be written into an agent's settings."""

    path: str
    before: str
    """Empty when there is no file."""
    after: str

    @property
    def is_needed(self) -> bool:
        """False when the settings say so already."""
        return self.before != self.after

    @property
    def diff(self) -> tuple[str, ...]:
        """The change as a unified diff, one text a line."""
        lines = difflib.unified_diff(
            self.before.splitlines(),
            self.after.splitlines(),
            f"{self.path} (now)",
            f"{self.path} (with the hooks)",
            lineterm="",
        )
        return tuple(lines)


def with_hooks(settings: str, url: str) -> str:
    """Return `settings` with our hooks for `url`, everything else as it was.

    Ours of an earlier address are replaced. Raises FleetError for settings that are no JSON object.
    """
    document = _document(without_hooks(settings))
    hooks = document.setdefault("hooks", {})
    if not isinstance(hooks, dict):
        raise FleetError('"hooks" in the settings is no object', mend="mend the file by hand")
    ours = {"hooks": [{"type": "http", "url": url, "timeout": HOOK_TIMEOUT}]}
    for event in EVENTS:
        known = hooks.setdefault(event, [])
        if not isinstance(known, list):
            raise FleetError(f'"hooks.{event}" in the settings is no list', mend="mend it by hand")
        known.append(ours)
    return _text(document)


def without_hooks(settings: str) -> str:
    """Return `settings` without our hooks; the same text when there are none in it."""
    document = _document(settings)
    hooks = document.get("hooks")
    if not isinstance(hooks, dict):
        return settings
    changed = False
    for event in [event for event in EVENTS if isinstance(hooks.get(event), list)]:
        kept = [group for group in hooks[event] if not _is_ours(group)]
        if len(kept) != len(hooks[event]):
            changed = True
            hooks[event] = kept
            if not kept:
                del hooks[event]
    if not changed:
        return settings
    if not hooks:
        del document["hooks"]
    return _text(document) if document else ""


async def agent_home(connection: Connection) -> str:
    """Return the folder of a host's Claude Code settings; raises FleetError, Unreachable."""
    host = connection.host
    if host.shell != "posix":
        raise FleetError("hooks are put in on POSIX hosts only", where=host.name)
    line = posix_line(argv=("/bin/sh", "-c", _HOME), env=dict(host.env))
    done = await connection.run(line, timeout=HOME_SECONDS, limit=1 << 12)
    home = done.stdout.decode("utf-8", "replace").strip()
    if done.status.code != 0 or not home.startswith("/"):
        raise FleetError(
            "it did not say where its agent's settings are",
            where=host.name,
            mend="its login shell must run /bin/sh; set HOME and CLAUDE_CONFIG_DIR absolute",
        )
    return home


async def planned(files: RemoteFiles, agent_home: str, url: str | None) -> HookChange:
    """Read an agent's settings and return what would be changed; None for `url` takes ours out.

    Raises FleetError, Unreachable.
    """
    path = f"{agent_home}/{SETTINGS}"
    try:
        data = await files.read(path, size=MAX_BYTES + 1)
    except FileNotFoundError:
        data = b""
    if len(data) > MAX_BYTES:
        raise FleetError("the settings are larger than 1 MiB", where=path)
    try:
        before = data.decode("utf-8")
    except UnicodeDecodeError:
        raise FleetError("the settings are no UTF-8 text", where=path) from None
    try:
        after = without_hooks(before) if url is None else with_hooks(before, url)
    except FleetError as error:
        raise FleetError(error.what, where=path, mend=error.mend) from None
    return HookChange(path, before, after)


async def apply(files: RemoteFiles, change: HookChange) -> str:
    """Write a change; returns the path of the backup, empty when there was nothing to keep.

    The settings are read once more: when they are not as they were shown, nothing is written.
    Raises FleetError.
    """
    try:
        now = (await files.read(change.path, size=MAX_BYTES + 1)).decode("utf-8", "replace")
    except FileNotFoundError:
        now = ""
    if now != change.before:
        raise FleetError(
            "the settings have changed since they were shown", where=change.path, mend="try again"
        )
    backup = ""
    if change.before:
        backup = change.path.removesuffix(SETTINGS) + BACKUP
        await files.write(backup, change.before.encode(), mode=0o600)
    await files.write(change.path, change.after.encode(), mode=0o600)
    return backup


def _is_ours(group: object) -> bool:
    """Return whether a group of hooks is one that we wrote: one http hook to a receiver."""
    if not isinstance(group, dict):
        return False
    inner = group.get("hooks")
    if not isinstance(inner, list) or len(inner) != 1 or not isinstance(inner[0], dict):
        return False
    url = inner[0].get("url")
    is_local = isinstance(url, str) and url.startswith("http://127.0.0.1:") and url.endswith(PATH)
    return inner[0].get("type") == "http" and is_local


def _document(settings: str) -> dict[str, Any]:
    if not settings.strip():
        return {}
    try:
        found = json.loads(settings)
    except ValueError as error:
        raise FleetError(
            f"the settings are no JSON: {error}", mend="mend them first: nothing was written"
        ) from None
    if not isinstance(found, dict):
        raise FleetError("the settings are no JSON object", mend="mend them first")
    return found


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
