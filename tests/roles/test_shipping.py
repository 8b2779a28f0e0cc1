from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from fleet_tui.clock import SystemClock
from fleet_tui.journal import Appender, LogEntry, verify
from fleet_tui.journal.tail import find_tip
from fleet_tui.roles.office import go_on
from fleet_tui.roles.shipping import LogShipper, Outranked
from tests.roles.site import HomePool, Site

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

MANY = 40


def write(log: Path, *texts: str, max_bytes: int = 1 << 20) -> None:
    appender = Appender(log, clock=SystemClock(), max_bytes=max_bytes)
    for text in texts:
        appender.append([LogEntry("notice", {"text": text})], durable=True)
    appender.close()


def contents(log: Path) -> bytes:
    files = sorted(log.parent.glob(f"{log.name}.[0-9]*"), key=lambda p: int(p.suffix[1:]))
    return b"".join(p.read_bytes() for p in (*files, log) if p.exists())


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


@pytest.fixture
async def pool(site: Site) -> AsyncIterator[HomePool]:
    pool = site.pool()
    yield pool
    await pool.close()


@pytest.fixture
def log(site: Site) -> Path:
    return site.homes["cc-pc"] / "fleet.log"


@pytest.fixture
def shipper(site: Site, pool: HomePool, log: Path) -> LogShipper:
    return LogShipper(site.mirrors(pool), log, "my fleet")


@pytest.fixture
def copy(site: Site) -> Path:
    """Where the shipped copy of hs-pc is."""
    return site.homes["hs-pc"] / ".local/state/fleet-tui/log/my-fleet/fleet.log"


async def test_a_log_is_shipped_as_it_grows_over_many_files(
    log: Path, shipper: LogShipper, copy: Path
) -> None:
    write(log, *(f"line {n}" for n in range(MANY)), max_bytes=1000)
    first = await shipper.ship("hs-pc", epoch=1, stamp="1")
    assert first.sent == first.total == len(contents(log))
    write(log, *(f"more {n}" for n in range(MANY)), max_bytes=1000)
    again = await shipper.ship("hs-pc", epoch=1, stamp="1")
    assert 0 < again.sent < again.total
    assert contents(copy) == contents(log)
    checked = verify(copy)
    assert (checked.ok, checked.lines) == (True, 2 * MANY)
    assert (await shipper.ship("hs-pc", epoch=1, stamp="1")).sent == 0


async def test_a_shipment_that_was_cut_in_a_line_is_gone_on_with(
    log: Path, shipper: LogShipper, copy: Path
) -> None:
    write(log, "one", "two")
    await shipper.ship("hs-pc", epoch=1, stamp="1")
    whole = copy.with_name("fleet.log.1")
    whole.write_bytes(whole.read_bytes()[:-30])
    await shipper.ship("hs-pc", epoch=1, stamp="1")
    assert contents(copy) == contents(log)


async def test_a_copy_of_another_history_is_set_aside_not_mixed(
    log: Path, shipper: LogShipper, copy: Path, tmp_path: Path
) -> None:
    write(log, "ours")
    write(tmp_path / "fleet.log", "theirs", "and more")
    copy.parent.mkdir(parents=True)
    copy.with_name("fleet.log.1").write_bytes((tmp_path / "fleet.log").read_bytes())
    await shipper.ship("hs-pc", epoch=1, stamp="77")
    assert contents(copy) == contents(log)
    aside = copy.parent.with_name("my-fleet.aside-77") / "fleet.log.1"
    assert aside.read_bytes() == (tmp_path / "fleet.log").read_bytes()


async def test_who_has_been_replaced_ships_no_more(
    log: Path, shipper: LogShipper, site: Site, pool: HomePool, copy: Path
) -> None:
    write(log, "one")
    await shipper.ship("hs-pc", epoch=1, stamp="1")
    before = contents(copy)
    await site.mirrors(pool).call("hs-pc", "fence", "2")
    write(log, "two")
    with pytest.raises(Outranked, match="has seen epoch 2"):
        await shipper.ship("hs-pc", epoch=1, stamp="1")
    assert contents(copy) == before


