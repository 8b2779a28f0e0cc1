"""The machine below the agent: disk, PATH, git, clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet_tui.health.doctor_case import Case
    from fleet_tui.health.doctor_findings import Result, Severity

DISK_FULL_BYTES = 200 * 10**6
"""Below this an agent cannot be updated, and its transcripts soon fill the rest."""
DISK_LOW_BYTES = 2 * 10**9
CLOCK_TOLERANCE_SECONDS = 2.0
"""A smaller difference disturbs nothing: no age is computed from two machines' clocks."""


def check_disk(case: Case) -> Iterator[Result]:
    """Is there room in the home folder?"""
    if case.remote is None or case.remote.facts is None:
        return
    free = case.remote.facts.disk_free_bytes
    if free is None:
        yield case.unchecked("disk-full", "the host did not say how much room is left")
    elif free < DISK_LOW_BYTES:
        severity: Severity = "error" if free < DISK_FULL_BYTES else "warning"
        yield case.finding(
            "disk-full",
            severity,
            f"{free / 1e6:,.0f} MB are free where the home folder lies",
            why="transcripts, the output of runs and working copies are written there; an agent "
            "whose disk is full loses its work without a word",
            mend=case.on_host("du -xhd1 ~ 2>/dev/null | sort -rh | head -n 20"),
        )


def check_path(case: Case) -> Iterator[Result]:
    """Does PATH name a folder that follows the working folder?"""
    if case.remote is None or not case.remote.path:
        return
    loose = [folder or "(empty)" for folder in case.remote.path if not folder.startswith("/")]
    loose = [folder for folder in loose if not folder.startswith("~")]
    if loose:
        yield case.finding(
            "path-relative",
            "warning",
            f"PATH of a command over ssh names {', '.join(loose[:3])}",
            why="programs are then taken from the folder an agent works in: a repository can "
            "bring its own `git` or `ls` and have it run",
            mend=case.on_host("grep -n PATH= ~/.[a-z]*rc ~/.[a-z]*env ~/.ssh/environment")
            + ", then take that part out",
        )


def check_git(case: Case) -> Iterator[Result]:
    """Is git there?"""
    if case.remote is not None and case.remote.has_git is False:
        system = case.remote.facts.system if case.remote.facts else ""
        command = "xcode-select --install" if system.startswith("Darwin") else _install_git()
        yield case.finding(
            "git-missing",
            "warning",
            "git is not in the PATH of a command over ssh",
            why="agents read history and make commits with it; mirrors and hand-offs need it",
            mend=case.on_host(command, needs_terminal=True),
        )


def _install_git() -> str:
    managers = ("apt-get install -y", "dnf install -y", "apk add", "pacman -S --noconfirm")
    return " || ".join(f"sudo {manager} git" for manager in managers)


def check_clock(case: Case) -> Iterator[Result]:
    """Is its clock right, as far as one round trip can tell?"""
    clock = case.answers.clock
    if case.host.connection == "local":
        return
    if clock is None:
        if case.remote is not None:
            yield case.unchecked("clock-off", "the host did not tell its time")
        return
    offset = clock.certain_offset
    if abs(offset) <= CLOCK_TOLERANCE_SECONDS:
        return
    side = "ahead of" if offset > 0 else "behind"
    system = case.remote.facts.system if case.remote and case.remote.facts else ""
    is_mac = system.startswith("Darwin")
    command = "sudo sntp -sS time.apple.com" if is_mac else "sudo timedatectl set-ntp true"
    yield case.finding(
        "clock-off",
        "warning",
        f"its clock is at least {int(abs(offset)):,} s {side} this machine's",
        why="logins and certificates that expire are judged wrongly, and lines of its own logs "
        "cannot be set beside ours; if all hosts differ, it is this machine's clock",
        mend=case.on_host(command, needs_terminal=True),
    )
