"""Limits of the host's sshd, as far as an ordinary user may learn them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet_tui.health.doctor_answers import SshdSettings
    from fleet_tui.health.doctor_case import Case
    from fleet_tui.health.doctor_findings import Result

ENOUGH_SESSIONS = 4
"""OpenSSH's default is 10. With fewer than this nearly each run needs a login of its own."""
ENOUGH_STARTUPS = 4
"""OpenSSH begins to refuse at 10 logins under way by default; ours and a person's come together."""


def check_sshd(case: Case) -> Iterator[Result]:
    """Judge MaxSessions and MaxStartups."""
    if case.remote is None or case.host.connection == "local":
        return
    sshd = case.remote.sshd
    if sshd is None:
        yield case.unchecked("sshd-limits", "its sshd's settings cannot be read by this user")
        return
    if not sshd.is_ours:
        why = "it was not shown that the settings found are those of the server we came through"
        yield case.unchecked("sshd-limits", why)
        return
    if not sshd.is_whole:
        yield case.unchecked("sshd-limits", "part of its sshd's settings could not be read")
    yield from _sessions(case, sshd)
    yield from _startups(case, sshd)


def _sessions(case: Case, sshd: SshdSettings) -> Iterator[Result]:
    value = sshd.values.get("maxsessions", "") if sshd.is_whole else ""
    if value.isdecimal() and len(value) < 9 and int(value) < ENOUGH_SESSIONS:
        yield case.finding(
            "sshd-sessions",
            "warning",
            f"its sshd allows {value} sessions on a connection (MaxSessions)",
            why="each run is a session: further ones wait for a login of their own, and "
            "files cannot be looked at meanwhile",
            mend=_set(case, "MaxSessions", "10"),
        )


def _startups(case: Case, sshd: SshdSettings) -> Iterator[Result]:
    value = sshd.values.get("maxstartups", "").partition(":")[0] if sshd.is_whole else ""
    if sshd.startups is not None:
        value = str(sshd.startups)
    if value.isdecimal() and len(value) < 9 and int(value) < ENOUGH_STARTUPS:
        yield case.finding(
            "sshd-startups",
            "warning",
            f"its sshd begins to refuse at {value} logins under way (MaxStartups)",
            why="a second program or person that logs in at the same moment is dropped by chance, "
            "and it looks like a network fault",
            mend=_set(case, "MaxStartups", "10:30:100"),
        )


def _set(case: Case, keyword: str, value: str) -> str:
    """Return what sets a keyword before everything else, where the first value counts."""
    return case.on_host(
        f"sudo sed -i.bak '1i {keyword} {value}' /etc/ssh/sshd_config && sudo sshd -t && "
        "{ sudo systemctl reload ssh || sudo systemctl reload sshd; }",
        needs_terminal=True,
    )
