"""Runs of the real Codex that are given MCP servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.mcp.asked import PEER
from tests.mcp.given import SUM, declared, machine
from tests.support.mcp_peer import TOKEN, HttpPeer

if TYPE_CHECKING:
    from pathlib import Path


def test_codex_gets_them_too_and_keeps_them_when_it_goes_on(tmp_path: Path) -> None:
    with HttpPeer() as peer:
        secret = tmp_path / "secret"
        servers = (
            declared("sums", host="box", command=PEER),
            declared("locked", host="box", url=peer.url("/locked"), token_file=str(secret)),
        )
        with machine(tmp_path, "codex", *servers) as given:
            secret.write_text(TOKEN)
            done = given.run("sums,locked", SUM.format("sums"))
            assert done.code == 0, done.err + done.out
            assert "the sum is 42" in given.told
            run = given.program.run("runs", "--json").objects[0]["run"]
            done = given.program.run("resume", str(run), "--", SUM.format("locked"))
            assert done.code == 0, done.err + done.out
            assert given.told.count("the sum is 42") == 2
            sent = {headers.get("authorization") for _, _, headers in peer.heard}
            assert sent == {f"Bearer {TOKEN}"}
            assert given.traces_of(TOKEN) == [secret]


def test_it_does_not_begin_without_one_of_them(tmp_path: Path) -> None:
    server = declared("sums", host="box", command="no-such-server")
    with machine(tmp_path, "codex", server) as given:
        done = given.run("sums", "hello")
        assert done.code == 1
        assert "required MCP servers failed to initialize: sums" in done.out + done.err
        assert given.api.seen == []
