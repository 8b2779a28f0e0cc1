"""What starts a worker with the machine: a systemd user unit, a launchd agent, or a cron line."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from xml.sax.saxutils import escape

from fleet_tui.model.errors import FleetError

if TYPE_CHECKING:
    from collections.abc import Sequence

Manager = Literal["systemd", "launchd", "cron"]
NAME = "fleet-tui-worker"
LABEL = "dev.fleet-tui.worker"


@dataclass(frozen=True, slots=True)
class Unit:
    """A text for a manager of services, where it belongs, and what starts it."""

    manager: Manager
    text: str
    path: Path | None
    """None where it is added by hand (cron)."""
    then: tuple[str, ...]
    """Commands that start it."""


def manager_here() -> Manager:
    """Return what starts services of a user on this machine."""
    if sys.platform == "darwin":
        return "launchd"
    return "systemd" if shutil.which("systemctl") else "cron"


def unit_for(manager: Manager, command: Sequence[str], home: Path) -> Unit:
    """Return what keeps `command` running; a stop asks it to drain."""
    if manager == "systemd":
        folder = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
        path = folder / "systemd" / "user" / f"{NAME}.service"
        start = f"systemctl --user enable --now {NAME}.service"
        return Unit(manager, _systemd(command), path, ("systemctl --user daemon-reload", start,
                    "loginctl enable-linger"))  # fmt: skip
    if manager == "launchd":
        path = home / "Library" / "LaunchAgents" / f"{LABEL}.plist"
        start = f"launchctl bootstrap gui/$(id -u) {shlex.quote(str(path))}"
        return Unit(manager, _launchd(command, home), path, (start,))
    return Unit(manager, f"@reboot {shlex.join(command)}\n", None, ("crontab -e",))


def write_unit(unit: Unit) -> Path:
    """Write the unit where it belongs; raises FleetError."""
    if unit.path is None:
        raise FleetError("a cron line is not written for you", mend="add it with `crontab -e`")
    try:
        unit.path.parent.mkdir(parents=True, exist_ok=True)
        if unit.path.exists() and unit.path.read_text("utf-8") != unit.text:
            raise FleetError("there is another one already", where=str(unit.path),
                             mend="move it aside, then try again")  # fmt: skip
        unit.path.write_text(unit.text, encoding="utf-8")
    except OSError as error:
        raise FleetError(f"cannot be written: {error.strerror}", where=str(unit.path)) from None
    return unit.path


def _systemd(command: Sequence[str]) -> str:
    line = " ".join(_systemd_word(word) for word in command)
    return f"""\
[Unit]
Description=fleet-tui worker: takes tasks from the shared queue
After=network-online.target

[Service]
ExecStart={line}
Restart=always
RestartSec=10
# SIGTERM drains it; what still runs then is handed back to the queue.
KillMode=mixed
TimeoutStopSec=150

[Install]
WantedBy=default.target
"""


def _systemd_word(word: str) -> str:
    """Quote one argument as systemd.syntax(7) has it; `%` and `$` are doubled."""
    plain = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{plain}"' if any(c in word for c in " \t\"'\\;") or not word else plain


def _launchd(command: Sequence[str], home: Path) -> str:
    words = "\n".join(f"    <string>{escape(word)}</string>" for word in command)
    log = escape(str(home / "Library" / "Logs" / f"{NAME}.log"))
    return f"""\
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" \
"http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  <string>{LABEL}</string>
  <key>ProgramArguments</key>
  <array>
{words}
  </array>
  <key>RunAtLoad</key>
  <true/>
  <key>KeepAlive</key>
  <true/>
  <key>ExitTimeOut</key>
  <integer>150</integer>
  <key>StandardErrorPath</key>
  <string>{log}</string>
</dict>
</plist>
"""
