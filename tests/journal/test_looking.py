"""Opening the state folder to look: what stands there is shown, and nothing in it is changed."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from fleet_tui.journal import OwnerLock, RunStore, sign_in
from fleet_tui.journal.looking import copy_in_memory, open_to_look
from fleet_tui.journal.schema import MIGRATIONS
from fleet_tui.journal.signing_in import why_unwritable
from fleet_tui.model.errors import JournalError
from fleet_tui.model.run import Dispatch, Run

if TYPE_CHECKING:
    from pathlib import Path

DISPATCH = Dispatch("d-1", "all", "hello", "shell", "read", "operator", "me@desk", 1, 100.0)
RUN = Run("r-1", "d-1", "nas", "shell", "read", created_at=100.0)


def no_space(*_arguments: object) -> None:
    """Stand for a disk that is full."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk on which nothing more fits, as the calls that write to it would tell."""
    monkeypatch.setattr("fleet_tui.journal.signing_in.write_all", no_space)
    monkeypatch.setattr("fleet_tui.journal.owner.OwnerLock._hold", no_space)


def test_a_full_disk_is_looked_at(tmp_path: Path, full: None) -> None:
    store = RunStore(tmp_path)
    store.add_dispatch(DISPATCH, [RUN], "o-1")
    store.close()
    found = sign_in(tmp_path)
    assert found.why_not_kept == (
        f"the state folder {tmp_path} cannot be written (No space left on device)"
    )
    assert found.store.runs() == [RUN]
    with pytest.raises(JournalError, match="cannot update runs"):
        found.store.update_runs([RUN])
    assert found.owner.id.startswith("o-")
    found.owner.release()
    found.store.close()
    assert not [name for name in os.listdir(tmp_path) if not name.startswith("runs.sqlite3")]


def test_a_folder_that_can_be_written_is_signed_in_to(tmp_path: Path) -> None:
    found = sign_in(tmp_path / "state")
    assert found.why_not_kept == ""
    found.store.add_dispatch(DISPATCH, [RUN], found.owner.id)
    found.owner.release()
    found.store.close()
    assert why_unwritable(tmp_path / "state") == ""


def test_another_fault_than_the_disk_s_is_told_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    RunStore(tmp_path).close()
    with sqlite3.connect(tmp_path / "runs.sqlite3") as newer:
        newer.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    newer.close()
    with pytest.raises(JournalError, match="made by a newer fleet-tui"):
        sign_in(tmp_path)
    assert os.listdir(tmp_path / "owners") == []


def test_what_others_have_not_folded_in_is_seen(tmp_path: Path) -> None:
    writer = RunStore(tmp_path)
    writer.add_dispatch(DISPATCH, [RUN], "o-1")
    looker = RunStore(tmp_path, only_looks=True)
    assert looker.runs() == [RUN]
    writer.add_dispatch(replace(DISPATCH, id="d-2"), [], "o-1")
    assert {one.id for one in looker.recent_dispatches()} == {"d-1", "d-2"}
    looker.close()
    writer.close()


def test_what_a_crash_left_beside_the_file_is_seen_without_an_index(tmp_path: Path) -> None:
    writer = RunStore(tmp_path / "from")
    writer.add_dispatch(DISPATCH, [RUN], "o-1")
    (tmp_path / "crashed").mkdir()
    for ending in ("", "-wal"):
        name = f"runs.sqlite3{ending}"
        shutil.copy(tmp_path / "from" / name, tmp_path / "crashed" / name)
    writer.close()
    looker = RunStore(tmp_path / "crashed", only_looks=True)
    assert looker.runs() == [RUN]
    looker.close()


def test_an_older_store_is_shown_as_a_newer_one_would_be(tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite3"
    with sqlite3.connect(path) as old:
        for statement in MIGRATIONS[0]:
            old.execute(statement)
        old.execute("PRAGMA user_version = 1")
    old.close()
    before = path.read_bytes()
    looker = RunStore(tmp_path, only_looks=True)
    assert looker.runs() == []
    with pytest.raises(JournalError, match="cannot add a dispatch"):
        looker.add_dispatch(DISPATCH, [RUN], "o-1")
    looker.close()
    assert path.read_bytes() == before


def test_a_copy_may_be_changed_and_leaves_the_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "small.db"
    make = "CREATE TABLE IF NOT EXISTS words (word TEXT)"
    for stands in ("nothing", "a file"):
        copy = copy_in_memory(path, lambda db: db.execute(make))
        copy.execute("INSERT INTO words VALUES ('lost')")
        copy.close()
        if stands == "nothing":
            assert not path.exists()
            with sqlite3.connect(path) as kept:
                kept.execute(make)
                kept.execute("INSERT INTO words VALUES ('kept')")
            kept.close()
    looked = open_to_look(path, lambda _db: True, lambda _db: None)
    assert looked.execute("SELECT word FROM words").fetchall() == [("kept",)]
    looked.close()


def test_a_lock_that_could_not_be_written_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fleet_tui.journal.owner.json.dumps", no_space)
    with pytest.raises(JournalError, match="No space left on device"):
        OwnerLock.acquire(tmp_path)
    assert os.listdir(tmp_path / "owners") == []
