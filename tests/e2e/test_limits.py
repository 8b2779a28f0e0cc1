"""A usage limit that ends the real Claude Code on a real sshd, and a run that goes on after it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.agents.cases import Case, environment
from tests.support.clis import require_cli
from tests.support.model_api import ModelApi
from tests.support.program import Program
from tests.support.sshd import SshServer

if TYPE_CHECKING:
    from pathlib import Path

LIMITED = Case("limit", "[[limit:1]] [[text:all done]]", "ok", credential="token")


def test_a_run_waits_for_the_reset_and_goes_on_with_its_session(tmp_path: Path) -> None:
    home, work = tmp_path / "agent-home", tmp_path / "work"
    home.mkdir()
    work.mkdir()
    with ModelApi() as api:
        env = environment("claude", LIMITED, api.url, home)
        with SshServer(tmp_path, env=env) as server:
            program = Program(tmp_path)
            program.configure_for(server, "box", workdir=str(work))
            with program.config.open("a") as config:
                config.write(f"agent_paths = {{ claude = {require_cli('claude')!r} }}\n")
            failed = program.run("run", "all", "--on-limit", "fail", "--json", "--", "[[limit]]")
            assert failed.code == 1
            assert not failed.events("run-parked")
            with program.running(
                "run", "all", "--on-limit", "wait", "--json", "--", LIMITED.prompt
            ) as run:
                parked = run.event("run-parked")
                assert (parked["host"], parked["attempt"]) == ("box", 1)
                done = run.end()
    assert done.code == 0, done.err
    first, second = done.events("run-finished")
    assert (first["state"], first["outcome"]) == ("failed", "rate-limited")
    assert (second["state"], second["session"]) == ("succeeded", first["session"])
    assert second["answer"] == "all done"
    assert len(program.run("log", "--json", "dispatch").objects) == 3
