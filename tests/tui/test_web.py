"""The screen in a browser: shown to who has the token, moved by keys, never changed."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from fleet_tui.tui.web import SIZE, WebApp
from tests.tui.scene import recorded

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.tui.fake_control import FakeControl


@asynccontextmanager
async def served(control: FakeControl) -> AsyncIterator[tuple[WebApp, str, int, str]]:
    """A served screen: the app, its host and port, and its token."""
    address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    app = WebApp(control, port=0, listening=address.set_result)
    async with app.run_test(size=SIZE):
        parts = urlsplit(await address)
        assert parts.hostname == "127.0.0.1"
        assert parts.port
        yield app, f"127.0.0.1:{parts.port}", parts.port, parts.query.removeprefix("token=")


async def ask(
    port: int, line: str, body: str = "", **headers: str
) -> tuple[int, dict[str, str], str]:
    """Send one request; return status, headers and body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    told = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    size = f"Content-Length: {len(body)}\r\n" if body else ""
    writer.write(f"{line} HTTP/1.1\r\n{told}{size}\r\n{body}".encode())
    answer = (await reader.read()).decode()
    writer.close()
    head, _, rest = answer.partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    pairs = (entry.partition(": ") for entry in lines)
    return int(first.split()[1]), {name.lower(): value for name, _, value in pairs}, rest


async def test_the_page_and_the_pictures_are_shown_to_who_has_the_token() -> None:
    async with served(recorded()) as (_, host, port, token):
        status, headers, body = await ask(port, f"GET /?token={token}", Host=host)
        assert status == 200
        assert "default-src 'none'" in headers["content-security-policy"]
        assert token not in body
        status, _, body = await ask(port, f"GET /screen?after=0&token={token}", Host=host)
        picture = json.loads(body)
        assert status == 200
        assert picture["svg"].startswith("<svg")
        assert "READ-ONLY" in picture["svg"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "{host}", "Origin": "http://evil.example"},
        {"Host": "{host}", "Origin": "null"},
        {"Host": "{host}", "Sec_Fetch_Site": "cross-site"},
        {},
    ],
)
async def test_another_site_gets_nothing_even_with_the_token(headers: dict[str, str]) -> None:
    async with served(recorded()) as (_, host, port, token):
        given = {name: value.format(host=host) for name, value in headers.items()}
        status, _, body = await ask(port, f"GET /screen?after=0&token={token}", **given)
        assert status == 403
        assert "svg" not in body


@pytest.mark.parametrize("token", ["", "wrong", "%00"])
async def test_nobody_gets_in_without_the_token(token: str) -> None:
    async with served(recorded()) as (app, host, port, _):
        before = app.main.current
        for line in (f"GET /?token={token}", f"POST /key?token={token}"):
            assert (await ask(port, line, "5", Host=host))[0] == 403
        assert app.main.current == before


async def test_keys_move_and_nothing_can_be_changed_or_ended() -> None:
    control = recorded()
    async with served(control) as (app, host, port, token):
        for key in ("5", "x", "y", "d", "q", "ctrl+c"):
            status, _, _ = await ask(port, f"POST /key?token={token}", key, Host=host)
            assert status == 204
        for _ in range(2):
            assert (await ask(port, f"GET /screen?after=0&token={token}", Host=host))[0] == 200
        assert app.main.current == "output"
        assert app.is_running
        assert [name for name, _ in control.calls if name in ("cancel", "dispatch")] == []


@pytest.mark.parametrize(
    ("line", "body", "status"),
    [
        ("POST /key", "hyper+x", 400),
        ("POST /key", "x" * 50, 400),
        ("GET /other", "", 404),
        ("PUT /", "", 404),
        ("nonsense", "", 400),
    ],
)
async def test_what_is_no_request_is_refused(line: str, body: str, status: int) -> None:
    async with served(recorded()) as (_, host, port, token):
        line = f"{line}?token={token}" if " " in line else line
        assert (await ask(port, line, body, Host=host))[0] == status


async def test_a_taken_port_is_told() -> None:
    server = await asyncio.start_server(lambda _r, _w: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    app = WebApp(recorded(), port=port, listening=print)
    async with asyncio.timeout(60):
        await app.run_async(headless=True, size=SIZE)
    assert app.return_code == 1
    assert f"cannot listen on 127.0.0.1:{port}" in app.refused
    server.close()
