"""The machines that an OpenSSH client configuration names (ssh_config(5))."""

from __future__ import annotations

import glob
import os
import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAX_DEPTH = 16
"""As OpenSSH's READCONF_MAX_DEPTH."""


@dataclass(frozen=True, slots=True)
class SshHost:
    """One alias with what its own `Host` block says; empty where it says nothing."""

    alias: str
    hostname: str = ""
    user: str = ""
    jump: str = ""


def user_config() -> Path:
    """Return where OpenSSH looks for the user's configuration."""
    return Path("~/.ssh/config").expanduser()


def aliases(path: Path) -> frozenset[str]:
    """Return the names of `Host` lines without wildcards; empty when the file cannot be read."""
    return frozenset(host.alias for host in read_ssh_hosts(path))


def read_ssh_hosts(path: Path) -> tuple[SshHost, ...]:
    """Return each alias once, in file order, `Include` followed; unreadable files are skipped.

    Patterns with wildcards or `!` name no machine. An `Include` inside a block for certain hosts
    is not followed, since it holds for those only.
    """
    reader = _Reader()
    reader.read(path.expanduser(), 0)
    return tuple(reader.hosts.values())


class _Reader:
    def __init__(self) -> None:
        self.hosts: dict[str, SshHost] = {}
        self._block: list[str] = []
        """Aliases of the block that is being read."""
        self._is_for_all = True
        """Whether what is being read holds for every host."""
        self._seen: set[str] = set()

    def read(self, path: Path, depth: int) -> None:
        if depth > _MAX_DEPTH or str(path) in self._seen:
            return
        self._seen.add(str(path))
        try:
            text = path.read_text("utf-8", "replace")
        except (OSError, ValueError):
            return
        self._block, self._is_for_all = [], True
        for line in text.splitlines():
            keyword, words = _split(line)
            if keyword == "include" and self._is_for_all:
                for included in _included(words):
                    self.read(included, depth + 1)
                self._block, self._is_for_all = [], True
            else:
                self._take(keyword, words)

    def _take(self, keyword: str, words: list[str]) -> None:
        if keyword == "host":
            self._block = [word for word in words if not set(word) & set("*?!")]
            self._is_for_all = words == ["*"]
            for alias in self._block:
                self.hosts.setdefault(alias, SshHost(alias))
        elif keyword == "match":
            self._block = []
            self._is_for_all = [word.lower() for word in words] == ["all"]
        elif keyword in {"hostname", "user", "proxyjump"} and words:
            field = "jump" if keyword == "proxyjump" else keyword
            for alias in self._block:
                if not getattr(self.hosts[alias], field):
                    self.hosts[alias] = replace(self.hosts[alias], **{field: words[0]})


def _split(line: str) -> tuple[str, list[str]]:
    """Return a line's keyword in lower case and its words; quotes and a tail comment removed."""
    lexer = shlex.shlex(line.strip(), posix=True, punctuation_chars="")
    lexer.whitespace_split = True
    lexer.escape = ""
    try:
        words = list(lexer)
    except ValueError:
        words = line.split("#")[0].split()
    if not words:
        return "", []
    keyword, equals, rest = words[0].partition("=")
    words[:1] = [rest] if rest else []
    if not equals and words and words[0].startswith("="):
        words[:1] = [words[0][1:]] if words[0][1:] else []
    return keyword.lower(), words


def _included(patterns: list[str]) -> Iterator[Path]:
    folder = user_config().parent
    for pattern in patterns:
        for name in sorted(glob.glob(os.path.join(folder, os.path.expanduser(pattern)))):
            yield Path(name)
