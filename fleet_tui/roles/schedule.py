"""The pull that a host does by itself: a small script, and the timer that starts it.

Linux with systemd gets a user timer, other Unix a line in the crontab, macOS a LaunchAgent, Windows
a scheduled task. Only the first two could be tried where this was written; the other two are made
from their vendors' documentation and are untested.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from xml.sax.saxutils import escape

from fleet_tui.roles.mirror_script import NAME, pull_program
from fleet_tui.transport.shell import quote

Timer = Literal["systemd", "cron", "launchd", "schtasks"]
TIMERS: tuple[Timer, ...] = ("systemd", "cron", "launchd", "schtasks")
UNIT = "fleet-mirror"
SCRIPT = ".local/state/fleet-tui/mirror-pull.sh"
"""Where the script is put, below the home folder."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """What a timer consists of: files by their path below the home folder, and what to run then."""

    timer: Timer
    files: dict[str, str]
    install: str
    """A POSIX `sh` program, or on Windows a command, that starts the timer."""
    remove: str


def schedule(timer: Timer, *, host: str, folder: str, branch: str, seconds: float) -> Schedule:
    """Return the timer of one kind for a host's mirror."""
    minutes = max(1, round(seconds / 60))
    if timer == "schtasks":
        pull = f'git -C "%USERPROFILE%\\.claude" pull --ff-only origin {branch}'
        return Schedule(
            timer,
            {},
            f'schtasks /Create /F /TN {UNIT} /SC MINUTE /MO {minutes} /TR "cmd /c {pull}"',
            f"schtasks /Delete /F /TN {UNIT}",
        )
    script = f"#!/bin/sh\nset -- - {quote(folder)} {quote(branch)} {quote(host)}\n{pull_program()}"
    files = {SCRIPT: script}
    if timer == "cron":
        entry = f"*/{min(minutes, 59)} * * * * /bin/sh $HOME/{SCRIPT} >/dev/null 2>&1 # {UNIT}"
        others = f"crontab -l 2>/dev/null | grep -v '# {UNIT}$'"
        add = f"{{ {others}; echo '{entry}'; }} | crontab -"
        return Schedule(timer, files, add, f"{others} | crontab -")
    if timer == "systemd":
        units = ".config/systemd/user"
        files[f"{units}/{UNIT}.service"] = _SERVICE
        files[f"{units}/{UNIT}.timer"] = _TIMER.format(minutes=minutes)
        start = f"systemctl --user daemon-reload && systemctl --user enable --now {UNIT}.timer"
        return Schedule(timer, files, start, f"systemctl --user disable --now {UNIT}.timer")
    place = f"Library/LaunchAgents/net.fleet-tui.{UNIT}.plist"
    files[place] = _PLIST.format(unit=UNIT, script=escape(SCRIPT), seconds=minutes * 60)
    start = f'launchctl bootstrap "gui/$(id -u)" "$HOME/{place}"'
    return Schedule(timer, files, start, f'launchctl bootout "gui/$(id -u)" "$HOME/{place}"')


DETECT = """
case $(uname) in Darwin) echo launchd;; *)
if command -v systemctl >/dev/null && systemctl --user show-environment >/dev/null 2>&1
then echo systemd; elif command -v crontab >/dev/null; then echo cron; else echo none; fi;; esac
"""
"""Prints which timer a Unix host has."""

_SERVICE = f"""\
[Unit]
Description=Pull the mirror of the agent home ({NAME})

[Service]
Type=oneshot
ExecStart=/bin/sh %h/{SCRIPT}
"""

_TIMER = """\
[Unit]
Description=Pull the mirror of the agent home every {minutes} min

[Timer]
OnBootSec=1min
OnUnitActiveSec={minutes}min
RandomizedDelaySec=20s

[Install]
WantedBy=timers.target
"""

_PLIST = """\
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN"
 "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict>
  <key>Label</key><string>net.fleet-tui.{unit}</string>
  <key>ProgramArguments</key>
  <array><string>/bin/sh</string><string>-c</string>
  <string>/bin/sh "$HOME/{script}"</string></array>
  <key>StartInterval</key><integer>{seconds}</integer>
  <key>RunAtLoad</key><true/>
</dict></plist>
"""
