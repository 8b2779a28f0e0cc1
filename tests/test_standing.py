"""Which host this is, who leads, and what is remembered of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fleet_tui.model.config import FleetConfig
from fleet_tui.model.errors import Refused
from fleet_tui.model.host import Host
from fleet_tui.model.roles_view import RoleRecord
from fleet_tui.standing import HOST_VARIABLE, MEMORY, Standing, highest_epoch

if TYPE_CHECKING:
    from pathlib import Path

PRIMARY = Host("cc-pc", connection="local", roles=frozenset({"primary"}))
SECOND = Host("hs-pc", roles=frozenset({"secondary", "worker"}))
NOW = 1_800_000_000.0


def record(primary: str, epoch: int) -> RoleRecord:
    return RoleRecord(primary, epoch, "2026-11-21T12:00:00+00:00", "op")


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv(HOST_VARIABLE, raising=False)
    place = tmp_path / "state" / "fleet-tui"
    place.mkdir(parents=True)
    return place


def standing(folder: Path, *hosts: Host) -> Standing:
    return Standing(FleetConfig(hosts=hosts), folder / "data")


def test_a_fleet_that_names_no_primary_is_led_from_anywhere(tmp_path: Path) -> None:
    assert standing(tmp_path, Host("web01")).verdict(NOW) == "leads"
    assert standing(tmp_path).verdict(NOW) == "leads"


def test_the_machine_that_fleet_toml_calls_primary_leads(tmp_path: Path) -> None:
    found = standing(tmp_path, PRIMARY, SECOND)
    assert (found.verdict(NOW), found.role, found.epoch) == ("leads", "primary", 1)


def test_any_other_machine_may_look(tmp_path: Path) -> None:
    here = Host("hs-pc", connection="local", roles=frozenset({"secondary"}))
    found = standing(tmp_path, Host("cc-pc", roles=frozenset({"primary"})), here)
    assert (found.verdict(NOW), found.role) == ("not-primary", "secondary")
    with pytest.raises(
        Refused, match=r"cc-pc leads .* \(work from cc-pc, or `fleet-tui promote hs-pc"
    ):
        found.require_leading(NOW)


def test_who_was_promoted_counts_more_than_fleet_toml(tmp_path: Path) -> None:
    found = standing(tmp_path, PRIMARY, SECOND)
    assert found.learn(record("hs-pc", 2), NOW)
    assert (found.primary, found.epoch, found.role) == ("hs-pc", 2, "secondary")
    assert standing(tmp_path, PRIMARY, SECOND).verdict(NOW) == "not-primary"
    assert not found.learn(record("cc-pc", 1), NOW)
    assert found.primary == "hs-pc"


def test_a_variable_names_the_machine_where_the_file_is_shared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(HOST_VARIABLE, "hs-pc")
    assert standing(tmp_path, PRIMARY, SECOND).role == "secondary"


def test_what_the_hosts_were_told_is_heeded_and_never_forgotten(
    tmp_path: Path, state: Path
) -> None:
    found = standing(tmp_path, PRIMARY, SECOND)
    (state / "epoch").write_text("2\nnonsense\n5\n3\n")
    assert highest_epoch(state) == 5
    assert found.verdict(NOW) == "behind"
    (state / "epoch").unlink()
    assert found.verdict(NOW) == "leads"
    assert found.heard_of(9)
    assert standing(tmp_path, PRIMARY, SECOND).verdict(NOW) == "behind"
    found.learn(record("cc-pc", 9), NOW)
    assert found.verdict(NOW) == "leads"


def test_a_promotion_under_way_holds_it_for_a_while(tmp_path: Path, state: Path) -> None:
    found = standing(tmp_path, PRIMARY, SECOND)
    (state / "hold").write_text(f"p-1 {NOW + 60:.0f}\n")
    assert found.why_observer(NOW) == "promotion p-1 is under way: nothing new is begun here"
    assert found.verdict(NOW + 61) == "leads"


def test_a_memory_that_cannot_be_read_lets_nothing_begin_until_the_remote_spoke(
    tmp_path: Path,
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / MEMORY).write_text("primary = ")
    found = standing(tmp_path, PRIMARY, SECOND)
    assert found.verdict(NOW) == "not-primary"
    assert "who leads the fleet cannot be read" in found.why_observer(NOW)
    found.learn(record("cc-pc", 4), NOW)
    assert found.verdict(NOW) == "leads"
    assert (tmp_path / "data" / f"{MEMORY}.broken").read_text() == "primary = "
