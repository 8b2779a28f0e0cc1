"""The queue from the outside: the real `claude` on a real sshd, and workers that are killed."""

from __future__ import annotations

import signal
from collections import Counter
from typing import TYPE_CHECKING, Any

from tests.agents.cases import Case, environment
from tests.e2e.test_agents import site
from tests.support.clis import require_cli
from tests.support.model_api import ModelApi
from tests.support.program import PATIENCE, Program

if TYPE_CHECKING:
    from pathlib import Path

SLOW = "[[endless]] [[text:all six disks are well]] [[usage:100:50]]"
"""Until the model is let go on."""
QUICK = "[[text:nothing to report]] [[usage:100:50]]"


def with_queue(program: Program, folder: Path, **keys: str) -> None:
    """Add a queue to fleet.toml."""
    lines = [f'{key} = "{value}"' for key, value in {"path": str(folder), **keys}.items()]
    with program.config.open("a") as config:
        config.write("\n[queue]\n" + "\n".join(lines) + "\n")


def listed(program: Program) -> list[dict[str, Any]]:
    return program.run("queue", "list", "--json").objects


def test_a_killed_worker_finds_its_run_again_and_commits_it_once(tmp_path: Path) -> None:
    with site(tmp_path, "claude", Case("queue", SLOW, "ok")) as here:
        program = here.program
        with_queue(program, tmp_path / "queue", lease="60s")
        (name,) = program.run("queue", "add", "--json", SLOW).objects
        with program.running("worker", "--host", "box") as worker:
            assert "box" in worker.line()
            assert here.api.wait_until_streaming(PATIENCE)
            worker.signal(signal.SIGKILL)
            worker.end()
        (task,) = listed(program)
        assert (task["task"], task["state"]) == (name["task"], "running")
        here.api.release()
        with program.running("worker", "--host", "box", "--once") as again:
            done = again.end()
        assert done.code == 0, done.err
        (task,) = listed(program)
        assert (task["state"], task["attempt"], task["owner"]) == ("done", 1, "box")
        assert "all six disks are well" in program.run("queue", "show", name["task"]).out
        log = program.run("log", "--json").objects
        told = Counter(line["event"] for line in log if line["event"] in ("claim", "commit"))
        assert told == {"claim": 1, "commit": 1}
        assert len({line["run"] for line in log if line["event"] == "dispatch"}) == 1
        assert len(program.run("runs", "--json").objects) == 1
        assert program.run("log", "--verify").code == 0


def test_a_stop_lets_what_runs_end_and_the_report_tells_it(tmp_path: Path) -> None:
    with site(tmp_path, "claude", Case("queue", SLOW, "ok")) as here:
        program = here.program
        with_queue(program, tmp_path / "queue")
        program.run("queue", "add", "--name", "first", "--priority", "5", SLOW)
        program.run("queue", "add", "--name", "second", QUICK)
        with program.running("worker", "--host", "box") as worker:
            worker.line()
            assert here.api.wait_until_streaming(PATIENCE)
            worker.signal(signal.SIGTERM)
            worker.until_told("finishes first")
            here.api.release()
            done = worker.end()
        assert done.code == 0, done.err
        states = {task["task"]: task["state"] for task in listed(program)}
        assert states == {"first": "done", "second": "pending"}
        assert program.run("worker", "--host", "box", "--once").code == 0
        report = program.run("queue", "report")
        assert report.code == 0
        assert "0 failed, 0 needs a human, 2 fine" in report.out
        assert program.run("heartbeats").code == 0


def test_a_worker_that_does_not_lead_finds_its_own_run_again(tmp_path: Path) -> None:
    home, work = tmp_path / "agent-home", tmp_path / "work"
    home.mkdir()
    work.mkdir()
    with ModelApi() as api:
        env = environment("claude", Case("queue", SLOW, "ok"), api.url, home)
        program = Program(tmp_path, env=env)
        lead = {"name": "lead", "address": "127.0.0.1", "port": 1, "roles": ["primary"]}
        here = {"name": "here", "connection": "local", "workdir": str(work), "roles": ["worker"]}
        program.configure([lead, here])
        with program.config.open("a") as config:
            config.write(f"agent_paths = {{ claude = {require_cli('claude')!r} }}\n")
        with_queue(program, tmp_path / "queue", lease="60s")
        program.run("queue", "add", "--name", "own", SLOW)
        with program.running("worker") as worker:
            assert worker.line().startswith("here works for here")
            assert api.wait_until_streaming(PATIENCE)
            worker.signal(signal.SIGKILL)
            worker.end()
        api.release()
        assert program.run("worker", "--once").code == 0
        (task,) = listed(program)
        assert (task["state"], task["attempt"]) == ("done", 1)
        assert len(program.run("runs", "--json").objects) == 1
