"""The receiver speaks ntfy, keeps strangers out, and cuts loops."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import httpx
import pytest

from fleet_tui.model.host import Host
from fleet_tui.notify.desk import NoticeDesk
from fleet_tui.notify.incoming.receiver import BODY_LIMIT, RATE
from tests.support.sshd import free_port
from tests.support.stage import fleet_file, staged
from tests.tui.fixed_clock import FixedClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from fleet_tui.model.clock import Clock
    from tests.support.stage import Stage

PATIENCE = 60.0
HERE = Host("here", connection="local", durable=False)


class Caller:
    """Speaks with the receiver, as something on the machine `here` does."""

    def __init__(self, stage: Stage, desk: NoticeDesk, client: httpx.AsyncClient) -> None:
        self.stage = stage
        self.desk = desk
        self.client = client
        self.url = desk.ways.url_for("here")

    @property
    def notices(self) -> list[tuple[str, str, str, str]]:
        return [
            (one.severity, one.event, one.source, one.text)
            for one, _, _ in self.desk.outbox.recent()
        ]

    async def post(self, text: str | bytes = "", path: str = "", **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.post(self.url + path, content=text, headers=named)


@asynccontextmanager
async def receiving(
    folder: Path,
    *routes: dict[str, object],
    port: int = 0,
    environ: dict[str, str] | None = None,
    clock: Clock | None = None,
) -> AsyncIterator[Caller]:
    """A fleet whose receiver listens here."""
    sections = {"receiver": {"port": port or free_port()}, "notify": routes}
    config = replace(fleet_file(folder, [HERE]), sections=sections)
    async with staged(config, {}, clock=clock) as stage:
        desk = NoticeDesk(stage.fleet.parts._context, environ=environ or {}, luck=lambda: 0.0)
        try:
            await desk.start()
            async with httpx.AsyncClient(timeout=PATIENCE) as client:
                yield Caller(stage, desk, client)
        finally:
            await desk.close()


async def test_plain_text_with_headers_becomes_a_notice(tmp_path: Path) -> None:
    async with receiving(tmp_path) as caller:
        said = await caller.post("disk full\x1b[2J", Title="nas", X_Priority="urgent", Tags="disk")
        assert said.status_code == 200
        assert said.json()["priority"] == 5
        assert caller.notices == [("error", "disk", "here", "nas: disk full")]


async def test_json_to_the_root_and_parameters_are_understood(tmp_path: Path) -> None:
    async with receiving(tmp_path) as caller:
        root, _, topic = caller.url.rpartition("/")
        body = {"topic": topic, "message": "m", "priority": 4, "tags": ["warning", "oven"]}
        assert (await caller.client.post(f"{root}/", json=body)).status_code == 200
        put = await caller.client.put(f"{caller.url}?title=t&prio=min", content="w")
        assert put.status_code == 200
        assert caller.notices == [
            ("info", "received", "here", "t: w"),
            ("warning", "oven", "here", "m"),
        ]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Priority": "11"}, 400),
        ({"Delay": "10m"}, 400),
        ({"Origin": "https://evil.example"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Host": "evil.example"}, 403),
    ],
)
async def test_what_cannot_be_meant_is_refused(
    tmp_path: Path, headers: dict[str, str], status: int
) -> None:
    async with receiving(tmp_path) as caller:
        said = await caller.client.post(caller.url, content="x", headers=headers)
        assert said.status_code == status
        assert not [one for one in caller.notices if one[1] == "received"]


async def test_another_topic_and_too_much_are_refused(tmp_path: Path) -> None:
    async with receiving(tmp_path) as caller:
        wrong = await caller.client.post(caller.url[:-1] + "z", content="x")
        assert wrong.status_code == 403
        for path in ("/hook", "/json?poll=1"):
            stranger = caller.url[: -len("0" * 32)] + "0" * 32 + path
            assert (await caller.client.request("POST", stranger, json={})).status_code == 403
        assert (await caller.post(b"x" * (BODY_LIMIT + 1))).status_code == 413
        assert (await caller.post(b"x" * 5000)).status_code == 400
        assert not [one for one in caller.notices if one[1] == "received"]


async def test_a_machine_that_never_stops_is_held_back(tmp_path: Path) -> None:
    async with receiving(tmp_path, clock=FixedClock()) as caller:
        found = [(await caller.post(f"{number}")).status_code for number in range(RATE.count + 20)]
        assert found == [200] * RATE.count + [429] * 20


async def test_hooks_are_told_and_the_agent_is_left_alone(tmp_path: Path) -> None:
    hooks = [
        {"hook_event_name": "Stop", "cwd": "/srv/shop", "last_assistant_message": "all done"},
        {"hook_event_name": "StopFailure", "cwd": "/srv/shop", "error": "rate_limit"},
        {"hook_event_name": "SessionEnd", "cwd": "/srv/shop", "reason": "logout"},
        {"hook_event_name": "Notification", "cwd": "/srv/shop", "message": "waits for you"},
        {"hook_event_name": "PreToolUse"},
    ]
    async with receiving(tmp_path) as caller:
        for hook in hooks:
            said = await caller.post(json.dumps(hook), "/hook", Content_Type="application/json")
            assert (said.status_code, said.json()) == (200, {})
        assert caller.notices[::-1] == [
            ("info", "agent-stopped", "here", "claude has finished in shop: all done"),
            ("error", "agent-failed", "here", "claude was stopped by an error in shop: rate_limit"),
            ("info", "session-ended", "here", "a session of claude has ended in shop: logout"),
            ("warning", "agent-notice", "here", "waits for you in shop"),
        ]


async def test_messages_are_read_again_as_from_ntfy(tmp_path: Path) -> None:
    async with receiving(tmp_path) as caller:
        first = (await caller.post("one")).json()
        await caller.post("two")

        async def poll(since: str) -> list[str]:
            url = f"{caller.url}/json?poll=1&since={since}"
            lines = (await caller.client.get(url)).text.splitlines()
            return [json.loads(line)["message"] for line in lines]

        assert await poll("all") == ["one", "two"]
        assert await poll(first["id"]) == ["two"]
        assert await poll("latest") == ["two"]
        assert await poll("10m") == ["one", "two"]
        async with caller.client.stream("GET", f"{caller.url}/json?since=latest") as stream:
            lines = stream.aiter_lines()
            told = [json.loads(await anext(lines)) for _ in range(2)]
            assert [one["event"] for one in told] == ["open", "message"]
            await caller.post("three")
            assert json.loads(await anext(lines))["message"] == "three"


async def test_a_branch_is_passed_on_and_is_no_notice(tmp_path: Path) -> None:
    async with receiving(tmp_path) as caller:
        assert (await caller.post("psst", "-phone")).status_code == 200
        found = await caller.client.get(f"{caller.url}-phone/json?poll=1")
        assert json.loads(found.text)["message"] == "psst"
        assert caller.notices == []


async def test_a_route_that_leads_back_is_cut_and_told_once(tmp_path: Path) -> None:
    port, topic = free_port(), "T" * 20
    url = f"http://127.0.0.1:{port}/{topic}"
    route: dict[str, object] = {"kind": "ntfy", "name": "round", "url": url}
    config = {"TOPIC": topic}
    sections = {"receiver": {"port": port, "topic_env": "TOPIC"}, "notify": (route,)}
    base = replace(fleet_file(tmp_path, [HERE]), sections=sections)
    async with staged(base, {}) as stage:
        desk = NoticeDesk(stage.fleet.parts._context, environ=config, luck=lambda: 0.0)
        try:
            await desk.start()
            for number in range(3):
                await desk.tell(desk.new("error", "run-failed", "here", f"text {number}"))
            assert await desk.flush(PATIENCE) == []
            events = sorted(notice.event for notice, _, _ in desk.outbox.recent())
            assert events == ["notice-loop", "run-failed", "run-failed", "run-failed"]
        finally:
            await desk.close()


async def test_two_fleets_that_echo_each_other_are_cut(tmp_path: Path) -> None:
    """Each sends all it hears to the other's receiver; a notice goes round, and comes to an end."""
    ports = (free_port(), free_port())
    topics = ("A" * 20, "B" * 20)
    urls = [f"http://127.0.0.1:{port}/{topic}" for port, topic in zip(ports, topics, strict=True)]
    route: list[dict[str, object]] = [{"kind": "ntfy", "name": "other", "url": url} for url in urls]
    environ = {"TOPIC": topics[0]}
    async with (
        _fleet(tmp_path / "a", ports[0], route[1], environ) as one,
        _fleet(tmp_path / "b", ports[1], route[0], {"TOPIC": topics[1]}) as two,
    ):
        await one.tell(one.new("error", "run-failed", "here", "on fire"))
        for _ in range(4):
            await one.flush(PATIENCE)
            await two.flush(PATIENCE)
        assert (_told(one).count("run-failed"), _told(two).count("run-failed")) == (1, 1)
        assert _told(one).count("notice-loop") == 1
        assert len(_told(one) + _told(two)) <= 5


def _told(desk: NoticeDesk) -> list[str]:
    return sorted(notice.event for notice, _, _ in desk.outbox.recent())


@asynccontextmanager
async def _fleet(
    folder: Path, port: int, route: dict[str, object], environ: dict[str, str]
) -> AsyncIterator[NoticeDesk]:
    sections = {"receiver": {"port": port, "topic_env": "TOPIC"}, "notify": (route,)}
    config = replace(fleet_file(folder, [HERE]), sections=sections)
    async with staged(config, {}) as stage:
        desk = NoticeDesk(stage.fleet.parts._context, environ=environ, luck=lambda: 0.0)
        try:
            await desk.start()
            yield desk
        finally:
            await desk.close()
