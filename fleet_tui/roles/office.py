"""Going on with the log of the primary before: its copy here becomes ours, and a line says so."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from fleet_tui.journal.disk import sync_file, sync_folder
from fleet_tui.journal.faults import journal_error
from fleet_tui.journal.filelock import FileLock
from fleet_tui.journal.format import GENESIS, line_hash
from fleet_tui.journal.head import Head, write_head
from fleet_tui.journal.rotation import rotated_files
from fleet_tui.journal.tail import Tip, find_tip
from fleet_tui.journal.verify import verify
from fleet_tui.roles.shipping import opened

if TYPE_CHECKING:
    from pathlib import Path

Relation = Literal["none", "broken", "ours-is-newer", "copy-is-newer", "diverged"]


@dataclass(frozen=True, slots=True)
class Continued:
    """Which log is gone on with."""

    relation: Relation
    """Of the copy to what was our log."""
    tip: Tip
    """The last line before ours: its hash and its number."""
    aside: tuple[str, ...] = ()
    """Files that hold what was our own log and is not part of it."""
    why: str = ""


def compare(log: Path, copy: Path) -> tuple[Relation, str]:
    """Say how the copy at `copy` stands to the log at `log`; the text says what is broken."""
    if not rotated_files(copy):
        return "none", ""
    checked = verify(copy)
    if not checked.ok:
        return "broken", checked.reason
    ours, theirs = find_tip(log), find_tip(copy)
    if ours.hash == GENESIS or _holds(copy, ours.hash):
        return ("ours-is-newer" if ours == theirs else "copy-is-newer"), ""
    return ("ours-is-newer" if _holds(log, theirs.hash) else "diverged"), ""


def go_on(log: Path, copy: Path, head: Path, stamp: str) -> Continued:
    """Make the copy our log, where it is newer or another one; raises JournalError.

    What our log held beside is kept in files whose names end in `stamp`. May be cut off anywhere
    and done again.
    """
    relation, why = compare(log, copy)
    if relation in ("none", "broken", "ours-is-newer"):
        return Continued(relation, find_tip(log), why=why)
    lock = FileLock(log.with_name(log.name + ".lock"))
    try:
        log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with lock.held():
            aside = _set_aside(log, stamp) if relation == "diverged" else ()
            _install(log, copy)
            tip = find_tip(log)
            write_head(head, Head(tip.sequence, tip.hash))
        return Continued(relation, tip, aside)
    except OSError as error:
        raise journal_error(error, log, "go on with the log of the primary before") from error
    finally:
        lock.close()


def _holds(log: Path, wanted: str) -> bool:
    with opened(log) as files:
        for _, stream in files.values():
            stream.seek(0)
            if any(line_hash(line.rstrip(b"\n")) == wanted for line in stream):
                return True
    return False


def _set_aside(log: Path, stamp: str) -> tuple[str, ...]:
    kept = []
    for file in (*rotated_files(log), log):
        if file.exists():
            place = file.with_name(f"{file.name}.of-{stamp}")
            os.rename(file, place)
            kept.append(place.name)
    return tuple(kept)


def _install(log: Path, copy: Path) -> None:
    files = rotated_files(copy)
    for file in files:
        place = log.with_name(
            log.name if file == files[-1] else file.name.replace(copy.name, log.name)
        )
        new = log.with_name(f".{place.name}.new")
        shutil.copyfile(file, new)
        os.chmod(new, 0o600)
        with open(new, "r+b") as stream:
            data_end = _end_of_lines(stream.name)
            stream.truncate(data_end)
            sync_file(stream.fileno())
        os.replace(new, place)
    sync_folder(log.parent)


def _end_of_lines(name: str) -> int:
    with open(name, "rb") as stream:
        position = stream.seek(0, os.SEEK_END)
        while position:
            step = min(1 << 16, position)
            stream.seek(position - step)
            found = stream.read(step).rfind(b"\n")
            if found >= 0:
                return position - step + found + 1
            position -= step
    return 0
