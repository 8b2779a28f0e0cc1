"""The first `fleet.toml`, drafted from what `~/.ssh/config` already knows."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from fleet_tui.config.ssh_hosts import SshHost, read_ssh_hosts
from fleet_tui.config.values import MAX_NAME, RESERVED
from fleet_tui.model.target import NAME, NAME_RULE
from fleet_tui.model.text import one_line, sanitize

if TYPE_CHECKING:
    from pathlib import Path

_HEAD = """\
# A fleet for fleet-tui. `fleet-tui check` validates it; every option is shown in sample_fleet.toml.
# A host that ~/.ssh/config knows needs no more than its name.

[defaults]
agent = "claude"
mode = "read"

# This machine.
[[host]]
name = "{here}"
connection = "local"
roles = ["primary"]
"""
_CODE_HOSTS = frozenset(
    {"github.com", "gitlab.com", "bitbucket.org", "codeberg.org", "git.sr.ht", "ssh.dev.azure.com"}
)


def draft_from_ssh_config(path: Path | None = None, *, this_host: str | None = None) -> str:
    """Return the text of a first `fleet.toml`; nothing is written.

    It holds this machine as the local primary, called `this_host` or by its host name, and each
    machine that the OpenSSH configuration at `path` names. Without `path` it is this machine only.
    """
    here = _own_name(this_host or socket.gethostname())
    taken = {here.casefold()}
    blocks = [_HEAD.format(here=here)]
    left_out = []
    for host in read_ssh_hosts(path) if path is not None else ():
        reason = _why_not(host, taken)
        if reason:
            left_out.append(f"#   {one_line(host.alias, 60)}: {reason}\n")
            continue
        taken.add(host.alias.casefold())
        blocks.append(f'{_comment(host)}[[host]]\nname = "{host.alias}"\n')
    if left_out:
        blocks.append("# Left out:\n" + "".join(left_out))
    return "\n".join(blocks)


def _own_name(name: str) -> str:
    short = name.split(".")[0]
    usable = NAME.fullmatch(short) and sanitize(short) == short and short.casefold() != RESERVED
    return short[:MAX_NAME] if usable else "this-machine"


def _why_not(host: SshHost, taken: set[str]) -> str:
    """Return why an alias cannot or should not be a host; empty when it should."""
    alias = host.alias
    if host.user == "git" or _CODE_HOSTS & {alias, host.hostname}:
        return "a Git server, by its look"
    if not NAME.fullmatch(alias) or sanitize(alias) != alias or len(alias) > MAX_NAME:
        return f"a host's name has {NAME_RULE}"
    if alias.casefold() == RESERVED:
        return "the word for every host"
    if alias.casefold() in taken:
        return "there is a host of that name already"
    return ""


def _comment(host: SshHost) -> str:
    where = one_line(host.hostname, 100)
    jump = f"through {one_line(host.jump, 100)}" if host.jump not in {"", "none"} else ""
    told = ", ".join(part for part in (where, jump) if part)
    return f"# {told}\n" if told else ""
