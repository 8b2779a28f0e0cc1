from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fleet_tui.demo.managed_api import ManagedApi
from tests.managed.cloud_fleet import KEY_VARIABLE, cloud_fleet, config_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from tests.managed.cloud_fleet import CloudFleet


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[ManagedApi]:
    """The service, and its key where the program looks for it."""
    with ManagedApi() as running:
        monkeypatch.setenv(KEY_VARIABLE, running.key)
        yield running


@pytest.fixture
async def fleet(api: ManagedApi, tmp_path: Path) -> AsyncIterator[CloudFleet]:
    """A fleet that may have three sessions at once."""
    async with cloud_fleet(config_for(tmp_path, api), api) as opened:
        yield opened
