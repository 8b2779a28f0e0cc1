"""The doctor on queues that lack something: each fault has its finding, and a good one has none."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import pytest

from fleet_tui.fleet import Fleet
from fleet_tui.health.check_queue import QueueCondition, check_queue
from fleet_tui.health.doctor import worst_exit
from fleet_tui.health.doctor_findings import FLEET, Finding
from fleet_tui.model.errors import Unreachable
from fleet_tui.queue.directory_local import RealSystem
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


async def test_a_good_folder_has_no_finding(tmp_path: Path) -> None:
    assert await findings(tmp_path, path=str(tmp_path / "queue")) == []


async def test_a_mount_without_hard_links(tmp_path: Path) -> None:
    def no_links(*_arguments: Any) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    with patch.object(RealSystem, "link", no_links):
        (found,) = await findings(tmp_path, path=str(tmp_path / "queue"))
    assert (found.id, found.severity) == ("queue-unusable", "error")
    assert "no usable hard links" in found.what
    assert str(tmp_path / "queue") in found.what
    assert "ext4" in found.mend


async def test_a_nats_server_that_is_old_or_away(tmp_path: Path) -> None:
    server = NatsServer(tmp_path)
    with server:
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
