"""A few rounds of each kind of loss; `python -m tests.faults` plays as many as you like."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.faults.kinds import CLIENT, FAULTS, own_network
from tests.faults.rounds import play
from tests.support.durable_site import site_at

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.faults, pytest.mark.timeout(300)]


@pytest.mark.parametrize("kind", [*FAULTS, CLIENT])
async def test_no_byte_is_lost_or_doubled(tmp_path: Path, kind: str) -> None:
    async with site_at(tmp_path, keepalive=0.5) as site:
        result = await play(site, kind, seed=len(kind))
    assert result.differences == ()
    assert result.compared > 0


def test_nor_when_the_interface_goes_down() -> None:
    command = [sys.executable, "-m", "tests.faults", "--rounds", "0", "--outages", "0.3,4"]
    if own_network(["true"]) is None:
        pytest.skip("no network namespace of our own is allowed here")
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "differences" in done.stdout
