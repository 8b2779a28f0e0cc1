from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fleet_tui.demo import DemoFleet
from tests.demo.fleet_file import LIKE

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def demo() -> Iterator[DemoFleet]:
    """A demo without delays."""
    with DemoFleet.start(speed=0, like=LIKE) as fleet:
        fleet.wait_ready()
        yield fleet


@pytest.fixture(scope="session")
def lively() -> Iterator[DemoFleet]:
    """A demo at human speed, for what must be caught in the middle."""
    with DemoFleet.start(speed=1, like=LIKE) as fleet:
        fleet.wait_ready()
        yield fleet
