"""Reading the answer of `ssh -G`: one lower-case keyword and its value a line (ssh(1))."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import socket
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from fleet_tui.transport.endpoint import DEFAULT_IDENTITIES, Endpoint, agent_from_environment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ALGORITHM_KINDS = {
    "kexalgorithms": "kex",
    "ciphers": "cipher",
    "macs": "mac",
    "hostkeyalgorithms": "hostkey",
}
_TOKEN = re.compile(r"%([%a-zA-Z])")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def endpoint_from_ssh_g(alias: str, answer: str) -> Endpoint:
    """Return the endpoint that `ssh -G alias` described."""
    values: defaultdict[str, list[str]] = defaultdict(list)
    for line in answer.splitlines():
        keyword, _, value = line.partition(" ")
        values[keyword.lower()].append(value.strip())
    return endpoint_from_values(alias, values)


def endpoint_from_values(alias: str, values: Mapping[str, list[str]]) -> Endpoint:
    """Return the endpoint for keywords (in lower case) and their values, first one first."""

    def one(keyword: str) -> str | None:
        value = (values.get(keyword) or ["none"])[0]
        return None if value.lower() in ("none", "") else value

    def paths(keyword: str) -> tuple[str, ...]:
        return tuple(_path(name, tokens) for name in values.get(keyword, ()) if name != "none")

    tokens = _tokens(alias, one("hostname") or alias, one("port"), one("user"), one("hostkeyalias"))
    identities = values.get("identityfile", [])
    interval = float(one("serveraliveinterval") or 0)
    return Endpoint(
        alias=alias,
        address=one("hostname") or alias,
        user=one("user") or "unknown",
        port=int(one("port") or 22),
        host_key_alias=one("hostkeyalias"),
        identity_files=paths("identityfile"),
        has_default_identities=identities == [f"~/.ssh/{name}" for name in DEFAULT_IDENTITIES],
        identities_only=one("identitiesonly") == "yes",
        certificate_files=paths("certificatefile"),
        agent=_agent(values.get("identityagent", []), tokens),
        known_hosts=_known_hosts(values, tokens),
        proxy_jump=tuple(hop for hop in (one("proxyjump") or "").split(",") if hop),
        proxy_command=_expand_optional(one("proxycommand"), tokens),
        connect_timeout=_seconds(one("connecttimeout")),
        keepalive=interval or None,
        keepalive_count=int(one("serveralivecountmax") or 3) if interval else None,
        extra_algorithms=_extra_algorithms(values),
    )


def _tokens(
    alias: str, address: str, port: str | None, user: str | None, key_alias: str | None
) -> Mapping[str, str]:
    """Return the tokens of ssh_config(5), TOKENS, but the key-dependent ones."""
    long_name = socket.gethostname()
    port_text, remote_user = port or "22", user or ""
    connection = f"{long_name}{address}{port_text}{remote_user}"
    return {
        "%": "%",
        "C": hashlib.sha1(connection.encode(), usedforsecurity=False).hexdigest(),
        "d": str(Path.home()),
        "h": address,
        "i": str(os.getuid()) if hasattr(os, "getuid") else "",
        "k": key_alias or address,
        "L": long_name.split(".")[0],
        "l": long_name,
        "n": alias,
        "p": port_text,
        "r": remote_user,
        "u": os.environ.get("USER", remote_user),
    }


def _expand(text: str, tokens: Mapping[str, str]) -> str:
    expanded = _TOKEN.sub(lambda match: tokens.get(match[1], match[0]), text)
    return _VARIABLE.sub(lambda match: os.environ.get(match[1], match[0]), expanded)


def _expand_optional(text: str | None, tokens: Mapping[str, str]) -> str | None:
    return None if text is None else _expand(text, tokens)


def _path(text: str, tokens: Mapping[str, str]) -> str:
    return os.path.expanduser(_expand(text.strip('"'), tokens))


def _agent(values: Sequence[str], tokens: Mapping[str, str]) -> str | None:
    if not values or values[0] == "SSH_AUTH_SOCK":
        return agent_from_environment()
    if values[0] == "none":
        return None
    if values[0].startswith("$") and not values[0].startswith("${"):
        return os.environ.get(values[0][1:]) or None
    return _path(values[0], tokens)


def _known_hosts(values: Mapping[str, list[str]], tokens: Mapping[str, str]) -> tuple[str, ...]:
    """Return the files that are named; `none` is no file, never "verify nothing"."""
    files: list[str] = []
    for keyword in ("userknownhostsfile", "globalknownhostsfile"):
        for value in values.get(keyword, []):
            files += [_path(word, tokens) for word in _words(value) if word != "none"]
    return tuple(files)


def _words(value: str) -> list[str]:
    try:
        return shlex.split(value)
    except ValueError:
        return value.split()


def _seconds(value: str | None) -> float | None:
    return float(value) if value and value.isdigit() and int(value) > 0 else None


def _extra_algorithms(
    values: Mapping[str, list[str]],
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    extra = []
    for keyword, kind in _ALGORITHM_KINDS.items():
        wanted = (values.get(keyword) or [""])[0].split(",")
        names = tuple(name for name in wanted if name and name not in _openssh_defaults()[kind])
        if names:
            extra.append((kind, names))
    return tuple(extra)


@cache
def _openssh_defaults() -> Mapping[str, frozenset[str]]:
    """Return what this machine's OpenSSH offers by itself, by kind."""
    import shutil
    import subprocess

    defaults = {kind: frozenset[str]() for kind in _ALGORITHM_KINDS.values()}
    binary = shutil.which("ssh")
    if binary is None:
        return defaults
    answer = subprocess.run(
        [binary, "-G", "-F", os.devnull, "localhost"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    for line in answer.stdout.decode("utf-8", "replace").splitlines():
        keyword, _, value = line.partition(" ")
        if kind := _ALGORITHM_KINDS.get(keyword):
            defaults[kind] = frozenset(value.split(","))
    return defaults
