"""Is the ssh agent handed to the host?"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet_tui.health.doctor_case import Case
    from fleet_tui.health.doctor_findings import Result


def check_forwarding(case: Case) -> Iterator[Result]:
    """Judge ForwardAgent, as `ssh` would use it for this host."""
    if case.host.connection == "local":
        return
    forwards = case.answers.client.forwards_agent
    if forwards is None:
        yield case.unchecked("agent-forwarded", "`ssh -G` gave no answer on this machine")
    elif forwards:
        yield case.finding(
            "agent-forwarded",
            "warning",
            "ssh_config forwards the ssh agent to it (ForwardAgent)",
            why="while somebody is logged in with `ssh`, root on that host, and an agent that runs "
            "there, can log in anywhere your keys open; the program's own connections never do",
            mend=f"write `ForwardAgent no` first under `Host {case.host.name}` in ~/.ssh/config, "
            "and jump with ProxyJump instead",
        )
