"""A notice reaches its routes, once, and it is known how far it got."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from fleet_tui.model.events import NoticeRaised, PartChanged
from fleet_tui.model.notice import Notice
from fleet_tui.model.routes_view import NoticeProof, RoutesView
from fleet_tui.notify.desk import NoticeDesk
from tests.notify.services import PUSHOVER_TOKEN, PUSHOVER_USER, Reply, Services, serve
from tests.support.stage import Stage, fleet_file, staged

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from fleet_tui.model.events import Event


@pytest.fixture
def services() -> Iterator[Services]:
    with serve() as running:
        yield running


@asynccontextmanager
async def desk_of(
    folder: Path, *routes: dict[str, object], environ: dict[str, str] | None = None
) -> AsyncIterator[tuple[Stage, NoticeDesk]]:
    """A fleet with these routes, whose desk sends."""
    config = replace(fleet_file(folder, ["web01"]), sections={"notify": routes})
    async with staged(config, {}) as stage:
        context = stage.fleet.parts._context
        desk = NoticeDesk(context, environ=environ or {}, luck=lambda: 0.0)
        try:
            yield stage, desk
        finally:
            await desk.close()


def hook(services: Services, name: str = "hook", **more: object) -> dict[str, object]:
    return {"kind": "webhook", "name": name, "url": f"{services.url}/{name}/x", **more}


def raised(stage: Stage, number: int = 1, **changes: Any) -> Notice:
    notice = Notice(
        f"n-{number}", stage.fleet.clock.time(), "error", "run-failed", "web01", f"text {number}"
    )
    notice = replace(notice, **changes)
    stage.fleet.bus.publish(NoticeRaised(notice))
    return notice


def shows(notice: str, told: Callable[[NoticeProof], bool]) -> Callable[[Event], bool]:
    def condition(event: Event) -> bool:
        if not isinstance(event, PartChanged) or not isinstance(event.view, RoutesView):
            return False
        proof = event.view.proofs.get(notice)
        return proof is not None and told(proof)

    return condition


def all_in(*states: str) -> Callable[[NoticeProof], bool]:
    return lambda proof: (
        bool(proof.deliveries) and all(one.state in states for one in proof.deliveries)
    )


async def test_a_notice_of_the_bus_is_sent_and_its_proof_is_shown(
    tmp_path: Path, services: Services
) -> None:
    async with desk_of(tmp_path, hook(services)) as (stage, desk):
        await desk.start()
        raised(stage, text="token sk-ant-api03-abcdefghijklmnopqrstuvwx leaked\x1b[2J")
        event = await stage.until(shows("n-1", all_in("accepted")))
        assert isinstance(event, PartChanged)
        assert isinstance(event.view, RoutesView)
        [delivery] = event.view.proofs["n-1"].deliveries
        assert delivery.answer == "200 thanks"
        assert event.view.routes[0].accepted_at is not None
        [body] = services.bodies()
        assert "sk-ant" not in body["text"]
        assert "\x1b" not in body["text"]
        assert "home" not in body["fleet"]
        [line] = stage.log("notice")
        assert (line.text("route"), line.text("event")) == ("hook", "run-failed")


async def test_what_waits_is_sent_at_the_next_start_and_nothing_twice(
    tmp_path: Path, services: Services
) -> None:
    async with desk_of(tmp_path, hook(services)) as (stage, _desk):
        raised(stage)
    assert services.got == []
    for _ in range(2):
        async with desk_of(tmp_path, hook(services)) as (_stage, desk):
            assert await desk.flush(60.0) == []
    assert [body["id"] for body in services.bodies()] == ["n-1"]


async def test_a_route_that_refuses_is_told_on_another(tmp_path: Path, services: Services) -> None:
    services.plan.put(Reply(404, b"gone"))
    routes = (
        hook(services, "dead", events=("run-failed",)),
        hook(services, "well", events=("route-failed",)),
    )
    async with desk_of(tmp_path, *routes) as (stage, desk):
        await desk.tell(Notice("n-1", stage.fleet.clock.time(), "error", "run-failed", "x", "t"))
        await desk.start()

        def is_told(event: Event) -> bool:
            return isinstance(event, NoticeRaised) and event.notice.event == "route-failed"

        told = await stage.until(is_told)
        assert isinstance(told, NoticeRaised)
        assert "404 gone" in told.notice.text
        await desk.flush(60.0)
    assert [got.path for got in services.got] == ["/dead/x", "/well/x"]


async def test_a_service_in_trouble_gets_it_later(tmp_path: Path, services: Services) -> None:
    services.plan.put(Reply(503))
    services.plan.put(Reply(429, b"", {"Retry-After": "0"}))
    async with desk_of(tmp_path, hook(services)) as (stage, desk):
        await desk.start()
        raised(stage)
        event = await stage.until(shows("n-1", all_in("accepted")))
        assert isinstance(event, PartChanged)
        assert isinstance(event.view, RoutesView)
        assert event.view.proofs["n-1"].deliveries[0].attempts == 3
    assert {body["id"] for body in services.bodies()} == {"n-1"}


async def test_a_receipt_says_that_a_person_has_seen_it(tmp_path: Path, services: Services) -> None:
    services.acknowledged = True
    route: dict[str, object] = {
        "kind": "pushover",
        "name": "pager",
        "url": f"{services.url}/pushover/1/messages.json",
        "token_env": "T",
        "user_env": "U",
    }
    environ = {"T": PUSHOVER_TOKEN, "U": PUSHOVER_USER}
    async with desk_of(tmp_path, route, environ=environ) as (stage, desk):
        await desk.tell(Notice("n-1", stage.fleet.clock.time(), "error", "run-failed", "x", "t"))
        await desk.flush(60.0)
        await desk.sender.ask_for_receipts()
        event = await stage.until(shows("n-1", all_in("seen")))
        assert isinstance(event, PartChanged)
        assert isinstance(event.view, RoutesView)
        assert event.view.proofs["n-1"].acknowledged_at is not None


async def test_a_storm_is_one_notice_with_a_count(tmp_path: Path, services: Services) -> None:
    async with desk_of(tmp_path, hook(services)) as (stage, desk):
        await desk.start()
        for number in range(10_000):
            raised(stage, number, text="the same")
        await stage.until(shows("n-0", all_in("accepted")))
        await desk.flush(60.0)
        [(notice, _, [delivery])] = desk.outbox.recent()
        assert notice.count == 10_000
        assert delivery.state in {"accepted", "queued"}
    assert len(services.got) == 1


async def test_an_escalation_is_skipped_once_somebody_knows(
    tmp_path: Path, services: Services
) -> None:
    async with desk_of(tmp_path, hook(services, escalate_after=3600.0)) as (stage, desk):
        await desk.start()
        raised(stage)
        await stage.until(shows("n-1", all_in("queued")))
        assert await desk.acknowledge(["n-1"], "anna") == 1
        await stage.until(shows("n-1", all_in("skipped")))
    assert services.got == []


async def test_a_route_is_proven_by_a_test_message(tmp_path: Path, services: Services) -> None:
    async with desk_of(tmp_path, hook(services)) as (stage, desk):
        answer = await desk.test("hook")
        assert (answer.state, answer.text) == ("accepted", "200 thanks")
        assert services.bodies()[0]["test"] is True
        assert stage.log("notice")


async def test_two_fleets_have_two_names(tmp_path: Path) -> None:
    names = []
    for folder in ("a", "b", "a"):
        async with desk_of(tmp_path / folder) as (_stage, desk):
            names.append(desk.fleet_id)
    assert names[0] == names[2] != names[1]
