"""The doctor on queues that lack something: each fault has its finding, and a good one has none."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING
from unittest.mock import patch

import pytest

from fleet_tui.clock import SystemClock
from fleet_tui.fleet import Fleet
from fleet_tui.health.check_queue import QueueCondition, check_queue
from fleet_tui.health.doctor import worst_exit
from fleet_tui.health.doctor_findings import FLEET, Finding
from fleet_tui.model.errors import Unreachable
from fleet_tui.queue import directory_mounts
from fleet_tui.queue.directory import directory_store
from fleet_tui.queue.nats_store import NatsStore
from fleet_tui.queue.store import Rules
from tests.support.nats import NatsServer
from tests.support.sshd import SshServer
from tests.support.stage import fleet_file, staged
from tests.transport.helpers import fleet_of

if TYPE_CHECKING:
    from pathlib import Path


async def findings(folder: Path, **queue: object) -> list[Finding]:
    """Let the doctor of a fleet with this `[queue]` look at no host at all."""
    config = replace(
        fleet_file(folder, ["box"]),
        sections=MappingProxyType({"queue": MappingProxyType(queue)}),
    )
    async with staged(config, {}) as stage:
        reports = await stage.fleet.doctor([])
    found = [one for report in reports if report.host == FLEET for one in report.findings]
    assert worst_exit(reports) == int(any(one.severity == "error" for one in found))
    return found


async def made(folder: Path) -> None:
    """Make a queue there, as a worker does."""
    store = directory_store(folder, Rules(), SystemClock())
    await store.open()
    await store.close()


async def test_a_good_folder_has_no_finding(tmp_path: Path) -> None:
    await made(tmp_path / "queue")
    assert await findings(tmp_path, path=str(tmp_path / "queue")) == []


async def test_a_queue_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    (found,) = await findings(tmp_path, path=str(tmp_path / "queue"))
    assert (found.id, found.severity) == ("queue-missing", "warning")
    assert found.what == f"there is no queue there yet: {tmp_path}/queue"
    assert "`fleet-tui queue add` or a worker makes it" in found.mend
    assert not (tmp_path / "queue").exists()


async def test_a_mount_without_hard_links(tmp_path: Path) -> None:
    await made(tmp_path / "queue")
    table = tmp_path / "mountinfo"
    table.write_text(
        "21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
        f"36 21 8:17 / {tmp_path} rw,relatime shared:2 - vfat /dev/sdb1 rw,fmask=0022\n"
        f"37 21 8:33 / {tmp_path}/queues rw,relatime - ext4 /dev/sdc1 rw\n"
    )
    with patch.object(directory_mounts, "MOUNTS", table):
        (found,) = await findings(tmp_path, path=str(tmp_path / "queue"))
    assert (found.id, found.severity) == ("queue-unusable", "error")
    assert "no usable hard links: it is vfat" in found.what
    assert str(tmp_path / "queue") in found.what
    assert "ext4" in found.mend


async def test_a_nats_server_that_is_old_or_away(tmp_path: Path) -> None:
    server = NatsServer(tmp_path)
    with server:
        store = NatsStore(server.url, Rules(), SystemClock())
        await store.open()
        await store.close()
        (found,) = await findings(tmp_path, backend="nats", url=server.url)
    assert (found.id, found.severity) == ("queue-weak", "warning")
    assert "before it writes to disk" in found.what
    assert "2.11" in found.mend
    with patch("fleet_tui.queue.nats_link.CONNECT_SECONDS", 1.0):
        (found,) = await findings(tmp_path, backend="nats", url=server.url)
    assert (found.id, found.severity) == ("queue-unusable", "error")
    assert "nats-server -js" in found.mend


@pytest.mark.parametrize(
    ("denied", "kind", "lacks"),
    [
        ("", "", ""),
        ("hardlink", "queue-unusable", "hardlink@openssh.com"),
        ("posix-rename", "queue-unusable", "posix-rename@openssh.com"),
        ("fsync", "queue-weak", "fsync@openssh.com"),
    ],
)
async def test_an_sftp_server_that_lacks_an_extension(
    denied: str, kind: str, lacks: str, tmp_path: Path
) -> None:
    subsystem = "sftp internal-sftp" + (f" -P {denied}" if denied else "")
    with SshServer(tmp_path, options={"Subsystem": subsystem}) as server:
        config = replace(
            fleet_of(server),
            log=tmp_path / "fleet.log",
            data_dir=tmp_path / "data",
            sections={"queue": {"backend": "sftp", "host": "web", "path": str(tmp_path / "q")}},
        )
        await made(tmp_path / "q")
        fleet = Fleet(config)
        await fleet.open()
        try:
            reports = await fleet.doctor([])
        finally:
            await fleet.close()
    found = [one for report in reports if report.host == FLEET for one in report.findings]
    assert [one.id for one in found] == ([kind] if kind else [])
    for one in found:
        assert lacks in one.what
        assert "internal-sftp" in one.mend


@pytest.mark.parametrize("backend", ["sftp", "directory", "nats"])
def test_each_finding_has_its_mend(backend: str) -> None:
    weak = QueueCondition(backend, weaknesses=("nas1 cannot write to disk on request",))
    away = QueueCondition(backend, Unreachable("no route", host="nas1", fault="refused"))
    for condition, kind in ((weak, "queue-weak"), (away, "queue-away")):
        (found,) = check_queue(condition)
        assert isinstance(found, Finding)
        assert found.id == kind
        assert found.mend
        assert found.why
    assert list(check_queue(None)) == []
