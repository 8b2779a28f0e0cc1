"""A small trial of each backend; `python -m tests.faults queue` plays the large one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.queue_rounds import play

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]


@pytest.mark.parametrize(
    ("backend", "shells", "restarts"), [("directory", 2, 0), ("sftp", 0, 1), ("nats", 0, 1)]
)
async def test_every_task_ends_once(
    backend: str, shells: int, restarts: int, tmp_path: Path
) -> None:
    account = await play(
        tmp_path, backend, tasks=60, workers=3, shell_workers=shells, restarts=restarts, lease=2.0
    )
    assert account.holds, str(account)
    assert account.enqueued == 60
    assert account.kills
    assert account.restarts == restarts
