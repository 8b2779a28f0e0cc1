"""Is the agent there, does it start, is it new enough, and does a command over ssh find it?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fleet_tui.health.doctor_case import version_numbers
from fleet_tui.health.probe_scripts import AGENT_COMMANDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet_tui.health.doctor_answers import AgentAnswer
    from fleet_tui.health.doctor_case import Case
    from fleet_tui.health.doctor_findings import Result
    from fleet_tui.model.host import AgentInstall

_PLAIN = re.compile(r"[\w./~@+-]+")

INSTALL = {
    "claude": "npm install -g @anthropic-ai/claude-code",
    "codex": "npm install -g @openai/codex",
}


def check_agent(case: Case) -> Iterator[Result]:
    """Judge the agent of this host, and others that are installed there."""
    remote = case.remote
    if remote is None or remote.facts is None:
        return
    if case.agent in AGENT_COMMANDS and case.install(case.agent) is None:
        yield case.finding(
            "agent-missing",
            "error",
            f"{case.agent} is not installed where a login looks for programs",
            why=f"it is the agent of this host, so every run there fails; if it lies elsewhere, "
            f"agent_paths.{case.agent} of the host in fleet.toml may name it",
            mend=case.on_host(INSTALL[case.agent], needs_terminal=True),
        )
    for name in AGENT_COMMANDS:
        if install := case.install(name):
            yield from _installed(case, name, install)


def _installed(case: Case, name: str, install: AgentInstall) -> Iterator[Result]:
    remote = case.remote
    answer = remote.agents.get(name) if remote else None
    if not install.version:
        yield _does_not_start(case, name, install, answer.fault if answer else "")
        return
    if answer is None or not answer.knows_help:
        yield case.unchecked("agent-old", f"{name} did not show its options")
    elif answer.lacks:
        yield _too_old(case, name, install, answer)
        return
    newest, host = case.shared.newest.get(name, ("", ""))
    if version_numbers(install.version) < version_numbers(newest):
        yield case.finding(
            "agent-behind",
            "note",
            f"{name} is {install.version} here and {newest} on {host}",
            why="the same prompt may do different things on hosts with different releases",
            mend=case.on_host(_update(case, name, install)),
        )
    if answer is not None and not answer.is_on_path and name not in case.host.agent_paths:
        yield _off_path(case, name, install)


def _does_not_start(case: Case, name: str, install: AgentInstall, fault: str) -> Result:
    said = f": {fault}" if fault else ""
    is_expected = name == case.agent
    return case.finding(
        "agent-broken",
        "error" if is_expected else "note",
        f"{name} at {install.path} does not start{said}",
        why="every run of it fails before the prompt is read; a script whose interpreter (node) is "
        "not in the PATH of a command over ssh looks the same",
        mend=case.on_host(INSTALL[name], needs_terminal=True),
    )


def _too_old(case: Case, name: str, install: AgentInstall, answer: AgentAnswer) -> Result:
    shown = ", ".join(answer.lacks[:4]) + (" and more" if len(answer.lacks) > 4 else "")
    return case.finding(
        "agent-old",
        "error" if name == case.agent else "note",
        f"{name} {install.version} is too old: it does not know {shown}",
        why="runs are started with these options; without them it refuses, or would do more than "
        "the mode of a run allows",
        mend=case.on_host(_update(case, name, install)),
    )


def _off_path(case: Case, name: str, install: AgentInstall) -> Result:
    folder, _, _ = install.path.rpartition("/")
    return case.finding(
        "agent-off-path",
        "note",
        f"{name} lies in {folder}, where a command over ssh does not look",
        why="runs use its full path and work; `ssh host "
        f"{name}`, scripts and hooks there say 'command not found'",
        mend=case.on_host(_add_to_path(case, install, name)),
    )


def _add_to_path(case: Case, install: AgentInstall, name: str) -> str:
    """Return what lets commands over ssh find the program, by login shell."""
    shell = (case.remote.shell if case.remote else "").rpartition("/")[2]
    folder = install.path.rpartition("/")[0]
    place = case.home_path(folder)
    if shell not in ("bash", "fish", "zsh") or not _PLAIN.fullmatch(place):
        return f"sudo ln -s {case.home_path(install.path)} /usr/local/bin/{name}"
    if shell == "fish":
        return f"fish_add_path {place}"
    line = f'export PATH="{place.replace("~", "$HOME", 1)}:$PATH"'
    if shell == "zsh":
        return f"echo '{line}' >> ~/.zshenv"
    # The first line: Debian's ~/.bashrc returns early for shells that nobody types into.
    return (
        f"touch ~/.bashrc; {{ echo '{line}'; cat ~/.bashrc; }} > ~/.bashrc.new "
        "&& cat ~/.bashrc.new > ~/.bashrc && rm ~/.bashrc.new"
    )


def _update(case: Case, name: str, install: AgentInstall) -> str:
    if name == "claude":
        return f"{case.home_path(install.path)} update"
    return f"{INSTALL[name]}@latest"
