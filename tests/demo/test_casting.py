from __future__ import annotations

from fleet_tui.config import load, sample_path
from fleet_tui.demo.casting import Doors, cast, kind_of
from fleet_tui.model.host import Host
from tests.demo.fleet_file import LIKE

_DOORS = Doors("127.0.0.1", port=1, inner_port=2, closed_port=3, key="/k")


def test_every_part_is_played_by_another_host() -> None:
    result = cast(LIKE.hosts, None, _DOORS)
    moods = {spec.name: spec.mood for spec in result.specs if spec.mood != "well"}
    assert result.unreachable == "laptop"
    assert moods == {"nas01": "slow", "cloud-runner": "overloaded", "box": "denied"}
    assert result.odd == "web02"


def test_hosts_are_added_to_the_largest_family() -> None:
    result = cast(LIKE.hosts, 14, _DOORS)
    assert [host.name for host in result.hosts[10:]] == ["web04", "web05", "web06", "web07"]
    assert result.hosts[10].groups == ("web",)
    assert len(cast(LIKE.hosts, 3, _DOORS).hosts) == 10


def test_a_fleet_without_families_gets_one() -> None:
    result = cast((Host("alone"),), 4, _DOORS)
    assert [host.name for host in result.hosts] == ["alone", "web01", "web02", "web03"]
    assert result.unreachable is None


def test_inner_hosts_and_the_unreachable_one_have_their_own_ports() -> None:
    ports = {host.name: host.port for host in cast(LIKE.hosts, None, _DOORS).hosts}
    assert ports["desk"] == 1
    assert ports["web01"] == 2
    assert ports["laptop"] == 3


def test_a_jump_host_that_is_not_in_the_fleet_is_left_out() -> None:
    result = cast((Host("a", via="bastion.example"), Host("b")), None, _DOORS)
    assert result.hosts[0].via is None


def test_kinds_follow_from_what_the_owner_wrote() -> None:
    assert kind_of(Host("mac-mini")) == "darwin"
    assert kind_of(Host("x", shell="powershell")) == "windows"
    assert kind_of(Host("nas-attic")) == "nas"
    assert kind_of(Host("droplet")) == "linux"


def test_the_sample_fleet_shows_every_kind_of_ending() -> None:
    result = cast(load(sample_path()).hosts, None, _DOORS)
    moods = {spec.name: spec.mood for spec in result.specs if spec.mood != "well"}
    assert (result.unreachable, result.odd) == ("nas2", "web02")
    assert moods == {"nas1": "slow", "droplet": "overloaded", "hs-pc": "denied"}
    inner = {spec.name for spec in result.specs if spec.is_inner}
    assert inner == {"nas1", "nas2"}
    assert {host.agent for host in result.hosts} == {None, "codex"}
