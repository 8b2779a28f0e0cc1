"""Answering for a plain ssh_config without asking `ssh -G` once for every host.

Plain means: `Host` blocks, `Include`, and keywords whose meaning needs no more than the name. All
else (`Match`, canonicalization, algorithm lists, words we do not know) is left to OpenSSH; so is a
file on which this and OpenSSH disagree for the first name that is looked up.
"""

from __future__ import annotations

import fnmatch
import glob
import os
import shlex
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fleet_tui.transport.endpoint import (
    DEFAULT_IDENTITIES,
    GLOBAL_KNOWN_HOSTS,
    USER_KNOWN_HOSTS,
)
from fleet_tui.transport.ssh_config_files import OF_NO_CONCERN, SYSTEM_CONFIG

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_tui.transport.ssh_config import Query
    from fleet_tui.transport.ssh_config_files import ConfigFiles

_NUMBERS = frozenset({"port", "connecttimeout", "serveraliveinterval", "serveralivecountmax"})
_MANY = frozenset({"identityfile", "certificatefile"})
_LISTS = frozenset({"userknownhostsfile", "globalknownhostsfile"})
_TEXTS = frozenset(
    {
        "hostkeyalias",
        "hostname",
        "identitiesonly",
        "identityagent",
        "proxycommand",
        "proxyjump",
        "user",
    }
)
_EITHER = {"proxyjump": "proxycommand", "proxycommand": "proxyjump"}
"""Of these two the first one that is set wins."""


class NotPlain(Exception):
    """The configuration says something that only OpenSSH should interpret."""


@dataclass(frozen=True, slots=True)
class _Host:
    patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Setting:
    keyword: str
    value: str


@dataclass(frozen=True, slots=True)
class _Included:
    entries: tuple[_Entry, ...]


_Entry = _Host | _Setting | _Included


class PlainConfig:
    """A parsed configuration; raises NotPlain when it is not one."""

    def __init__(self, files: ConfigFiles) -> None:
        user_base = Path.home() / ".ssh"
        self._entries: tuple[_Entry, ...]
        if files.argument is not None:
            self._entries = _parse(Path(files.argument), user_base)
        else:
            self._entries = (
                _Included(_parse(user_base / "config", user_base)),
                _Included(_parse(SYSTEM_CONFIG, SYSTEM_CONFIG.parent)),
            )

    def values(self, query: Query, user: str) -> Mapping[str, list[str]]:
        """Return what `ssh -G` would print for `query`, as far as it concerns us."""
        alias = query.alias
        if alias != alias.lower() or alias.startswith("-") or any(c in alias for c in "%:/@ "):
            raise NotPlain
        values: defaultdict[str, list[str]] = defaultdict(list)
        for keyword, given in (("user", query.user), ("port", query.port)):
            if given is not None:
                values[keyword] = [str(given)]
        if query.address is not None:
            values["hostname"] = [query.address.replace("%", "%%")]
        _apply(self._entries, alias, values, is_active=True)
        name = values["hostname"][0] if values["hostname"] else alias
        values["hostname"] = [name.replace("%h", alias).replace("%%", "%").lower()]
        defaults = {
            "user": [user],
            "port": ["22"],
            "identityfile": [f"~/.ssh/{name}" for name in DEFAULT_IDENTITIES],
            "userknownhostsfile": [" ".join(USER_KNOWN_HOSTS)],
            "globalknownhostsfile": [" ".join(GLOBAL_KNOWN_HOSTS)],
        }
        for keyword, fallback in defaults.items():
            values[keyword] = values[keyword] or fallback
        return values


def _apply(
    entries: tuple[_Entry, ...],
    alias: str,
    values: defaultdict[str, list[str]],
    *,
    is_active: bool,
) -> None:
    applies = is_active
    for entry in entries:
        if isinstance(entry, _Host):
            applies = is_active and _matches(alias, entry.patterns)
        elif isinstance(entry, _Included):
            _apply(entry.entries, alias, values, is_active=applies)
        elif applies:
            _set(entry, values)


def _set(setting: _Setting, values: defaultdict[str, list[str]]) -> None:
    keyword, value = setting.keyword, setting.value
    if keyword in _MANY:
        if value not in values[keyword]:
            values[keyword].append(value)
    elif not values[keyword] and not values.get(_EITHER.get(keyword, "")):
        values[keyword] = [value]


def _matches(alias: str, patterns: tuple[str, ...]) -> bool:
    if any(p.startswith("!") and _matches_one(alias, p[1:]) for p in patterns):
        return False
    return any(not p.startswith("!") and _matches_one(alias, p) for p in patterns)


def _matches_one(alias: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(alias, pattern.lower().replace("[", "[[]"))


def _parse(path: Path, base: Path, depth: int = 0) -> tuple[_Entry, ...]:
    if depth > 16:
        raise NotPlain
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as error:
        raise NotPlain from error
    entries: list[_Entry] = []
    for line in text.splitlines():
        keyword, value = _split(line)
        if keyword == "host":
            entries.append(_Host(tuple(_words(value))))
        elif keyword == "include":
            for pattern in _words(value):
                names = sorted(glob.glob(os.path.join(base, os.path.expanduser(pattern))))
                entries += [_Included(_parse(Path(name), base, depth + 1)) for name in names]
        elif keyword and keyword not in OF_NO_CONCERN:
            entries.append(_setting(keyword, value))
    return tuple(entries)


def _setting(keyword: str, value: str) -> _Setting:
    if keyword == "proxycommand":
        return _Setting(keyword, value)
    words = _words(value)
    if keyword in _LISTS:
        if not words or any(" " in word for word in words):
            raise NotPlain
        return _Setting(keyword, " ".join(words))
    if keyword not in _TEXTS | _MANY | _NUMBERS or len(words) != 1 or not words[0]:
        raise NotPlain
    if keyword in _NUMBERS and not words[0].isdigit():
        raise NotPlain
    if keyword == "hostname" and "%" in words[0].replace("%h", "").replace("%%", ""):
        raise NotPlain
    if keyword == "identitiesonly":
        return _Setting(keyword, "yes" if words[0].lower() in ("yes", "true") else "no")
    return _Setting(keyword, words[0])


def _split(line: str) -> tuple[str, str]:
    stripped = line.strip()
    if not stripped or stripped.startswith("#"):
        return "", ""
    end = next((i for i, c in enumerate(stripped) if c in " \t="), len(stripped))
    value = stripped[end:].strip()
    return stripped[:end].lower(), value.removeprefix("=").strip()


def _words(value: str) -> list[str]:
    if "\\" in value or "'" in value:
        raise NotPlain
    try:
        return shlex.split(value, comments=True)
    except ValueError as error:
        raise NotPlain from error
