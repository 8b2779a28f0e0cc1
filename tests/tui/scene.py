"""A fleet at work: recorded for the tests, and played at human speed for a person to look at."""

from __future__ import annotations

import sys
import threading
import time
from typing import TYPE_CHECKING

from fleet_tui.model.control import GatheredGroup
from tests.tui.fake_control import FakeControl
from tests.tui.fixed_clock import NOW

if TYPE_CHECKING:
    from collections.abc import Iterator

PROMPT = "Check why the nightly backup is slow, and say in three lines what to change."

LOG = tuple(
    f"2026-05-18T10:{minute:02}:01.123456+00:00  {event}  id=d-{minute:04} host={host} "
    f'agent=claude mode=read origin=operator by=walhus@cc-pc epoch=7 msg="check the backup"'
    for minute, event, host in (
        (1, "start", "cc-pc"),
        (12, "dispatch", "nas1"),
        (13, "result", "nas1"),
        (40, "dispatch", "droplet"),
        (41, "refused", "web03"),
    )
)


def connect(control: FakeControl) -> None:
    """Bring most hosts up, one down, one dialing."""
    control.set_fleet(is_demo=True)
    for name, latency in (
        ("cc-pc", 0.001),
        ("hs-pc", 0.004),
        ("droplet", 0.038),
        ("nas1", 0.002),
        ("cloud1", 0.092),
        ("web01", 0.021),
        ("web02", 0.022),
    ):
        control.host_up(name, latency)
    control.host_up("nas2", 0.003, agent="codex")
    control.host_down(
        "web03",
        "refused",
        "connection refused by 10.0.3.3 port 22",
        "start sshd there: sudo systemctl start ssh",
    )
    control.notice("warning", "host-lost", "web03", "connection refused by 10.0.3.3 port 22")
    control.set_fleet()


def story(control: FakeControl) -> Iterator[float]:
    """Play a dispatch; yields how many seconds pass before the next step."""
    hosts = ["droplet", "nas1", "nas2", "web01", "web03"]
    d = control.start(hosts, PROMPT, "droplet,@nas,web01,web03")
    control.set_fleet()
    yield 0.4
    for host in hosts:
        control.move(d, host, "connecting", "connecting")
    yield 0.7
    for host in hosts[:4]:
        control.move(d, host, "running", "starting claude")
        control.say(d, host, ("m", "claude 2.1.14 · read · session 7c1f"))
        yield 0.3
    control.move(d, "web03", "failed", outcome="connect", reason="connection refused")
    control.say(d, "web03", ("x", "could not connect: connection refused by 10.0.3.3 port 22"))
    control.notice(
        "error", "run-failed", "web03", "could not be reached: connection refused",
        control.run_on(d, "web03").run.id,
    )  # fmt: skip
    control.set_fleet(cost_today_usd=1.24)
    yield 1.0
    for host in hosts[:4]:
        control.say(d, host, ("k", "The job is slow; look at the schedule first."),
                    ("k", "Then at the disk, then at the network."))  # fmt: skip
        control.move(d, host, "running", "Bash: systemctl list-timers")
        control.say(d, host, ("c", "Bash: systemctl list-timers --all"))
        yield 0.6
    for host in hosts[:4]:
        result = [("r", f"  {unit}.timer  Mon 03:{n:02}:00") for n, unit in
                  enumerate(("backup", "logrotate", "fstrim", "man-db"))]  # fmt: skip
        control.say(d, host, *result)  # type: ignore[arg-type]
        control.move(d, host, "running", "Bash: iostat -x 1 3", cost=0.01)
        control.say(d, host, ("c", "Bash: iostat -x 1 3"))
        yield 0.5
    yield from _answers(control, d, hosts[:4])


