"""A demo host's answers to the program by which sessions move (`handoff/script.py`).

What a POSIX host does with `sh` is done here by hand with the files that the demo keeps in memory;
nothing of it touches the real disk.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
import shlex
from typing import TYPE_CHECKING

from fleet_tui.demo import virtual_files
from fleet_tui.dispatch import tombstone
from fleet_tui.handoff import script

if TYPE_CHECKING:
    from fleet_tui.demo.host import Personality
    from fleet_tui.demo.inbox import Inbox
    from fleet_tui.demo.kept_files import KeptFiles
    from fleet_tui.demo.streams import Streams

_ENCODED = re.compile(r"""exec /bin/sh -c 'eval "\$\(printf %b "(.*)"\)"'""", re.DOTALL)
_OCTAL = re.compile(r"\\0([0-7]{3})")
_BEHIND = 2
"""Words of a line from the program to its own first word: itself, and what it is called."""


class _Failed(Exception):
    """A step that cannot be done; its words and its status."""

    def __init__(self, why: str, status: int = 1) -> None:
        super().__init__(why)
        self.status = status


async def serve(
    host: Personality, kept: KeptFiles, line: str, inbox: Inbox, streams: Streams
) -> int | None:
    """Answer `line` when it is a step of a hand-off; None when it is none."""
    words = _words(line)
    if tombstone.SCRIPT in words:
        session = words[words.index(tombstone.SCRIPT) + _BEHIND]
        stone = kept.files.get(f"{kept.state}/moved/{session}.json")
        await streams.write(stone.data if stone else b"")
        return 0 if stone else 1
    if script.PROGRAM not in words:
        return None
    act, *args = words[words.index(script.PROGRAM) + _BEHIND :]
    moves = _Moves(host, kept)
    try:
        takes = act in ("stage", "aside", "document")
        told = moves.do(act, args, await inbox.read() if takes else b"")
    except _Failed as failed:
        await streams.write_error(f"{failed}\n".encode())
        return failed.status
    await streams.write("".join(f"{one}\n" for one in (script.MARK, *told)).encode())
    return 0


def _words(line: str) -> list[str]:
    """Return the words of a line that `posix_line` made; none for other lines."""
    found = _ENCODED.fullmatch(line)
    if found is not None:
        line = _OCTAL.sub(lambda match: chr(int(match[1], 8)), found[1])
    if script.MARK not in line and "/moved/" not in line:
        return []
    try:
        return shlex.split(line)
    except ValueError:
        return []


class _Moves:
    """The steps, as the program's comments name them."""

    def __init__(self, host: Personality, kept: KeptFiles) -> None:
        self._host = host
        self._kept = kept
        self._files = kept.files

    def do(self, act: str, args: list[str], data: bytes) -> list[str]:
        """Do one step; returns the lines that it prints. Raises _Failed."""
        match act, args:
            case "look", paths:
                return [self._look(path) for path in paths]
            case "folder", [folder]:
                return self._folder(folder)
            case "stage", [path]:
                self._kept.put(path, data)
                return [self._look(path)]
            case "aside", [path, aside, session]:
                self._kept.put(self._stone(session), data)
                self._rename(path, aside)
                return [self._look(aside)]
            case "publish", [staged, path, session, digest]:
                return self._publish(staged, path, session, digest)
            case "withdraw", [path, kept, digest]:
                if self._look(path) != digest:
                    raise _Failed("it went on there since", 3)
                self._rename(path, kept)
                return []
            case "restore", [path, aside, session]:
                self._rename(aside, path)
                if path not in self._files:
                    raise _Failed(f"neither {path} nor {aside} is there")
                self._files.pop(self._stone(session), None)
                return []
            case "document", [folder, name, older]:
                self._rename(posixpath.join(folder, name), posixpath.join(folder, older))
                self._kept.put(posixpath.join(folder, name), data)
                return []
            case "remove", [path]:
                self._files.pop(path, None)
                return []
            case "tree", [folder, _most]:
                return [f"{self._look(path)} ./{rest}" for path, rest in self._below(folder)]
            case "move", [folder, to]:
                for path, rest in self._below(folder):
                    self._rename(path, f"{to}/{rest}")
                return []
            case "forget", [folder]:
                for path, _ in self._below(folder):
                    del self._files[path]
                return []
        raise _Failed(f"what is {act}?", 2)

    def _publish(self, staged: str, path: str, session: str, digest: str) -> list[str]:
        if staged in self._files:
            if self._look(staged) != digest:
                raise _Failed("the copy is not what was sent")
            self._rename(staged, path)
        if self._look(path) != digest:
            raise _Failed(f"{path} did not arrive")
        self._files.pop(self._stone(session), None)
        return []

    def _folder(self, folder: str) -> list[str]:
        home = self._host.home.replace("\\", "/")
        path = home + folder[1:] if folder[:1] == "~" else posixpath.join(home, folder)
        there = path in virtual_files.folders(self._host) or path == self._host.workdir
        return ["there" if there else "missing", path]

    def _below(self, folder: str) -> list[tuple[str, str]]:
        prefix = folder + "/"
        return [(path, path[len(prefix) :]) for path in self._files if path.startswith(prefix)]

    def _rename(self, path: str, to: str) -> None:
        if path not in self._files:
            return
        if to in self._files:
            raise _Failed(f"{to} is there already")
        self._files[to] = self._files.pop(path)

    def _look(self, path: str) -> str:
        found = self._files.get(path)
        return "-" if found is None else hashlib.sha256(found.data).hexdigest()

    def _stone(self, session: str) -> str:
        return f"{self._kept.state}/moved/{session}.json"
