"""`fleet-tui worker` on queues that are not a folder of its own machine, from the outside."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.queue.site import ANSWER
from tests.support.nats import NatsServer
from tests.support.program import Program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.sshd import SshServer

HERE = {"name": "here", "connection": "local", "roles": ["primary"]}


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """The program, with a `claude` that always says the same."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "answer").write_bytes(ANSWER)
    claude = folder / "claude"
    claude.write_text(f"#!/bin/sh\ncat > /dev/null\ncat '{folder}/answer'\n")
    claude.chmod(0o755)
    return Program(tmp_path, {"PATH": f"{folder}:{os.environ['PATH']}"})


@pytest.fixture
def nats(tmp_path: Path) -> Iterator[NatsServer]:
    with NatsServer(tmp_path) as running:
        yield running


def works_off(program: Program, place: str) -> None:
    """Two tasks are added, and done once each."""
    added = program.run("queue", "add", "Look at the disks.", "And at the fans.")
    assert added.code == 0, added.err
    done = program.run("worker", "--once", "--concurrency", "2")
    assert done.code == 0, done.err
    assert f"from {place}" in done.lines[0]
    assert done.lines[-1].endswith("took 2 and has ended")
    listed = program.run("queue", "list", "--json").objects
    assert {task["task"]: task["state"] for task in listed} == dict.fromkeys(added.lines, "done")
    assert {(task["owner"], task["attempt"]) for task in listed} == {("here", 1)}
    shown = program.run("queue", "show", added.lines[0])
    assert "all is fine" in shown.out


def test_a_worker_on_a_folder_of_a_hub_over_sftp(
    program: Program, server: SshServer, tmp_path: Path
) -> None:
    folder = server.home / f"queue-{tmp_path.name}"
    program.configure(
        [HERE, {"name": "hub"}],
        ssh_config=server.client_config("hub").ssh_config,
        more=f'[queue]\nhost = "hub"\npath = "{folder}"',
    )
    works_off(program, f"hub:{folder}")
    assert len(list((folder / "done").glob("*.md"))) == 2
    assert list((folder / "running").iterdir()) == []


def test_a_worker_on_nats_is_told_what_its_server_lacks(program: Program, nats: NatsServer) -> None:
    program.configure([HERE], more=f'[queue]\nbackend = "nats"\nurl = "{nats.url}"')
    works_off(program, nats.url)
    version = nats.version()
    is_old = tuple(map(int, version.split(".")[:2])) < (2, 11)
    weakness = f"nats-server {version} acknowledges before it writes to disk"
    assert (weakness in program.run("queue", "list").out) == is_old
