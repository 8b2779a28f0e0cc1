"""A topic is followed by stream, and nothing of it is lost or taken twice."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from fleet_tui.notify.desk import NoticeDesk
from fleet_tui.notify.incoming.subscription import LINE_LIMIT, _lines
from tests.notify.entrance import PATIENCE, Heard
from tests.notify.test_receiver import HERE, receiving
from tests.support.sshd import free_port
from tests.support.stage import fleet_file, staged

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@asynccontextmanager
async def following(folder: Path, url: str) -> AsyncIterator[tuple[NoticeDesk, Heard]]:
    """A fleet that follows a topic of somebody else's server."""
    route = {"kind": "ntfy", "name": "far", "url": url, "follow": True}
    config = replace(fleet_file(folder, [HERE]), sections={"notify": (route,)})
    async with staged(config, {}) as stage:
        desk = NoticeDesk(stage.fleet.parts._context, environ={}, luck=lambda: 0.0)
        heard = Heard(stage.fleet)
        try:
            await desk.start()
            yield desk, heard
        finally:
            await desk.close()


async def until_open(desk: NoticeDesk) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            if desk.ways.followed["far"].is_open:
                return
            await asyncio.sleep(0.02)


async def test_messages_come_as_they_are_published(tmp_path: Path) -> None:
    async with (
        receiving(tmp_path / "server") as far,
        following(tmp_path / "us", f"{far.url}-news") as (desk, heard),
    ):
        await until_open(desk)
        await far.post("hello", "-news", Priority="5", Tags="door")
        notice = await heard.until(lambda notice: notice.text == "hello")
        assert (notice.severity, notice.event, notice.source) == ("error", "door", "far")


async def test_what_came_while_we_were_away_is_taken_once(tmp_path: Path) -> None:
    async with receiving(tmp_path / "server") as far:
        url = f"{far.url}-news"
        async with following(tmp_path / "us", url) as (desk, heard):
            await until_open(desk)
            await far.post("one", "-news")
            await heard.until(lambda notice: notice.text == "one")
        await far.post("two", "-news")
        await far.post("three", "-news")
        async with following(tmp_path / "us", url) as (desk, heard):
            await heard.until(lambda notice: notice.text == "three")
            kept = sorted((notice.text, notice.count) for notice, _, _ in desk.outbox.recent())
            assert kept == [("one", 1), ("three", 1), ("two", 1)]


async def test_a_server_that_starts_again_is_followed_again(tmp_path: Path) -> None:
    port = free_port()
    async with receiving(tmp_path / "server", port=port) as far:
        url = f"{far.url}-news"
        stack = following(tmp_path / "us", url)
        desk, heard = await stack.__aenter__()
        await until_open(desk)
    try:
        async with receiving(tmp_path / "server", port=port) as again:
            await until_open(desk)
            await again.post("back", "-news")
            await heard.until(lambda notice: notice.text == "back")
    finally:
        await stack.__aexit__(None, None, None)


async def test_what_we_publish_there_is_not_taken_for_new(tmp_path: Path) -> None:
    async with (
        receiving(tmp_path / "server") as far,
        following(tmp_path / "us", f"{far.url}-news") as (desk, heard),
    ):
        await until_open(desk)
        await desk.tell(desk.new("error", "run-failed", "web01", "on fire"))
        await desk.flush(PATIENCE)
        await far.post("a stranger's", "-news")
        await heard.until(lambda notice: notice.text == "a stranger's")
        told = sorted(one.event for one, _, _ in desk.outbox.recent())
        assert told == ["received", "run-failed"]


async def test_a_line_without_end_is_passed_over() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"first\n"
        for _ in range(40):
            yield b"x" * (LINE_LIMIT // 8)
        yield b"\nlast\n"

    assert [line async for line in _lines(chunks())] == [b"first", b"last"]
