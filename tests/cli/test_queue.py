"""`fleet-tui queue`, `worker --install` and `heartbeats` as a person types them."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from fleet_tui.cli.queue_tasks import TEMPLATE
from fleet_tui.model.task import TaskOptions
from fleet_tui.queue.frontmatter import parse_task
from tests.support.parts import require

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.program import Program


@pytest.fixture
def queue(program: Program, tmp_path: Path) -> Program:
    """The program with a queue, and a key to sign with."""
    make = ["-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "key")]
    subprocess.run([require("ssh-keygen"), *make], check=True, timeout=60)
    public = (tmp_path / "key.pub").read_text()
    (tmp_path / "allowed").write_text(f'op namespaces="fleet-task" {public}')
    more = '[queue]\npath = "queue"\nallowed_signers = "allowed"\nsigning_key = "key"'
    here = {"name": "here", "connection": "local", "roles": ["primary"]}
    program.configure([here], more=more)
    return program


def states(queue: Program) -> dict[str, str]:
    return {task["task"]: task["state"] for task in queue.run("queue", "list", "--json").objects}


def test_tasks_come_from_words_files_and_stdin(queue: Program, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text('+++\ntags = ["night"]\n+++\nFrom a file.')
    assert queue.run("queue", "add", "Look at it", "And at that").code == 0
    added = queue.run("queue", "add", "-f", "a.md", "--needs", "gpu", "--budget", "0.5")
    assert added.code == 0
    file = tmp_path / "queue" / "pending" / f"{added.lines[0]}.md"
    options = parse_task("a", file.read_bytes()).options
    assert (options.needs, options.tags, options.budget_usd) == (("gpu",), ("night",), 0.5)
    assert queue.run("queue", "add", "--name", "piped", stdin=b"From a pipe.").lines == ["piped"]
    listed = queue.run("queue", "list", "--json").objects
    assert {task["title"] for task in listed} == {
        "Look at it",
        "And at that",
        "From a file.",
        "From a pipe.",
    }
    tagged = queue.run("queue", "list", "--json", "--tag", "night").objects
    assert [task["title"] for task in tagged] == ["From a file."]
    shown = queue.run("queue", "list").out
    assert "4 pending (at-least-once run, exactly-once commit)" in shown
    assert "4 pending, no worker: start one with `fleet-tui worker`" in shown


def test_the_template_names_options_that_there_are() -> None:
    used = TEMPLATE.replace("# ", "") + "Do it."
    assert parse_task("new", used.encode()).options == TaskOptions(
        target="@web", agent="claude", mode="read", needs=("gpu",), budget_usd=0.5
    )


def test_what_cannot_be_a_task_is_refused_whole(queue: Program, tmp_path: Path) -> None:
    (tmp_path / "big.md").write_bytes(b"x" * 600_000)
    for arguments, told in (
        (("-f", "big.md"), "is too long"),
        (("-f", "none.md"), "none.md: cannot be read"),
        (("--name", "../x", "words"), "cannot be a task's name"),
        (("good", "+++\nnonsense = 1\n+++\nbad"), "nonsense"),
    ):
        done = queue.run("queue", "add", *arguments)
        assert done.code == 2
        assert told in done.err
    assert states(queue) == {}


def test_orders_one_after_the_other(queue: Program) -> None:
    queue.run("queue", "add", "--name", "first", "a")
    queue.run("queue", "add", "--name", "second", "b")
    assert queue.run("queue", "hold", "first").lines == ["first: held"]
    assert states(queue) == {"first": "held", "second": "pending"}
    queue.run("queue", "unhold", "fir")
    queue.run("queue", "reorder", "second", "--first")
    assert [task["task"] for task in queue.run("queue", "list", "--json").objects] == [
        "second",
        "first",
    ]
    queue.run("queue", "cancel", "first")
    assert states(queue)["first"] == "cancelled"
    queue.run("queue", "retry", "first")
    assert states(queue)["first"] == "pending"
    queue.run("queue", "pause")
    orders = [
        (line["order"], line.get("tasks")) for line in queue.run("log", "--json", "queue").objects
    ]
    assert orders == [
        ("add", "first"),
        ("add", "second"),
        ("hold", "first"),
        ("unhold", "first"),
        ("priority", "second"),
        ("cancel", "first"),
        ("retry", "first"),
        ("pause", None),
    ]
    done = queue.run("queue", "show", "nothing")
    assert (done.code, done.out) == (2, "")
    assert "no task called nothing (see `fleet-tui queue list`)" in done.err


def test_a_task_is_signed_and_openssh_agrees(queue: Program, tmp_path: Path) -> None:
    queue.run("queue", "add", "--name", "late", "x")
    assert "signed with" in queue.run("queue", "sign", "late").out
    assert "signature: valid, by op" in queue.run("queue", "show", "late").out
    task = tmp_path / "queue/pending/late.md"
    verify = ["-Y", "verify", "-f", "allowed", "-I", "op", "-n", "fleet-task", "-s", f"{task}.sig"]
    checked = subprocess.run(
        [require("ssh-keygen"), *verify],
        input=task.read_bytes(),
        cwd=tmp_path,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr
    task.write_bytes(task.read_bytes() + b" and more")
    assert "signature: changed: it was changed" in queue.run("queue", "show", "late").out


def test_a_task_is_changed_in_the_editor(queue: Program, tmp_path: Path) -> None:
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\necho "And more." >> "$1"\n')
    editor.chmod(0o755)
    queue.env = {"EDITOR": str(editor)}
    queue.run("queue", "add", "--name", "draft", "Look.")
    assert queue.run("queue", "edit", "draft").lines == ["draft: changed"]
    assert "> And more." in queue.run("queue", "show", "draft").out


def test_a_worker_prints_and_writes_what_starts_it(queue: Program) -> None:
    printed = queue.run("worker", "--install", "--manager", "systemd", "--label", "gpu")
    assert "worker --host here --concurrency 1 --label gpu" in printed.out
    written = queue.run("worker", "--install", "--manager", "systemd", "--write")
    assert written.code == 0
    unit = queue.home / ".config/systemd/user/fleet-tui-worker.service"
    assert "[Service]" in unit.read_text()
    assert queue.run("worker", "--host", "nobody").code == 2


def test_heartbeats_tell_who_is_there(queue: Program, tmp_path: Path) -> None:
    looked = queue.run("heartbeats")
    assert "no heartbeats" in looked.out
    assert "heartbeats of queue" in looked.err
    assert "there is no queue there yet" in looked.err
    queue.run("queue", "add", "--name", "first", "a")
    beat = tmp_path / "queue/.heartbeats/nas1"
    beat.write_text("Mon May 18 10:42:01 nas1 alive\n")
    done = queue.run("heartbeats", "--json")
    (told,) = done.objects
    assert (told["name"], told["kind"], told["state"]) == ("nas1", "other", "new")
    assert done.code == 0


def test_looking_for_a_queue_makes_none(queue: Program, tmp_path: Path) -> None:
    for command in (("list",), ("show", "x"), ("report",)):
        looked = queue.run("queue", *command)
        assert (looked.code, looked.out) == (1, "")
        (line,) = looked.err.splitlines()
        assert f"{tmp_path}/queue: there is no queue there yet" in line
        assert "`fleet-tui queue add` or a worker makes it" in line
    assert "there is no queue there yet" in queue.run("doctor").out
    assert not (tmp_path / "queue").exists()


def test_without_a_queue_the_mend_is_told(program: Program) -> None:
    program.configure([{"name": "here", "connection": "local"}])
    done = program.run("queue", "list")
    assert done.code == 2
    assert "there is no [queue]" in done.err
    assert "path =" in done.err
