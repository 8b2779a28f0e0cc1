"""This machine: the private keys it logs in with, and its ~/.ssh."""

from __future__ import annotations

import os
import shlex
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fleet_tui.health.doctor_findings import HERE, Finding, NotChecked
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fleet_tui.health.doctor_answers import ClientView, LocalKey
    from fleet_tui.health.doctor_findings import Result

_OTHERS = 0o077
_OTHERS_WRITE = 0o022


@dataclass(frozen=True, slots=True)
class LocalFolder:
    """A folder of this machine and its permission bits."""

    path: str
    mode: int


def own_folders() -> tuple[LocalFolder, ...]:
    """Return the home folder, ~/.ssh, and ~/.ssh/config, as far as they exist."""
    home = Path.home()
    found = []
    for path in (home, home / ".ssh", home / ".ssh" / "config"):
        try:
            found.append(LocalFolder(str(path), stat.S_IMODE(path.stat().st_mode)))
        except OSError:
            continue
    return tuple(found)


def check_here(
    views: Iterable[ClientView], folders: Iterable[LocalFolder], *, has_modes: bool = True
) -> Iterator[Result]:
    """Judge what logins are made with; without `has_modes` (Windows) no permission bits."""
    if has_modes:
        for folder in folders:
            if folder.mode & _OTHERS_WRITE:
                yield _writable(folder)
    else:
        yield NotChecked(HERE, "key-readable", "this system has no permission bits")
    keys = {key.path: key for view in views for key in view.keys}
    for key in keys.values():
        if has_modes and key.mode & _OTHERS:
            yield _readable(key)
        if key.is_encrypted is False and not key.is_hardware:
            yield _plain(key)


def has_permission_bits() -> bool:
    """Return whether this system keeps them."""
    return os.name == "posix"


def _writable(folder: LocalFolder) -> Finding:
    return Finding(
        HERE,
        "ssh-writable",
        "error",
        one_line(f"{folder.path} can be written by other users (mode {folder.mode:03o})", 400),
        "another user here can change where `ssh` goes and with what; ssh may refuse to read it",
        f"chmod go-w {shlex.quote(folder.path)}",
    )


def _readable(key: LocalKey) -> Finding:
    return Finding(
        HERE,
        "key-readable",
        "error",
        one_line(f"the private key {key.path} is open to other users (mode {key.mode:03o})", 400),
        "whoever reads it can log in wherever it opens; ssh itself refuses to use such a file",
        f"chmod 600 {shlex.quote(key.path)}",
    )


def _plain(key: LocalKey) -> Finding:
    path = shlex.quote(key.path)
    return Finding(
        HERE,
        "key-unencrypted",
        "note",
        one_line(f"the private key {key.path} has no passphrase", 400),
        "a copy of the file, from a backup or by a program that runs as you, opens every host it "
        "is for",
        f"ssh-keygen -p -f {path} && ssh-add {path}",
    )