async def test_the_rest_can_be_fetched_from_the_live_log(
    log: Path, shipper: LogShipper, copy: Path
) -> None:
    write(log, *(f"line {n}" for n in range(10)), max_bytes=600)
    await shipper.ship("hs-pc", epoch=1, stamp="1")
    write(log, *(f"unshipped {n}" for n in range(10)), max_bytes=600)
    assert await shipper.fetch("cc-pc", "live", str(log), copy) > 0
    assert contents(copy) == contents(log)
    assert await shipper.fetch("cc-pc", "live", str(log), copy) == 0


async def test_a_log_of_another_history_is_not_fetched(
    log: Path, shipper: LogShipper, copy: Path
) -> None:
    write(log, "ours")
    await shipper.ship("hs-pc", epoch=1, stamp="1")
    os.unlink(log)
    write(log, "another", "history", "that is longer")
    before = contents(copy)
    assert await shipper.fetch("cc-pc", "live", str(log), copy) == 0
    assert contents(copy) == before


async def shipped(log: Path, shipper: LogShipper, count: int = 3) -> None:
    write(log, *(f"line {n}" for n in range(count)), max_bytes=400)
    await shipper.ship("hs-pc", epoch=1, stamp="1")


def test_without_a_copy_the_log_is_gone_on_with_as_it_is(tmp_path: Path) -> None:
    log = tmp_path / "fleet.log"
    write(log, "ours")
    done = go_on(log, tmp_path / "copy" / "fleet.log", tmp_path / "head", "1")
    assert (done.relation, done.tip) == ("none", find_tip(log))


async def test_a_copy_becomes_the_log_and_the_chain_goes_on(
    log: Path, shipper: LogShipper, copy: Path, tmp_path: Path
) -> None:
    await shipped(log, shipper, 9)
    mine, head = tmp_path / "mine" / "fleet.log", tmp_path / "head"
    done = go_on(mine, copy, head, "1")
    assert (done.relation, done.tip) == ("copy-is-newer", find_tip(log))
    write(mine, "promoted")
    checked = verify(mine, head=head)
    assert (checked.ok, checked.lines) == (True, 10)
    assert contents(mine).startswith(contents(log))


async def test_an_own_log_beside_it_is_kept_in_a_file_of_its_own(
    log: Path, shipper: LogShipper, copy: Path, tmp_path: Path
) -> None:
    await shipped(log, shipper)
    mine = tmp_path / "mine" / "fleet.log"
    write(mine, "what this machine did as a secondary")
    before = mine.read_bytes()
    done = go_on(mine, copy, tmp_path / "head", "hs-pc-1")
    assert (done.relation, done.aside) == ("diverged", ("fleet.log.of-hs-pc-1",))
    assert mine.with_name("fleet.log.of-hs-pc-1").read_bytes() == before
    assert verify(mine).ok


async def test_a_log_that_goes_further_than_its_copy_stays(
    log: Path, shipper: LogShipper, copy: Path, tmp_path: Path
) -> None:
    await shipped(log, shipper)
    mine = tmp_path / "mine" / "fleet.log"
    go_on(mine, copy, tmp_path / "head", "1")
    write(mine, "promoted")
    assert go_on(mine, copy, tmp_path / "head", "2").relation == "ours-is-newer"
    assert verify(mine, head=tmp_path / "head").lines == 4


async def test_a_copy_that_was_changed_is_not_taken(
    log: Path, shipper: LogShipper, copy: Path, tmp_path: Path
) -> None:
    await shipped(log, shipper)
    first = copy.with_name("fleet.log.1")
    first.write_bytes(first.read_bytes().replace(b"line 0", b"line 9", 1))
    done = go_on(tmp_path / "mine.log", copy, tmp_path / "head", "1")
    assert done.relation == "broken"
    assert "changed" in done.why
    assert not (tmp_path / "mine.log").exists()
