"""Runs that are given MCP servers: the real Claude Code, over a real sshd, by the program."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tests.mcp.asked import PEER
from tests.mcp.given import SUM, command_lines, declared, forwards, machine
from tests.support.mcp_peer import TOKEN, HttpPeer
from tests.support.sshd import refusing_port

if TYPE_CHECKING:
    from pathlib import Path

    from tests.mcp.given import Given

PATIENCE = 60.0
VARIABLE = "FLEET_TEST_MCP_TOKEN"


def logged(given: Given, event: str) -> list[dict[str, object]]:
    return given.program.run("log", "--json", event).objects


def test_an_agent_gets_the_servers_that_were_named_and_no_others(tmp_path: Path) -> None:
    servers = (
        declared("sums", host="box", command=PEER),
        declared("unasked", host="box", command="touch started-unasked"),
    )
    with machine(tmp_path, "claude", *servers) as given:
        done = given.run("sums")
        assert done.code == 0, done.err + done.out
        assert "the sum is 42" in given.told
        assert {name for name in given.api.seen[-1].tools if "mcp" in name} == {
            "mcp__sums__add",
            "mcp__sums__count",
        }
        (line,) = logged(given, "dispatch")
        assert line["mcp"] == "sums"
        assert not (tmp_path / "work" / "started-unasked").exists()


def test_a_run_that_goes_on_keeps_them_unless_told_otherwise(tmp_path: Path) -> None:
    server = declared("away", host="far", command=PEER, read_only=True)
    with machine(tmp_path, "claude", server) as given:
        done = given.run("away", mode="read")
        assert done.code == 0, done.err + done.out
        assert "the sum is 42" in given.told
        run = str(given.program.run("runs", "--json").objects[0]["run"])
        done = given.program.run("resume", run, "--", SUM.format("away"))
        assert done.code == 0, done.err + done.out
        assert given.told.count("the sum is 42") == 2
        text = given.program.config.read_text()
        given.program.config.write_text(text.replace('name = "away"', 'name = "removed"'))
        gone = given.program.run("resume", run, "--", "hello")
        assert (gone.code, "no MCP server is called 'away'" in gone.err) == (2, True)
        done = given.program.run("resume", run, "--without-mcp", "--", "hello")
        assert done.code == 0, done.err + done.out
        assert [line.get("mcp") for line in logged(given, "dispatch")] == ["away", "away", None]


def test_one_of_another_host_is_reached_by_a_tunnel_with_its_token_and_leaves_no_trace(
    tmp_path: Path,
) -> None:
    shown: list[str] = []
    with HttpPeer(on_asked=lambda: shown.extend(command_lines())) as peer:
        server = declared("locked", host="far", url=peer.url("/locked"), token_env=VARIABLE)
        with machine(tmp_path, "claude", server, env={VARIABLE: TOKEN}) as given:
            done = given.run("locked")
            assert done.code == 0, done.err + done.out
            assert "the sum is 42" in given.told
            sent = {headers.get("authorization") for _, path, headers in peer.heard}
            assert sent == {f"Bearer {TOKEN}"}
            assert given.traces_of(TOKEN) == []
            assert any("mcp-config" in line for line in shown)
            assert not any(TOKEN in line for line in shown)
            assert TOKEN not in done.out + done.err
            deadline = time.monotonic() + PATIENCE
            while forwards(given):
                assert time.monotonic() < deadline, "the tunnel outlives the run"
                time.sleep(0.1)


def test_a_server_that_fails_is_told_and_the_run_goes_on(tmp_path: Path) -> None:
    server = declared("sums", host="box", command="no-such-server")
    with machine(tmp_path, "claude", server) as given:
        done = given.run("sums", "hello")
        assert done.code == 0, done.err + done.out
        assert "MCP server sums is failed" in done.out + done.err


def test_a_tunnel_that_does_not_come_up_keeps_the_agent_from_beginning(tmp_path: Path) -> None:
    with refusing_port() as closed:
        server = declared("sums", host="gone", url="http://127.0.0.1:9/mcp")
        gone = f'[[host]]\nname = "gone"\naddress = "127.0.0.1"\nport = {closed}\n'
        with machine(tmp_path, "claude", server) as given:
            with given.program.config.open("a") as config:
                config.write(gone)
            done = given.run("sums", "hello")
            assert done.code == 1
            said = done.out + done.err
            assert "MCP server sums cannot be reached from this host:" in said
            assert "Connection refused" in said
            assert given.api.seen == []


def test_what_cannot_be_is_refused_before_anything_starts(tmp_path: Path) -> None:
    servers = (
        declared("sums", host="box", command=PEER),
        declared("here", command=PEER),
        declared("locked", host="box", url="http://127.0.0.1:9/mcp", token_env=VARIABLE),
    )
    with machine(tmp_path, "claude", *servers) as given:
        unknown = given.run("summs")
        assert unknown.code == 2
        assert (
            unknown.err.strip()
            == "fleet-tui: no MCP server is called 'summs' (did you mean \"sums\"?)"
        )
        reading = given.run("sums", "hello", mode="read")
        assert reading.code == 3
        assert "mode read cannot be kept with MCP server sums" in reading.err
        unreached = given.run("sums,here", "hello")
        assert unreached.code == 3
        assert "box cannot be given MCP server here: it runs on this machine" in unreached.err
        shell = given.run("sums", "true", "--agent", "shell", mode="unrestricted")
        assert shell.code == 3
        assert "a shell command is given no MCP servers" in shell.err
        assert [line["mcp"] for line in logged(given, "refused")] == ["sums", "sums,here", "sums"]
        assert logged(given, "dispatch") == []
        without = given.run("locked", "hello")
        assert without.code == 3
        assert f"MCP server locked: the variable {VARIABLE} with its token is not set" in (
            without.out + without.err
        )
        assert given.api.seen == []
