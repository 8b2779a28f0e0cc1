"""The folder on a local disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.queue.contract import StoreContract
from tests.queue.folders import opened

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from fleet_tui.queue.store import TaskStore


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[TaskStore]:
    store = await opened(tmp_path / "queue")
    yield store
    await store.close()


class TestDirectory(StoreContract):
    """Every promise, on a local disk."""
