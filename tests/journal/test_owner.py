from __future__ import annotations

import json
import multiprocessing
import os
import signal
from typing import TYPE_CHECKING

import pytest

from fleet_tui.journal import OwnerLock, is_alive, remove_stale_owners
from fleet_tui.model.errors import JournalError
from tests.journal.support import mode
from tests.journal.writers import hold_owner

if TYPE_CHECKING:
    from pathlib import Path

SPAWN = multiprocessing.get_context("spawn")


def test_an_owner_is_alive_until_it_lets_go(tmp_path: Path) -> None:
    owner = OwnerLock.acquire(tmp_path)
    path = tmp_path / "owners" / f"{owner.id}.lock"
    assert [is_alive(tmp_path, owner.id), is_alive(tmp_path, owner.id)] == [True, True]
    assert json.loads(path.read_text())["pid"] == os.getpid()
    assert mode(path) == 0o600
    owner.release()
    owner.release()
    assert not is_alive(tmp_path, owner.id)
    assert not path.exists()


def test_an_unknown_owner_is_gone(tmp_path: Path) -> None:
    assert not is_alive(tmp_path, "o-never")


def test_a_killed_program_is_gone_and_its_lock_is_swept(tmp_path: Path) -> None:
    told, tell = SPAWN.Pipe(duplex=False)
    program = SPAWN.Process(target=hold_owner, args=(str(tmp_path), tell))
    program.start()
    identifier = told.recv()
    mine = OwnerLock.acquire(tmp_path)
    was_alive = is_alive(tmp_path, identifier)
    assert remove_stale_owners(tmp_path) == 0

    os.kill(program.pid or 0, signal.SIGKILL)
    program.join()
    assert [was_alive, is_alive(tmp_path, identifier)] == [True, False]
    assert remove_stale_owners(tmp_path) == 1
    assert is_alive(tmp_path, mine.id)
    mine.release()


def test_signing_in_sweeps_what_others_left(tmp_path: Path) -> None:
    (tmp_path / "owners").mkdir()
    (tmp_path / "owners" / "o-old.lock").write_text("{}")
    owner = OwnerLock.acquire(tmp_path)
    assert [path.stem for path in (tmp_path / "owners").iterdir()] == [owner.id]
    owner.release()


def test_a_folder_that_cannot_be_made_is_an_error_with_a_mend(tmp_path: Path) -> None:
    (tmp_path / "owners").write_text("in the way")
    with pytest.raises(JournalError) as caught:
        OwnerLock.acquire(tmp_path)
    assert caught.value.mend
