"""The protocol of a stdio MCP server: both ways to begin, and what a client may get wrong."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from fleet_tui.transport.stdio_mcp import (
    BAD_ARGUMENTS,
    CALLS_AT_ONCE,
    META,
    MODERN,
    NOT_JSON,
    UNKNOWN_METHOD,
    UNKNOWN_VERSION,
    Offer,
    Server,
    Trouble,
    lines_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    Talk = Callable[..., list[dict[str, Any]]]

TOOLS = [{"name": "double", "inputSchema": {"type": "object"}}]


def double(tool: str, given: dict[str, Any]) -> str:
    if tool != "double":
        raise Trouble(f"there is no tool called {tool}")
    if given.get("of") == "bug":
        raise RuntimeError("a bug")
    return str(2 * given["of"])


@pytest.fixture
def talk(capsys: pytest.CaptureFixture[str]) -> Talk:
    """Say messages to a server and return what it answers."""

    def saying(*messages: object, is_modern: bool = True) -> list[dict[str, Any]]:
        lines = [m if isinstance(m, bytes) else json.dumps(m).encode() for m in messages]
        server = Server(Offer("tester", "3", TOOLS, double, "Double it.", is_modern=is_modern))
        server.serve(iter(lines))
        assert server.ended.is_set()
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return saying


def ask(method: str, identifier: object = 1, **params: object) -> dict[str, object]:
    return {"jsonrpc": "2.0", "id": identifier, "method": method, "params": params}


def modern(method: str, version: str = MODERN, **params: object) -> dict[str, object]:
    return ask(method, **params, _meta={META + "protocolVersion": version})


@pytest.mark.parametrize(
    ("wanted", "spoken"), [("2024-11-05", "2024-11-05"), ("2025-11-25",) * 2, ("1", "2025-11-25")]
)
def test_the_handshake_takes_the_version_it_knows(talk: Talk, wanted: str, spoken: str) -> None:
    (said,) = talk(ask("initialize", protocolVersion=wanted))
    assert said["result"] == {
        "protocolVersion": spoken,
        "capabilities": {"tools": {}},
        "serverInfo": {"name": "tester", "version": "3"},
        "instructions": "Double it.",
    }


def test_after_the_handshake_tools_are_listed_and_called(talk: Talk) -> None:
    said = talk(
        ask("initialize", protocolVersion="2025-11-25"),
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        ask("ping", 2),
        ask("tools/list", "three"),
        ask("tools/call", 4, name="double", arguments={"of": 21}),
    )
    assert [answer["id"] for answer in said] == [1, 2, "three", 4]
    assert said[1]["result"] == {}
    assert said[2]["result"] == {"tools": TOOLS}
    assert said[3]["result"] == {"content": [{"type": "text", "text": "42"}], "isError": False}


def test_the_way_without_a_handshake_says_all_with_each_answer(talk: Talk) -> None:
    found, listed, called = talk(
        modern("server/discover"),
        modern("tools/list"),
        modern("tools/call", name="double", arguments={"of": 4}),
    )
    about = {META + "serverInfo": {"name": "tester", "version": "3"}}
    assert found["result"]["supportedVersions"] == [MODERN]
    for answer in (found, listed, called):
        assert answer["result"]["resultType"] == "complete"
        assert answer["result"]["_meta"] == about
    assert listed["result"]["ttlMs"] == 0
    assert called["result"]["content"][0]["text"] == "8"


def test_a_version_that_nobody_speaks_is_refused_with_those_that_are(talk: Talk) -> None:
    (said,) = talk(modern("tools/list", "2031-01-01"))
    assert said["error"]["code"] == UNKNOWN_VERSION
    assert said["error"]["data"] == {"supported": [MODERN], "requested": "2031-01-01"}


def test_a_server_for_channels_knows_the_handshake_only(talk: Talk) -> None:
    found, listed = talk(modern("server/discover"), modern("tools/list"), is_modern=False)
    assert found["error"]["code"] == listed["error"]["code"] == UNKNOWN_METHOD


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (b"{nonsense", NOT_JSON),
        (b"[" * 100_000, NOT_JSON),
        (ask("resources/list"), UNKNOWN_METHOD),
        (ask("tools/call", name=7), BAD_ARGUMENTS),
        (ask("tools/call", name="double", arguments=[1]), BAD_ARGUMENTS),
        (ask("tools/call", name="double", arguments={"of": "bug"}), -32603),
    ],
)
def test_what_is_wrong_is_an_error_and_the_next_one_is_answered(
    talk: Talk, message: object, code: int
) -> None:
    said = {answer.get("id"): answer for answer in talk(message, ask("ping", "next"))}
    assert said.pop("next")["result"] == {}
    assert [answer["error"]["code"] for answer in said.values()] == [code]


@pytest.mark.parametrize("message", [[1], 7, {"method": "x"}, {"id": 1}, {"id": 1, "result": {}}])
def test_what_asks_for_nothing_is_passed_over(talk: Talk, message: object) -> None:
    assert talk(message) == []


def test_trouble_is_an_answer_for_the_model(talk: Talk) -> None:
    (said,) = talk(ask("tools/call", name="halve"))
    assert said["result"]["isError"] is True
    assert said["result"]["content"][0]["text"] == "there is no tool called halve"


def test_many_calls_are_all_answered_before_the_end(talk: Talk) -> None:
    count = CALLS_AT_ONCE * 5
    asked = [ask("tools/call", n, name="double", arguments={"of": n}) for n in range(count)]
    said = {answer["id"]: answer["result"]["content"][0]["text"] for answer in talk(*asked)}
    assert said == {n: str(2 * n) for n in range(count)}


def test_lines_are_cut_where_they_end_and_too_long_ones_are_passed_over() -> None:
    reader, writer = os.pipe()
    os.write(writer, b"one\n\n" + b"x" * 50 + b"\ntwo\n" + b"y" * 50)
    os.close(writer)
    try:
        assert list(lines_of(reader, limit=10)) == [b"one", b"", b"two"]
    finally:
        os.close(reader)
