from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.sshd import LOOPBACK, SshServer
from tests.support.unreachable import refused_port

if TYPE_CHECKING:
    from tests.support.program import Program

KEYS = {
    "event",
    "time",
    "host",
    "roles",
    "groups",
    "connection",
    "state",
    "since",
    "proven_at",
    "fault",
    "reason",
    "mend",
    "latency_ms",
    "server",
    "system",
    "agents",
    "disk_free_bytes",
    "uptime_seconds",
    "facts_at",
}


def test_every_host_is_asked_and_shown(fleet: Program) -> None:
    done = fleet.run("hosts")
    assert (done.code, done.err) == (0, "")
    head, *rows = done.lines
    assert head.split()[:3] == ["host", "roles", "state"]
    assert [row.split()[0] for row in rows] == ["web01", "web02", "nas"]
    assert all(" up " in row for row in rows)


def test_json_names_what_is_known_with_its_proof(fleet: Program) -> None:
    done = fleet.run("hosts", "nas", "--json")
    (host,) = done.objects
    assert host.keys() >= KEYS
    assert (host["event"], host["host"], host["state"]) == ("host", "nas", "up")
    assert "OpenSSH" in host["server"]
    assert host["system"].startswith("Linux")
    assert host["proven_at"] is not None
    assert host["latency_ms"] > 0


def test_a_host_that_is_down_says_why_and_makes_exit_4(fleet: Program, server: SshServer) -> None:
    with refused_port() as port:
        client = server.client_config("web01")
        down = {"name": "down", "address": LOOPBACK, "port": port}
        fleet.configure(["web01", down], ssh_config=client.ssh_config)
        shown = fleet.run("hosts")
        told = fleet.run("hosts", "--json")
    assert (shown.code, told.code) == (4, 4)
    assert "down (refused)" in shown.out
    assert [line for line in shown.err.splitlines() if line.startswith("fleet-tui: down:")]
    by_name = {host["host"]: host for host in told.objects}
    assert (by_name["down"]["state"], by_name["down"]["fault"]) == ("down", "refused")
    assert by_name["down"]["mend"]
    assert by_name["web01"]["state"] == "up"


def test_offline_connects_to_nothing_and_remembers(fleet: Program) -> None:
    assert fleet.run("hosts", "--offline", "--json").objects[0]["system"] is None
    fleet.run("hosts", "web01")
    known = {h["host"]: h for h in fleet.run("hosts", "--offline", "--json").objects}
    assert known["web01"]["system"].startswith("Linux")
    assert known["web01"]["state"] == "unknown"
    assert known["web02"]["system"] is None
