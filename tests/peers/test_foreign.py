from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from fleet_tui.model.errors import FleetError
from fleet_tui.peers.foreign import ForeignBroker

if TYPE_CHECKING:
    from collections.abc import Iterator


class Site:
    """A broker that answers everything with one value, and counts who dials."""

    def __init__(self) -> None:
        self.dialled = 0
        self.asked: list[str] = []
        self.value: object = {"ok": True}
        self.hangs_up = False
        """Close each connection after its answer, without having said so."""
        self.port = 0


@contextmanager
def a_site() -> Iterator[Site]:
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            site.dialled += 1

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            site.asked.append(self.path)
            body = json.dumps(site.value).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            self.close_connection = site.hangs_up

        def log_message(self, format: str, *arguments: object) -> None:
            """Write nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        site.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield site
        finally:
            server.shutdown()
            thread.join()


async def test_many_requests_need_one_connection() -> None:
    with a_site() as site:
        broker = ForeignBroker("there", site.port)
        for _ in range(5):
            await broker.send("a", "b", "x")
        assert len(site.asked) == 5
        assert site.dialled == 1
        broker.close()


async def test_a_connection_that_was_closed_meanwhile_is_made_again() -> None:
    with a_site() as site:
        site.hangs_up = True
        broker = ForeignBroker("there", site.port)
        for _ in range(3):
            await broker.send("a", "b", "x")
        assert site.asked == ["/send-message"] * 3
        assert site.dialled == 3
        broker.close()


async def test_a_broker_that_has_gone_is_told_in_one_sentence() -> None:
    with a_site() as site:
        broker = ForeignBroker("there", site.port)
        await broker.send("a", "b", "x")
        site.hangs_up = True
        await broker.send("a", "b", "x")
    with pytest.raises(FleetError, match="cannot be reached"):
        await broker.send("a", "b", "x")
    broker.close()
