"""The decision point before a run starts: one pure function, deny by default.

It is asked twice: when a dispatch is about to be written down, for all hosts of one kind; and on
each host that has a check of its own, once that check has been answered and before the agent is
started.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from fleet_tui.model.mcp_run import ServerCase
    from fleet_tui.model.run import AgentName, Mode, Origin

Standing = Literal["leads", "not-primary", "behind"]
"""Whether this machine may act: it leads the fleet; another one does; or the fleet has moved on to
a later epoch than the one it acts with."""

VerifyState = Literal["none", "unasked", "matched", "mismatched", "unanswered"]
"""What the host's own check said: `none` is a host without one; `unasked` will be asked on the host
before anything starts there."""

Login = Literal["unasked", "user", "root", "unknown"]
"""Who the run would be on the host; it is asked there when that matters."""


@dataclass(frozen=True, slots=True)
class GateCase:
    """All that the decision depends on. Money is US dollars; None is "no cap" or "not known"."""

    agent: AgentName
    mode: Mode
    enforceable: frozenset[Mode]
    """Modes that the agent's adapter can really hold it to."""
    origin: Origin
    hosts: tuple[str, ...]
    named_hosts: frozenset[str] = frozenset()
    is_vouched_for: bool = False
    """A valid signature (queue) or a person's confirmation (other origins) stands behind it."""
    is_read_only: bool = False
    """This program may only look."""
    standing: Standing = "leads"
    verify: VerifyState = "none"
    verify_said: str = ""
    """What was found and what was expected, one sanitized sentence."""
    verify_mend: str = ""
    login: Login = "unasked"
    allows_root: bool = False
    """fleet.toml says so of every host here."""
    opens: frozenset[str] = frozenset()
    """What of the repository is let run: `hooks`, `mcp`."""
    servers: tuple[ServerCase, ...] = ()
    """The MCP servers of fleet.toml that the agent is to be given."""
    worst_case_usd: float | None = None
    """Hosts times budget per run; None when a run could cost any amount."""
    is_free: bool = False
    """True for a plain command, which costs nothing."""
    usd_per_dispatch: float | None = None
    usd_left_today: float | None = None
    """What remains of the day's cap; None without one."""
    today_is_complete: bool = True
    """False when a run of today ended without its cost being known."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nothing was started, and what would let it."""

    what: str
    mend: str


def refusal(case: GateCase) -> Refusal | None:
    """Return why `case` must not start, or None when it may."""
    return (
        _may_not_act(case)
        or _wrong_mode(case)
        or _wrong_origin(case)
        or _wrong_opening(case)
        or _wrong_server(case)
        or _wrong_host(case)
        or _over_budget(case)
    )


def _may_not_act(case: GateCase) -> Refusal | None:
    if case.is_read_only:
        return Refusal("this program is read-only", "start it without --read-only on the primary")
    if case.standing == "not-primary":
        return Refusal(
            "this machine is not the fleet's primary", "start it there, or promote this machine"
        )
    if case.standing == "behind":
        return Refusal(
            "the fleet has a newer primary than this machine knew of",
            "start it on that one; `fleet-tui mirror status` names it",
        )
    if not case.hosts:
        return Refusal("the target selects no host", "see the hosts with `fleet-tui hosts`")
    return None


def _wrong_mode(case: GateCase) -> Refusal | None:
    if case.mode in case.enforceable:
        return None
    if case.agent == "shell":
        return Refusal(
            f"a shell command cannot be held to mode {case.mode}",
            "leave --mode out: a command does what its text says",
        )
    return Refusal(
        f"{case.agent} cannot be held to mode {case.mode}",
        f"use {', '.join(sorted(case.enforceable))}",
    )


def _wrong_origin(case: GateCase) -> Refusal | None:
    if case.mode == "read":
        return None
    if case.mode == "write":
        if case.origin == "operator" or case.is_vouched_for:
            return None
        step = "sign the task" if case.origin == "queue" else "confirm it by hand"
        return Refusal(f"mode write is not open to origin {case.origin}", step)
    if case.origin != "operator":
        if case.agent == "shell":
            return Refusal(
                f"a plain command is never open to origin {case.origin}",
                "an operator may type it by hand",
            )
        return Refusal(
            f"mode unrestricted is never open to origin {case.origin}",
            "an operator may type it by hand",
        )
    if case.agent == "shell":
        return None
    unnamed = [host for host in case.hosts if host not in case.named_hosts]
    if unnamed:
        shown = ", ".join(unnamed[:5]) + (" …" if len(unnamed) > 5 else "")
        return Refusal(
            f"mode unrestricted needs each host named again; missing {shown}",
            "--confirm HOST for each, or type them in the composer",
        )
    return None


