"""Which OpenSSH configuration files apply, and whether they say anything that concerns us."""

from __future__ import annotations

import glob
import os
import shlex
from dataclasses import dataclass, field
from pathlib import Path

SYSTEM_CONFIG = Path("/etc/ssh/ssh_config")
_MAX_DEPTH = 16
"""As OpenSSH's READCONF_MAX_DEPTH."""

OF_NO_CONCERN = frozenset(
    {
        "addkeystoagent",
        "batchmode",
        "checkhostip",
        "clearallforwardings",
        "compression",
        "controlmaster",
        "controlpath",
        "controlpersist",
        "dynamicforward",
        "enablesshkeysign",
        "escapechar",
        "exitonforwardfailure",
        "fingerprinthash",
        "forwardagent",
        "forwardx11",
        "forwardx11timeout",
        "forwardx11trusted",
        "gatewayports",
        "gssapiauthentication",
        "gssapidelegatecredentials",
        "hashknownhosts",
        "host",
        "include",
        "ipqos",
        "localcommand",
        "localforward",
        "loglevel",
        "numberofpasswordprompts",
        "passwordauthentication",
        "permitlocalcommand",
        "remotecommand",
        "remoteforward",
        "requesttty",
        "sendenv",
        "setenv",
        "streamlocalbindmask",
        "streamlocalbindunlink",
        "stricthostkeychecking",
        "syslogfacility",
        "tcpkeepalive",
        "updatehostkeys",
        "verifyhostkeydns",
        "visualhostkey",
        "xauthlocation",
    }
)
"""Keywords (ssh_config(5)) that change nothing in how we reach a host."""


@dataclass(frozen=True, slots=True)
class ConfigFiles:
    """The files one look-up depends on, with a stamp that changes when any of them does."""

    argument: str | None
    """What `ssh -F` must be given; None lets it find its own files."""
    stamp: tuple[tuple[str, int, int], ...]
    """Path, mtime in ns and size of each file that exists."""
    concerns_us: bool
    """False when no file sets anything we would act on."""


@dataclass(slots=True)
class _Scan:
    stamp: dict[str, tuple[str, int, int]] = field(default_factory=dict)
    concerns_us: bool = False


def scan_config_files(override: Path | None) -> ConfigFiles:
    """Look at the configuration that applies: `override`, or the user's and the system's."""
    scan = _Scan()
    user_config = Path.home() / ".ssh" / "config"
    if override is not None:
        path = override.expanduser()
        _scan(path, scan, base=user_config.parent, depth=0)
        argument = str(path) if path.exists() else os.devnull
    elif _home_is_moved():
        _scan(user_config, scan, base=user_config.parent, depth=0)
        argument = str(user_config) if user_config.exists() else os.devnull
    else:
        _scan(user_config, scan, base=user_config.parent, depth=0)
        _scan(SYSTEM_CONFIG, scan, base=SYSTEM_CONFIG.parent, depth=0)
        argument = None
    return ConfigFiles(argument, tuple(scan.stamp.values()), scan.concerns_us)


def _home_is_moved() -> bool:
    """Whether $HOME differs from the password file's, which `ssh` would go by."""
    try:
        import pwd
    except ImportError:
        return False
    try:
        return Path(pwd.getpwuid(os.getuid()).pw_dir) != Path.home()
    except KeyError:
        return True


def _scan(path: Path, scan: _Scan, *, base: Path, depth: int) -> None:
    if str(path) in scan.stamp or depth > _MAX_DEPTH:
        return
    try:
        status = path.stat()
        text = path.read_text("utf-8", "replace")
    except OSError:
        return
    scan.stamp[str(path)] = (str(path), status.st_mtime_ns, status.st_size)
    for line in text.splitlines():
        keyword, value = _split(line)
        if not keyword:
            continue
        if keyword == "include":
            for pattern in _words(value):
                included = os.path.join(base, os.path.expanduser(pattern))
                for name in sorted(glob.glob(included)):
                    _scan(Path(name), scan, base=base, depth=depth + 1)
        elif keyword not in OF_NO_CONCERN:
            scan.concerns_us = True


def _split(line: str) -> tuple[str, str]:
    stripped = line.strip()
    if not stripped or stripped.startswith("#"):
        return "", ""
    keyword, _, value = stripped.replace("=", " ", 1).partition(" ")
    keyword = keyword.split("\t")[0]
    return keyword.lower(), value.strip() or stripped[len(keyword) :].strip(" \t=")


def _words(value: str) -> list[str]:
    try:
        return shlex.split(value)
    except ValueError:
        return value.split()
