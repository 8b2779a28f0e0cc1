"""From fleet.toml to a store."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

import pytest

from fleet_tui.model.config import FleetConfig
from fleet_tui.model.host import Host
from fleet_tui.model.task import QueueError
from fleet_tui.queue.open import has_queue, store_for
from tests.queue.folders import OwnClock
from tests.support.fakes import ScriptedPool

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_tui.queue.store import TaskStore

HOSTS = (Host("nas1"), Host("pc", connection="local"))


def opened(tmp_path: Path, **section: Any) -> TaskStore:
    config = FleetConfig(
        hosts=HOSTS, path=tmp_path / "fleet.toml", sections={"queue": section} if section else {}
    )
    assert has_queue(config) == bool(section)
    return store_for(config, ScriptedPool(HOSTS, {}), OwnClock())


def test_a_folder_here_or_there(tmp_path: Path) -> None:
    assert opened(tmp_path, path="queue").place == str(tmp_path / "queue")
    assert opened(tmp_path, path="/q", host="pc", backend="sftp").place == "/q"
    assert opened(tmp_path, path="~/q", host="nas1").place == "nas1:~/q"
    rules = opened(tmp_path, path="q", lease=30.0, foreign_lease=90.0, max_attempts=2).rules
    assert (rules.lease, rules.foreign_lease, rules.max_attempts) == (30.0, 90.0, 2)
    assert rules.beat_every == 7.5


def test_a_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert opened(tmp_path, backend="nats", url="nats://hub:4222").place == "nats://hub:4222"
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(QueueError, match=r"needs the nats extra.*pip install 'fleet-tui\[nats\]'"):
        opened(tmp_path, backend="nats")


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(QueueError, match=r"there is no \[queue\].*add one"):
        opened(tmp_path)
    with pytest.raises(QueueError, match="has no path"):
        opened(tmp_path, backend="directory")
