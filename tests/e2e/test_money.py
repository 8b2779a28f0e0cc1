"""What runs cost, with the real programs on a real sshd, against what the mock model charged."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.agents.cases import ENDLESS, OPUS, Case, environment
from tests.support.clis import require_cli
from tests.support.model_api import ModelApi
from tests.support.program import Program
from tests.support.sshd import SshServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fleet_tui.model.run import AgentName

GPT = """
[[price]]
model = "*"
input = 1.0
cached_input = 0.5
output = 10.0
as_of = "2026-11-20"
"""


@dataclass
class Site:
    """A host with an agent, the model it asks, and our program in front of it."""

    program: Program
    api: ModelApi

    def run(self, *arguments: str) -> dict[str, Any]:
        """Run a command line with `--json`; return the end of its one run."""
        *words, prompt = arguments
        done = self.program.run(*words, "--json", "--", prompt)
        assert done.err == ""
        (end,) = done.events("run-finished")
        return end

    def interrupted(self) -> dict[str, Any]:
        """Run a prompt without end and interrupt it while the answer streams in."""
        with self.program.running("run", "all", "--json", "--", ENDLESS) as run:
            self.program.until_answering()
            run.signal(signal.SIGINT)
            (end,) = run.end().events("run-finished")
        return end


@contextmanager
def site(folder: Path, agent: AgentName, more: str = "") -> Iterator[Site]:
    """Start sshd and the model; configure one host that has the agent at a pinned path."""
    home, work = folder / "agent-home", folder / "work"
    home.mkdir()
    work.mkdir()
    with ModelApi() as api:
        env = environment(agent, Case("money", "hello", "ok"), api.url, home)
        with SshServer(folder, env=env) as server:
            program = Program(folder)
            more = f'[defaults]\nagent = "{agent}"\n{more}'
            program.configure_for(server, "box", workdir=str(work), more=more)
            with program.config.open("a") as config:
                config.write(f"agent_paths = {{ {agent} = {require_cli(agent)!r} }}\n")
            yield Site(program, api)


def test_new_resumed_forked_and_interrupted_runs_add_up_to_what_was_charged(
    tmp_path: Path,
) -> None:
    with site(tmp_path, "claude", OPUS) as here:
        stopped = here.interrupted()
        assert stopped["state"] == "cancelled"
        new = here.run("run", "all", "[[usage:20000:3000]] new")
        onward = here.run("resume", new["run"], "[[usage:30000:1000]] go on")
        copy = here.run("resume", new["run"], "--fork", "[[usage:10000:5000]] another way")
        assert onward["session"] == new["session"] != copy["session"]
        last = here.run("resume", stopped["run"], "[[usage:40000:2000]] after all")
        ends = [new, onward, copy, stopped, last]
        charged = here.api.charged_usd
        assert sum(end["cost_usd"] for end in ends) == pytest.approx(charged, abs=0.005), ends
        assert round(sum(end["cost_usd"] for end in ends), 2) == round(charged, 2) > 0.5
        runs = here.program.run("runs", "--json").objects
        assert sum(run["cost_usd"] for run in runs) == pytest.approx(charged, abs=0.005)


def test_a_day_cap_of_a_cent_refuses_the_second_dispatch(tmp_path: Path) -> None:
    more = "budget_usd = 0.01\n[budget]\nusd_per_day = 0.01"
    with site(tmp_path, "claude", more) as here:
        assert here.run("run", "all", "[[usage:1000:200]] first")["state"] == "succeeded"
        done = here.program.run("run", "all", "--", "second")
        assert done.code == 3
        assert "is left today" in done.err
        assert len(here.api.seen) == 1
        (line,) = here.program.run("log", "--json", "refused").objects
        assert "left today" in line["why"]
        assert len(here.program.run("log", "--json", "dispatch").objects) == 1


def test_codex_is_priced_from_the_table_by_what_its_thread_grew(tmp_path: Path) -> None:
    one = (80 * 1.0 + 40 * 0.5 + 30 * 10.0) / 1_000_000
    with site(tmp_path, "codex", GPT) as here:
        new = here.run("run", "all", "hello")
        onward = here.run("resume", new["run"], "go on")
        copy = here.run("resume", new["run"], "--fork", "another way")
        assert onward["session"] == new["session"] != copy["session"]
        for end in (new, onward, copy):
            assert end["cost_usd"] == pytest.approx(one), end
