from __future__ import annotations

from dataclasses import dataclass

from fleet_tui.mailbox import Mailbox
from fleet_tui.model.host import Host, LinkStatus
from fleet_tui.model.notice import Notice
from fleet_tui.model.snapshot import HostView, PartView


def host(name: str, latency: float) -> HostView:
    return HostView(Host(name), LinkStatus(name, "up", 0.0, latency_seconds=latency))


def notice(identifier: str, count: int) -> Notice:
    return Notice(identifier, 0.0, "info", "x", "fleet", "text", count=count)


def test_of_each_thing_only_the_newest_picture_crosses() -> None:
    box = Mailbox()
    for latency in range(1000):
        box.put(hosts={"a": host("a", float(latency))})
    changes = box.drain()
    assert list(changes.hosts) == ["a"]
    assert changes.hosts["a"].link.latency_seconds == 999.0


def test_every_notice_crosses_and_a_repeat_replaces_its_earlier_count() -> None:
    box = Mailbox()
    box.put(notices=(notice("a", 1), notice("b", 1)))
    box.put(notices=(notice("a", 2),))
    assert [(n.id, n.count) for n in box.drain().notices] == [("a", 2), ("b", 1)]


def test_a_drain_empties_the_box() -> None:
    box = Mailbox()
    box.put(hosts={"a": host("a", 1.0)}, notices=(notice("a", 1),))
    assert not box.drain().is_empty
    assert box.drain().is_empty


@dataclass(frozen=True, slots=True)
class Kettle(PartView):
    litres: float


def test_of_each_part_only_the_newest_picture_crosses() -> None:
    box = Mailbox()
    box.put(parts=(Kettle(1.0),))
    box.put(parts=(Kettle(2.0),))
    assert box.drain().parts == {Kettle: Kettle(2.0)}
    assert box.drain().is_empty
