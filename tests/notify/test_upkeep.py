"""Routes are proven on a schedule, and a dead man is pushed forward where a server can."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.notify.services import Reply, Services, serve
from tests.notify.test_desk import desk_of, hook

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fleet_tui.notify.desk import NoticeDesk


@pytest.fixture
def services() -> Iterator[Services]:
    with serve() as running:
        yield running


def watched(services: Services) -> dict[str, object]:
    return {"kind": "ntfy", "name": "pager", "url": f"{services.url}/ntfy/t", "dead_man": 1800.0}


def told(desk: NoticeDesk) -> list[tuple[str, str]]:
    return [(notice.event, notice.text) for notice, _, _ in desk.outbox.recent()]


async def test_a_route_is_proven_when_its_time_has_come(tmp_path: Path, services: Services) -> None:
    async with desk_of(tmp_path, hook(services, test_every=3600.0)) as (_stage, desk):
        await desk.upkeep.look()
        assert services.got == []
        desk.outbox.remember("tested/hook", str(desk.now() - 3601))
        await desk.upkeep.look()
        await desk.upkeep.look()
        assert [body["test"] for body in services.bodies()] == [True]


async def test_a_route_that_fails_its_test_is_told_on_others(
    tmp_path: Path, services: Services
) -> None:
    services.plan.put(Reply(404, b"gone"))
    async with desk_of(tmp_path, hook(services, test_every=3600.0)) as (_stage, desk):
        desk.outbox.remember("tested/hook", str(desk.now() - 3601))
        await desk.upkeep.look()
        [(event, text)] = told(desk)
        assert event == "route-failed"
        assert "its scheduled test: 404 gone" in text


async def test_a_dead_man_is_put_off_under_one_name(tmp_path: Path, services: Services) -> None:
    async with desk_of(tmp_path, watched(services)) as (_stage, desk):
        await desk.upkeep.look()
        desk.upkeep._pushed.clear()
        await desk.upkeep.look()
        await desk.upkeep.look()
        bodies = services.bodies()
        assert [body["delay"] for body in bodies] == ["1800s", "1800s"]
        assert bodies[0]["sequence_id"] == bodies[1]["sequence_id"]
        assert told(desk) == []


async def test_an_old_server_is_told_of_and_asked_no_more(
    tmp_path: Path, services: Services
) -> None:
    services.plan.put(Reply(200, {"id": "x", "event": "message"}))
    async with desk_of(tmp_path, watched(services)) as (_stage, desk):
        await desk.upkeep.look()
        await desk.upkeep.look()
        assert len(services.got) == 1
        [(event, text)] = told(desk)
        assert event == "dead-man-failed"
        assert "older than ntfy 2.16" in text
