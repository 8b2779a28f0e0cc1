"""Short answers about the host itself; equal hosts answer with equal words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.demo import repository
from fleet_tui.demo.steps import Powers, Say, Scene, Think, Use

if TYPE_CHECKING:
    from fleet_tui.demo.host import Personality


def _look(host: Personality, powers: Powers, command: str, output: str) -> Use:
    """Return the tool call that finds a fact: a command, or the report when none may run."""
    if powers.can_run:
        return Use("Bash", {"command": command, "description": "Look at the host"}, output, 0.6)
    path = f"{host.workdir}/ops/report.json"
    shown = repository.numbered(repository.report(host))
    return Use("Read", {"file_path": path}, shown, 0.5)


def system(host: Personality, powers: Powers) -> Scene:
    """Name the operating system."""
    del powers
    return (Say(f"{host.release}, {host.kernel}."),)


def disk(host: Personality, powers: Powers) -> Scene:
    """Report how full the disk is."""
    percent = host.disk_percent
    verdict = "that is too tight, clean up soon" if percent > 85 else "plenty of room"
    return (
        _look(host, powers, "df -h /", f"/dev/sda1  {percent}%  /"),
        Say(f"The main disk is {percent}% full: {verdict}."),
    )


def health(host: Personality, powers: Powers) -> Scene:
    """Say whether the service is healthy."""
    answer = (
        "The orders service is healthy: HTTP, database and mail checks all pass."
        if host.is_healthy
        else "The orders service is degraded: HTTP and database pass, but the mail check fails."
    )
    return (
        _look(host, powers, "curl -s localhost:8080/healthz", repository.report(host)),
        Say(answer),
    )


def uptime(host: Personality, powers: Powers) -> Scene:
    """Say how long the host has been up."""
    days = int(host.uptime() // 86400)
    thought = Think("The host was asked about itself; its uptime is enough.")
    return thought, _look(host, powers, "uptime", f"up {days} days"), Say(f"Up for {days} days.")
