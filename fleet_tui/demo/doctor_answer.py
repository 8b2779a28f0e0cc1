"""Answers the doctor's script from the host's personality; a few hosts have something to mend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.demo import probe_answer
from fleet_tui.health.doctor_script import MARKER
from fleet_tui.health.probe_scripts import AGENT_COMMANDS

if TYPE_CHECKING:
    from fleet_tui.demo.host import Personality

_KEY = "SHA256:9fT2mBd1xQe0pZ7yWcVn4sLk8hJr6gUa3oiXq5RtYbE"
_AUTHORIZED = "AAAAC3NzaC1lZDI1NTE5AAAAIKd2mB0xQe1pZ7yWcVn4sLk8hJr6gUa3oiXq5RtYbEw"
_USER = 1000


def is_doctor(line: str) -> bool:
    """Return whether `line` carries the doctor's script."""
    return f"{MARKER}=1" in line and f"{MARKER}-end=1" in line


def answer(host: Personality) -> bytes:
    """Return what the doctor's script would have printed on `host`."""
    lines = [
        f"{MARKER}=1",
        f"uid={_USER}",
        "shell=/bin/bash",
        f"path={_path(host)}",
        *_variables(host),
        f"git={'no' if host.spec.kind == 'nas' else 'yes'}",
        "home-folder=ok",
        "workdir=ok",
        "claude-home=ok",
        probe_answer.answer(host).decode().rstrip("\n"),
        *_agents(host),
        *_sshd(host),
        *_ssh_files(host),
        f"{MARKER}-end=1",
    ]
    return "\n".join(lines).encode() + b"\n"


def _path(host: Personality) -> str:
    """A slow host's PATH ends in an empty part: the working folder is searched, too."""
    return "/usr/local/bin:/usr/bin:/bin" + (":" if host.spec.mood == "slow" else "")


def _variables(host: Personality) -> list[str]:
    """Where agents are denied things, the key stands where commands over ssh never read it."""
    if host.spec.mood == "denied":
        return ["variables=known", "hidden=ANTHROPIC_API_KEY 12 ~/.bashrc"]
    return ["variable=ANTHROPIC_API_KEY", "variable=OPENAI_API_KEY", "variables=known"]


def _agents(host: Personality) -> list[str]:
    lines: list[str] = []
    for agent in AGENT_COMMANDS:
        if agent not in host.spec.agents:
            continue
        lines += [f"agent.{agent}.on-path=yes", f"agent.{agent}.help=yes"]
        if host.spec.is_odd and agent == "claude":
            lines.append("agent.claude.lacks=--restricted")
        is_out = host.spec.mood == "denied" and agent == "claude"
        lines.append(f"agent.{agent}.login={int(is_out)}")
        if agent == "claude":
            lines.append(f"agent.claude.method={'none' if is_out else 'api_key'}")
    return lines


def _sshd(host: Personality) -> list[str]:
    sessions = 2 if host.spec.kind == "nas" else 20
    return [
        "sshd-port=22",
        f"sshd-no=maxsessions {sessions}",
        "sshd-no=maxstartups 30:30:100",
        "sshd-no=port 22",
        "sshd-read=yes",
    ]


def _ssh_files(host: Personality) -> list[str]:
    """The older machine of its kind has a private key that everybody there can read."""
    home = host.home
    lines = [
        f"file=home drwxr-xr-x {_USER} {home}",
        f"file=ssh drwx------ {_USER} {home}/.ssh",
        f"file=authorized -rw------- {_USER} {home}/.ssh/authorized_keys",
        f"authorized-file={home}/.ssh/authorized_keys",
        f"authorized=1:restrict,pty ssh-ed25519 {_AUTHORIZED} fleet",
    ]
    if host.spec.is_odd:
        lines.insert(2, f"file=private -rw-r--r-- {_USER} {home}/.ssh/deploy")
        lines.append(f"key={_KEY} {home}/.ssh/deploy")
    return lines