def _wrong_opening(case: GateCase) -> Refusal | None:
    """Refuse to let a repository's own programs run but where the operator opened them."""
    if not case.opens:
        return None
    opened = " and ".join(sorted(case.opens))
    if case.origin != "operator":
        return Refusal(
            f"the {opened} of a repository are never opened for origin {case.origin}",
            "an operator may open them by hand, for one run",
        )
    if case.agent != "claude":
        return Refusal(f"{case.agent} has no {opened} to open", "leave it out for this agent")
    if case.mode == "read":
        return Refusal(
            f"mode read cannot be kept with the {opened} of a repository: they run what they like",
            "use --mode write",
        )
    return None


def _wrong_server(case: GateCase) -> Refusal | None:
    """Refuse a server to who may not have it, to a mode it would break, and where none gets to."""
    if case.servers and case.agent == "shell":
        return Refusal("a shell command is given no MCP servers", "leave --mcp out")
    for server in case.servers:
        if case.origin != "operator" and case.origin not in server.origins:
            return Refusal(
                f"MCP server {server.name} is not open to origin {case.origin}",
                "an operator may give it, or name the origin in `origins` of its [[mcp]]",
            )
        if case.mode == "read" and not server.only_looks:
            return Refusal(
                f"mode read cannot be kept with MCP server {server.name}: its tools do what they"
                " like",
                "use --mode write, or say read_only = true in its [[mcp]] if none of them changes"
                " anything",
            )
        if server.fault:
            return Refusal(server.fault, "leave it out there; `fleet-tui mcp config --host H`")
    return None


def _wrong_host(case: GateCase) -> Refusal | None:
    """Refuse what the host itself said; a check that was not asked yet stops nothing here."""
    if case.verify in ("mismatched", "unanswered"):
        return Refusal(
            case.verify_said or f"the host's own check has {case.verify}",
            case.verify_mend or "mend the host, or correct `verify` in fleet.toml",
        )
    if case.mode != "unrestricted" or case.agent == "shell" or case.allows_root:
        return None
    if case.login in ("root", "unknown"):
        who = "would be root" if case.login == "root" else "does not say that it is not root"
        return Refusal(
            f"mode unrestricted is refused to a run that {who} on {', '.join(case.hosts[:5])}",
            "log in as another user, or set allow_root = true for that host in fleet.toml",
        )
    return None


def _over_budget(case: GateCase) -> Refusal | None:
    if case.is_free:
        return None
    capped = case.usd_per_dispatch is not None or case.usd_left_today is not None
    if capped and case.worst_case_usd is None:
        return Refusal(
            f"{case.agent} could cost any amount and a cap is set",
            "say in its [[price]] what a run counts with (reserve_usd), or take another agent"
            if case.agent == "codex"
            else "give --budget USD per run, or an agent whose cost can be capped",
        )
    worst = case.worst_case_usd or 0.0
    if case.usd_per_dispatch is not None and worst > case.usd_per_dispatch:
        return Refusal(
            f"{len(case.hosts)} hosts could cost ${worst:.2f}, "
            f"over ${case.usd_per_dispatch:.2f} per dispatch",
            "lower --budget or raise budget.usd_per_dispatch",
        )
    if case.usd_left_today is None:
        return None
    if not case.today_is_complete:
        return Refusal(
            "a run of today ended without its cost being known, which counts as over the day's cap",
            "see `fleet-tui runs`, or raise budget.usd_per_day",
        )
    if worst > case.usd_left_today:
        return Refusal(
            f"{len(case.hosts)} hosts could cost ${worst:.2f}, "
            f"${max(case.usd_left_today, 0.0):.2f} is left today",
            "lower --budget or raise budget.usd_per_day",
        )
    return None
