"""Conflict copies are known by their names, and ordinary files are not taken for them."""

from __future__ import annotations

import pytest

from fleet_tui.roles.patterns.conflicts import ConflictCopy, conflict_copies

MACHINES = ("cc-pc", "hs-pc")


@pytest.mark.parametrize(
    ("copy", "original", "sync"),
    [
        ("memory/notes.sync-conflict-20260521-142201-ABCDEF7.md", "memory/notes.md", "Syncthing"),
        ("Makefile.sync-conflict-20260521-142201-ABCDEF7", "Makefile", "Syncthing"),
        ("CLAUDE (Anna's conflicted copy 2026-05-21).md", "CLAUDE.md", "Dropbox"),
        ("CLAUDE (cc-pc's conflicted copy 2026-05-21 (1)).md", "CLAUDE.md", "Dropbox"),
        ("CLAUDE (Case Conflict).md", "CLAUDE.md", "Dropbox"),
        ("CLAUDE-CC-PC.md", "CLAUDE.md", "OneDrive"),
        ("CLAUDE-CC-PC-2.md", "CLAUDE.md", "OneDrive"),
        ("CLAUDE-DESKTOP-A1B2C3D.md", "CLAUDE.md", "OneDrive"),
        ("skills/deploy 2.md", "skills/deploy.md", "iCloud"),
    ],
)
def test_a_copy_is_known(copy: str, original: str, sync: str) -> None:
    found = conflict_copies([copy, original, "other.md"], MACHINES)
    assert found == (ConflictCopy(copy, original, sync),)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "paths",
    [
        ("skills/deploy 2.md",),
        ("CLAUDE-CC-PC.md",),
        ("notes-draft.md", "notes.md"),
        ("plan 2026.md", "plan.md"),
        ("plan 1.md", "plan.md"),
        ("sync-conflict-notes.md",),
        ("a (copy).md", "a.md"),
        ("skills/deploy 2.md", "memory/deploy.md"),
        ("-cc-pc.md", ".md"),
    ],
)
def test_an_ordinary_name_is_none(paths: tuple[str, ...]) -> None:
    assert conflict_copies(paths, MACHINES) == ()
