"""What runs by itself in the demo is a sound part of its fleet, on hosts that are well."""

from __future__ import annotations

from datetime import datetime, timedelta

from fleet_tui.demo import daemon_stage
from fleet_tui.health.daemons_settings import duties_of
from fleet_tui.health.daemons_times import Daily, Every
from fleet_tui.model.config import FleetConfig
from tests.demo.test_queue_stage import HOSTS

NOW = datetime(2026, 11, 21, 23, 58, 30)


def test_a_daemon_and_a_schedule_on_hosts_that_are_well() -> None:
    config = FleetConfig(sections=daemon_stage.sections(HOSTS, NOW))
    scout, report = duties_of(config)
    assert (scout.kind, scout.name, scout.rhythm) == ("daemon", "disk-scout", Every(60.0))
    soon = NOW + timedelta(minutes=2)
    assert (report.kind, report.rhythm) == ("schedule", Daily(soon.hour, soon.minute))
    well = {"pc", "web01"}
    assert {scout.target, *report.target.split(",")} <= well
    assert not scout.must_be_confirmed
    assert not report.must_be_confirmed


def test_a_fleet_without_such_hosts_has_none() -> None:
    ailing = [host for host in HOSTS if host.name not in ("pc", "web01")]
    assert daemon_stage.sections(ailing, NOW) == {}