def _answers(control: FakeControl, d: str, hosts: list[str]) -> Iterator[float]:
    answer = (
        "The backup runs at 03:00 together with fstrim, and both wait for the same disk.",
        "1. Move fstrim.timer to Sunday 05:00: `systemctl edit fstrim.timer`.",
        "2. Give the backup `IOSchedulingClass=idle` and drop `--checksum`.",
    )
    for line in answer:
        for cut in range(12, len(line), 18):
            for host in hosts[:2]:
                control.tail(d, host, "t", line[:cut])
            yield 0.12
        for host in hosts[:2]:
            control.say(d, host, ("t", line))
    for host in hosts[:2]:
        control.say(d, host, ("a", "done in 00:09 · $0.03"))
        control.move(d, host, "succeeded", outcome="ok", cost=0.03)
        run = control.run_on(d, host).run.id
        control.notice("info", "run-finished", host, "done in 00:09", run)
        yield 0.4
    control.set_fleet(cost_today_usd=1.31)
    control.move(d, "nas2", "running", "Bash: smartctl -a /dev/sda", cost=0.02)
    control.say(d, "nas2", ("e", "smartctl: /dev/sda: permission denied"),
                ("d", "Bash: smartctl -a /dev/sda (not allowed in read mode)"))  # fmt: skip
    yield 1.0
    control.move(d, "web01", "running", "Read: /etc/cron.d/backup", cost=0.02)
    control.say(d, "web01", ("c", "Read: /etc/cron.d/backup"))
    control.tail(d, "web01", "t", "The cron entry runs rsync with --checksum, which")


def groups() -> tuple[GatheredGroup, ...]:
    """Return gathered answers with an odd one out."""
    same = (
        "The backup runs at 03:00 together with fstrim, and both wait for the same disk.",
        "1. Move fstrim.timer to Sunday 05:00.",
        "2. Give the backup IOSchedulingClass=idle and drop --checksum.",
    )
    odd = (same[0], "1. Move fstrim.timer to Saturday 05:00.", same[2])
    diff = ("@@ -2 +2 @@", f"-{same[1]}", f"+{odd[1]}")
    return (
        GatheredGroup(("r-1", "r-2"), "droplet,nas1", "succeeded", same),
        GatheredGroup(("r-3",), "nas2", "succeeded", odd, difference=diff),
        GatheredGroup(("r-4",), "web03", "failed", ("could not connect: connection refused",)),
    )


def ask_first(control: FakeControl) -> None:
    """Let nas2 ask whether it may change its timers, and web01 after it."""
    dispatch = [*control.dispatches][-1]
    control.now += 20
    control.ask(
        dispatch,
        "nas2",
        "systemctl edit fstrim.timer --stdin <<'END'\n[Timer]\nOnCalendar=Sun 05:00\nEND",
        cwd="/root",
        why="Bash(systemctl edit:*) is not in the allow list",
        path="/etc/systemd/system/fstrim.timer.d",
        description="Move fstrim to a quiet hour",
    )
    control.now += 45
    control.ask(dispatch, "web01", "rm -f /etc/cron.d/backup", why="rm is never allowed unasked")
    control.set_fleet()


def recorded(steps: int = 10_000) -> FakeControl:
    """Return the fleet after `steps` steps of the story, its clock where the story left it."""
    control = FakeControl()
    control.groups = groups()
    control.audit.lines = list(LOG)
    connect(control)
    control.now += 4
    for _, seconds in zip(range(steps), story(control), strict=False):
        control.now += seconds
    control.set_fleet()
    return control


class _Player(threading.Thread):
    """Plays the story again and again, in real time."""

    def __init__(self, control: FakeControl) -> None:
        super().__init__(daemon=True)
        self._control = control

    def run(self) -> None:
        time.sleep(1.0)
        connect(self._control)
        while True:
            for seconds in story(self._control):
                time.sleep(seconds)
                self._control.now = time.time()
                self._beat()
            ask_first(self._control)
            self._control.now = time.time()
            time.sleep(60)

    def _beat(self) -> None:
        for name, view in list(self._control.hosts.items()):
            if view.link.state == "up" and name != "nas2":
                self._control.host_up(name, view.link.latency_seconds or 0.01)


def main() -> None:
    """Open the screen on a scene."""
    from fleet_tui.tui.app import FleetApp

    control = FakeControl()
    control.groups, control.audit.lines = groups(), list(LOG)
    control.now = time.time()
    control.set_fleet(is_demo=True)
    _Player(control).start()
    FleetApp(control, read_only="--read-only" in sys.argv).run()


__all__ = ["NOW", "ask_first", "connect", "groups", "main", "recorded", "story"]
