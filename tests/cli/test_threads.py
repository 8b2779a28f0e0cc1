"""`fleet-tui threads` over a real sshd."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.handoff.planted import (
    OTHER,
    SESSION,
    THREAD,
    claude_lines,
    plant_claude,
    plant_codex,
)
from tests.support.sshd import SshServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.program import Program


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("their home")


@pytest.fixture(scope="module")
def server(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    plant_claude(home, raw=b'{"type":"us')
    shouting = claude_lines(("user", 'Say "Where is the CART?"'), ("assistant", "x " * 99))
    plant_claude(home, OTHER, shouting, slug="-srv-b", changed_at=1_794_000_000)
    plant_codex(home)
    (home / ".claude" / "projects" / "-srv-b" / "memory").mkdir()
    folder = tmp_path_factory.mktemp("sshd")
    with SshServer(folder, env={"HOME": str(home)}) as running:
        yield running


@pytest.fixture
def fleet(program: Program, server: SshServer) -> Program:
    program.configure_for(server, "box")
    return program


def test_the_newest_come_first_with_what_was_asked(fleet: Program, home: Path) -> None:
    done = fleet.run("threads", "--json")
    assert done.code == 0
    found = done.events("thread")
    assert [one["session"] for one in found] == [THREAD, SESSION, OTHER]
    assert (
        found[0].items()
        >= {
            "host": "box",
            "agent": "codex",
            "folder": "/srv/api",
            "branch": "dev",
            "title": "count the Routes",
        }.items()
    )
    assert found[1].items() >= {"title": "mend the cart", "folder": "/srv/app"}.items()
    assert found[1]["path"].startswith(str(home))
    assert done.events("threads-of-host")[0]["total"] == 3
    told = fleet.run("threads", "box", "--limit", "1")
    assert "count the Routes" in told.out
    assert "2 older threads" in told.err


def test_a_search_finds_what_was_said_in_any_case(fleet: Program) -> None:
    done = fleet.run("threads", "--search", "the cart", "--json")
    found = done.events("thread-found")
    assert [one["session"] for one in found] == [SESSION, OTHER]
    assert found[1]["said"] == [{"by": "user", "text": 'Say "Where is the CART?"'}]
    assert done.events("threads-of-host")[0]["broken_lines"] == 1
    (quoted,) = fleet.run("threads", "--search", '"where', "--json").events("thread-found")
    assert quoted["session"] == OTHER
    assert fleet.run("threads", "--search", "api.py", "--json").events("thread-found")
    nothing = fleet.run("threads", "--search", "gitBranch")
    assert "nobody said" in nothing.out


def test_one_is_shown_from_its_end(fleet: Program) -> None:
    done = fleet.run("threads", "show", "box", SESSION[:8], "--tail", "1")
    assert done.out == "  It is mended.\n\n"
    assert "there is more before it" in done.err
    said = fleet.run("threads", "show", "box", THREAD, "--json").events("said")
    assert [(one["by"], one["text"]) for one in said] == [
        ("user", "count the Routes"),
        ("tool", 'shell: {"c": "ls"}'),
        ("result", "api.py"),
        ("assistant", "There are two."),
    ]


def test_what_is_wrong_is_told_in_a_line(fleet: Program) -> None:
    missing = fleet.run("threads", "show", "box", "ffff")
    assert (missing.code, missing.err.count("\n")) == (2, 1)
    assert "no thread with id ffff on box" in missing.err
    assert fleet.run("threads", "--search", "x").code == 2
    assert fleet.run("threads", "a", "b").code == 2


def test_a_host_says_where_its_transcripts_are(
    program: Program, server: SshServer, tmp_path: Path
) -> None:
    plant_claude(tmp_path / "elsewhere")
    moved = str(tmp_path / "elsewhere" / ".claude")
    program.configure_for(server, "box")
    with program.config.open("a") as config:
        config.write(f"env = {{ CLAUDE_CONFIG_DIR = {json.dumps(moved)} }}\n")
    found = program.run("threads", "--json").events("thread")
    assert [one["path"] for one in found if one["agent"] == "claude"] == [
        f"{moved}/projects/-srv-app/{SESSION}.jsonl"
    ]


def test_an_unreachable_host_hides_no_other(program: Program, server: SshServer) -> None:
    client = server.client_config("box")
    more = "Host gone\n  HostName 127.0.0.1\n  Port 1\n"
    client.ssh_config.write_text(client.ssh_config.read_text() + more)
    program.configure(["box", "gone"], ssh_config=client.ssh_config)
    done = program.run("threads")
    assert done.code == 4
    assert "mend the cart" in done.out
    assert "gone" in done.err
