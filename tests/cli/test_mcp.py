"""`fleet-tui mcp` from outside: status with its exit codes, config, and serving an agent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.mcp.asked import PEER
from tests.support.mcp_peer import HOSTILE

if TYPE_CHECKING:
    from tests.support.program import Done, Program
    from tests.support.sshd import SshServer


def declared(name: str, command: str, host: str = "web01") -> str:
    return f'[[mcp]]\nname = "{name}"\nhost = "{host}"\ncommand = {json.dumps(command)}\n'


def configure(program: Program, server: SshServer, *servers: str) -> None:
    program.configure_for(server, "web01", more="\n".join(servers))
    with program.config.open("a") as file:
        file.write('[[host]]\nname = "gone"\naddress = "127.0.0.1"\nport = 9\n')


@pytest.mark.parametrize(
    ("servers", "code"),
    [
        (("good",), 0),
        (("good", "bad"), 1),
        (("good", "bad", "lost"), 4),
        ((), 0),
    ],
)
def test_status_ends_with_the_worst(
    program: Program, server: SshServer, servers: tuple[str, ...], code: int
) -> None:
    all_of_them = {
        "good": declared("good", PEER),
        "bad": declared("bad", "exit 3"),
        "lost": declared("lost", "x", "gone"),
    }
    configure(program, server, *(all_of_them[name] for name in servers))
    done = program.run("mcp", "status", "--json")
    assert done.code == code
    assert [found["name"] for found in done.events("mcp-server")] == list(servers)
    states = {found["name"]: found["state"] for found in done.objects}
    assert states == {n: {"good": "up", "bad": "failing", "lost": "unknown"}[n] for n in servers}


def test_status_says_what_is_wrong_and_how_to_mend_it(program: Program, server: SshServer) -> None:
    configure(program, server, declared("good", PEER), declared("bad", "no-such-mcp"))
    done = program.run("mcp", "status", "-v")
    head, good, bad = done.lines[:3]
    assert head.split()[:5] == ["name", "host", "transport", "state", "tools"]
    assert good.split()[:5] == ["good", "web01", "stdio", "up", "2"]
    assert bad.split()[:4] == ["bad", "web01", "stdio", "failing"]
    assert "good/add: Add numbers." in done.lines
    assert "bad: it ended with status 127" in done.err
    assert "install it on web01" in done.err
    assert program.run("mcp", "status", "good").code == 0
    missing = program.run("mcp", "status", "goods")
    assert (missing.code, missing.out) == (2, "")
    assert 'did you mean "good"?' in missing.err


def test_a_hostile_server_writes_nothing_but_text(program: Program, server: SshServer) -> None:
    configure(program, server, declared("evil", f"{PEER} hostile"))
    done = program.run("mcp", "status", "-v")
    assert "evil" in done.out
    assert HOSTILE not in done.out
    assert b"\x1b" not in done.raw_out + done.raw_err


def test_config_is_for_the_machine_that_is_named(program: Program, server: SshServer) -> None:
    configure(program, server, declared("files", "files-mcp"))
    there = program.run("mcp", "config", "--host", "web01")
    assert json.loads(there.out)["mcpServers"]["files"]["command"] == "sh"
    here = program.run("mcp", "config")
    assert json.loads(here.out)["mcpServers"]["files"]["command"] == "ssh"
    nowhere = program.run("mcp", "config", "--host", "web")
    assert (nowhere.code, nowhere.out) == (2, "")


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ("", "mcp[1].command: missing; a server needs a command, or a url"),
        ('transport = "http"\n', "mcp[1].url: missing; http needs where the server listens"),
        ('transport = "stdio"\nurl = "http://h/x"\n', "mcp[1].command: missing; stdio needs"),
        ('url = "ftp://h/x"\n', 'mcp[1].url: found "ftp://h/x"; allowed: a URL that begins'),
        ('command = "x"\n[[mcp]]\nname = "m"\ncommand = "y"\n', 'mcp[2].name: "m" is declared'),
    ],
)
def test_what_cannot_be_reached_is_told_by_check(program: Program, keys: str, problem: str) -> None:
    program.configure(["web01"], more=f'[[mcp]]\nname = "m"\n{keys}')
    done = program.run("check")
    assert done.code == 2
    assert problem in done.out + done.err


def talk(program: Program, *flags: str, calls: tuple[tuple[str, dict[str, Any]], ...]) -> Done:
    begin = {"protocolVersion": "2025-11-25", "clientInfo": {"name": "tester", "version": "1"}}
    messages: list[dict[str, Any]] = [
        {"jsonrpc": "2.0", "id": "hi", "method": "initialize", "params": begin},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": "tools", "method": "tools/list"},
    ]
    messages += [
        {"jsonrpc": "2.0", "id": n, "method": "tools/call", "params": {"name": t, "arguments": a}}
        for n, (t, a) in enumerate(calls)
    ]
    text = "".join(json.dumps(message) + "\n" for message in messages)
    return program.run("mcp", "serve", *flags, stdin=text.encode())


def answers(done: Done) -> dict[object, Any]:
    return {answer["id"]: answer["result"] for answer in map(json.loads, done.lines)}


def test_served_it_may_only_look_unless_it_is_let(program: Program) -> None:
    program.configure(["web01"])
    wanted = {"target": "web01", "prompt": "look", "budget_usd": 0.5}
    for flags, tools, said in (
        ((), 7, "refused: this server may only look"),
        (("--read-only", "--allow-dispatch"), 7, "refused: this server may only look"),
        (("--allow-dispatch",), 9, "mode unrestricted is never open to origin mcp"),
    ):
        done = talk(program, *flags, calls=(("dispatch", {**wanted, "mode": "unrestricted"}),))
        found = answers(done)
        assert (done.code, done.err) == (0, "")
        assert found["hi"]["serverInfo"]["name"] == "fleet-tui"
        assert len(found["tools"]["tools"]) == tools
        assert found[0]["isError"] is True
        assert said in found[0]["content"][0]["text"]
    assert program.run("log", "--verify").code == 0
    calls = program.run("log", "--json", "mcp-call")
    assert len(calls.lines) == 3
    assert "tester" in calls.out
