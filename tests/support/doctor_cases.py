"""Answers to the doctor, written by hand: of a host that is well, and with one fault each."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fleet_tui.health.doctor_answers import (
    AgentAnswer,
    Answers,
    ClientView,
    ClockReading,
    FileMode,
    HiddenVariable,
    HostAnswers,
    LocalKey,
    SshdSettings,
)
from fleet_tui.health.doctor_authorized import AuthorizedEntry
from fleet_tui.model.errors import FleetError
from fleet_tui.model.host import AgentInstall, Host, HostFacts

if TYPE_CHECKING:
    from collections.abc import Mapping

OURS = AuthorizedEntry("/home/u/.ssh/authorized_keys", 2, "ssh-ed25519", "SHA256:k1")
CONFINED = replace(OURS, options=frozenset({"restrict"}))

FACTS = HostFacts(
    probed_at=100.0,
    hostname="web",
    system="Linux 6.1",
    home="/home/u",
    agents={"claude": AgentInstall("/usr/bin/claude", "2.1.329")},
    disk_free_bytes=50 * 10**9,
    uptime_seconds=50.0,
)
WELL = HostAnswers(
    facts=FACTS,
    is_whole=True,
    user_id=1000,
    shell="/bin/bash",
    path=("/usr/bin", "/bin"),
    variables=frozenset(),
    agents={"claude": AgentAnswer(is_on_path=True, knows_help=True, login_status=0)},
    has_git=True,
    home="ok",
    claude_home="ok",
    workdir="ok",
    files=(FileMode("ssh", "/home/u/.ssh", 0o700, 1000),),
    authorized=(CONFINED,),
    sshd=SshdSettings(is_ours=True, values={"maxsessions": "10", "maxstartups": "10:30:100"}),
)
KEY = LocalKey("/here/.ssh/k1", 0o600, 0, "SHA256:k1", is_encrypted=True)
CLIENT = ClientView(
    ssh="ssh web", server="10.0.0.1:22", user="u", forwards_agent=False, keys=(KEY,)
)
CLOCK = ClockReading(100.0, 100.2, 100.1, 1e-9)
CODEX = {"codex": AgentInstall("/opt/codex/bin/codex", "0.169.0")}


def with_remote(**changes: Any) -> Answers:
    return Answers(CLIENT, remote=replace(WELL, **changes), clock=CLOCK)


def with_claude(**changes: Any) -> Answers:
    agent = replace(WELL.agents["claude"], **changes)
    return with_remote(agents={"claude": agent})


def with_codex(status: int, *variables: str) -> Answers:
    agents = {"codex": AgentAnswer(is_on_path=True, knows_help=True, login_status=status)}
    facts = replace(FACTS, agents=CODEX)
    return with_remote(facts=facts, agents=agents, variables=frozenset(variables))


def facts(**changes: Any) -> Answers:
    return with_remote(facts=replace(FACTS, **changes))


def sshd(**changes: Any) -> Answers:
    assert WELL.sshd is not None
    return with_remote(sshd=replace(WELL.sshd, **changes))


CODEX_HOST = Host("web", agent="codex")
HIDDEN = (HiddenVariable("ANTHROPIC_API_KEY", "~/.bashrc", 9),)

CASES: Mapping[str, tuple[Answers, Host, list[tuple[str, str]]]] = {
    # Agents.
    "missing": (
        facts(agents={}),
        Host("web"),
        [("agent-missing", "error")],
    ),
    "not the agent of this host": (facts(agents={}), Host("web", agent="shell"), []),
    "another agent than installed": (
        with_remote(),
        Host("web", agent="codex"),
        [("agent-missing", "error")],
    ),
    "does not start": (
        facts(agents={"claude": AgentInstall("/usr/bin/claude", "")}),
        Host("web"),
        [("agent-broken", "error")],
    ),
    "too old": (with_claude(lacks=("--restricted",)), Host("web"), [("agent-old", "error")]),
    "shows no help": (with_claude(knows_help=False), Host("web"), [("agent-old", "unchecked")]),
    "off the path": (with_claude(is_on_path=False), Host("web"), [("agent-off-path", "note")]),
    "off the path, pinned": (
        with_claude(is_on_path=False),
        Host("web", agent_paths={"claude": "/usr/bin/claude"}),
        [],
    ),
    # Logins.
    "logged out": (with_claude(login_status=1), Host("web"), [("not-logged-in", "error")]),
    "login state unknown": (
        with_claude(login_status=None),
        Host("web"),
        [("not-logged-in", "unchecked")],
    ),
    "login check timed out": (
        with_claude(login_status=124),
        Host("web"),
        [("not-logged-in", "unchecked")],
    ),
    "key hidden": (
        with_remote(
            hidden=HIDDEN,
            agents={"claude": replace(WELL.agents["claude"], login_status=1)},
        ),
        Host("web"),
        [("api-key-unseen", "error")],
    ),
    "key hidden beside another login": (
        with_remote(hidden=HIDDEN),
        Host("web"),
        [("api-key-unseen", "note")],
    ),
    "key seen": (
        with_remote(hidden=HIDDEN, variables=frozenset({"ANTHROPIC_API_KEY"})),
        Host("web"),
        [],
    ),
    "key and token": (
        with_remote(variables=frozenset({"ANTHROPIC_API_KEY", "CLAUDE_CODE_OAUTH_TOKEN"})),
        Host("web"),
        [("billed-to-api", "warning")],
    ),
    "key and subscription": (
        with_remote(variables=frozenset({"ANTHROPIC_API_KEY"}), has_stored_login=True),
        Host("web"),
        [("billed-to-api", "warning")],
    ),
    "codex logged out": (with_codex(1), CODEX_HOST, [("not-logged-in", "error")]),
    "codex logged out, key unused": (
        with_codex(1, "OPENAI_API_KEY"),
        CODEX_HOST,
        [("not-logged-in", "error")],
    ),
    "codex has its key": (with_codex(1, "CODEX_API_KEY"), CODEX_HOST, []),
    # The machine.
    "disk full": (facts(disk_free_bytes=10**8), Host("web"), [("disk-full", "error")]),
    "disk low": (facts(disk_free_bytes=10**9), Host("web"), [("disk-full", "warning")]),
    "disk unknown": (facts(disk_free_bytes=None), Host("web"), [("disk-full", "unchecked")]),
    "no git": (with_remote(has_git=False), Host("web"), [("git-missing", "warning")]),
    "empty in PATH": (with_remote(path=("/bin", "")), Host("web"), [("path-relative", "warning")]),
    "PATH unknown": (with_remote(path=None), Host("web"), []),
    "clock ahead": (
        Answers(CLIENT, remote=WELL, clock=ClockReading(100, 101, 200, 1)),
        Host("web"),
        [("clock-off", "warning")],
    ),
    "clock within the round trip": (
        Answers(CLIENT, remote=WELL, clock=ClockReading(100, 160, 158, 1)),
        Host("web"),
        [],
    ),
    "clock a little off": (
        Answers(CLIENT, remote=WELL, clock=ClockReading(100, 100.1, 101.5, 0)),
        Host("web"),
        [],
    ),
    "clock unknown": (Answers(CLIENT, remote=WELL), Host("web"), [("clock-off", "unchecked")]),
    # Folders.
    "home read-only": (with_remote(home="read-only"), Host("web"), [("home-unusable", "error")]),
    "no workdir": (
        with_remote(workdir="missing"),
        Host("web", workdir="~/x"),
        [("workdir-unusable", "error")],
    ),
    "workdir read-only": (
        with_remote(workdir="read-only"),
        Host("web", workdir="/srv"),
        [("workdir-unusable", "warning")],
    ),
    "workdir unknown": (
        with_remote(workdir=None),
        Host("web", workdir="/srv"),
        [("workdir-unusable", "unchecked")],
    ),
    "claude's folder missing": (with_remote(claude_home="missing"), Host("web"), []),
    "claude's folder closed": (
        with_remote(claude_home="closed"),
        Host("web"),
        [("claude-home-unusable", "error")],
    ),
    # sshd.
    "few sessions": (
        sshd(values={"maxsessions": "1"}),
        Host("web"),
        [("sshd-sessions", "warning")],
    ),
    "few startups": (
        sshd(values={"maxstartups": "2:30:60"}),
        Host("web"),
        [("sshd-startups", "warning")],
    ),
    "few startups by its title": (
        sshd(values={}, is_whole=False, startups=2),
        Host("web"),
        [("sshd-limits", "unchecked"), ("sshd-startups", "warning")],
    ),
    "sshd partly read": (
        sshd(values={"maxsessions": "1"}, is_whole=False),
        Host("web"),
        [("sshd-limits", "unchecked")],
    ),
    "another sshd": (
        sshd(values={"maxsessions": "1"}, is_ours=False),
        Host("web"),
        [("sshd-limits", "unchecked")],
    ),
    "sshd unknown": (with_remote(sshd=None), Host("web"), [("sshd-limits", "unchecked")]),
    # Keys.
    "key open": (
        with_remote(files=(FileMode("private", "/home/u/.ssh/id", 0o640, 1000),)),
        Host("web"),
        [("key-readable", "error")],
    ),
    "ssh folder readable": (
        with_remote(files=(FileMode("ssh", "/home/u/.ssh", 0o755, 1000),)),
        Host("web"),
        [],
    ),
    "ssh folder writable": (
        with_remote(files=(FileMode("ssh", "/home/u/.ssh", 0o770, 1000),)),
        Host("web"),
        [("ssh-writable", "error")],
    ),
    "home writable": (
        with_remote(files=(FileMode("home", "/home/u", 0o775, 1000),)),
        Host("web"),
        [("ssh-writable", "warning")],
    ),
    "of somebody else": (
        with_remote(files=(FileMode("authorized", "/home/u/.ssh/a", 0o600, 1001),)),
        Host("web"),
        [("ssh-foreign", "error")],
    ),
    "our key unrestricted": (
        with_remote(authorized=(OURS,)),
        Host("web"),
        [("authorized-open", "note")],
    ),
    "another key unrestricted": (
        with_remote(authorized=(CONFINED, replace(OURS, fingerprint="SHA256:k2"))),
        Host("web"),
        [("authorized-others", "note")],
    ),
    "authorized_keys unknown": (
        with_remote(authorized=None),
        Host("web"),
        [("authorized-open", "unchecked")],
    ),
    "agent forwarded": (
        Answers(replace(CLIENT, forwards_agent=True), remote=WELL, clock=CLOCK),
        Host("web"),
        [("agent-forwarded", "warning")],
    ),
    "forwarding unknown": (
        Answers(replace(CLIENT, forwards_agent=None), remote=WELL, clock=CLOCK),
        Host("web"),
        [("agent-forwarded", "unchecked")],
    ),
    # No answers.
    "said something else": (
        Answers(CLIENT, error=FleetError("it said 'x'")),
        Host("web"),
        [("no-answer", "error"), ("answers", "unchecked")],
    ),
    "Windows": (
        Answers(CLIENT, not_asked="a powershell host is only reached"),
        Host("web", shell="powershell"),
        [("answers", "unchecked")],
    ),
    "this machine": (
        Answers(remote=replace(WELL, authorized=(OURS,), sshd=None)),
        Host("web", connection="local"),
        [],
    ),
}
