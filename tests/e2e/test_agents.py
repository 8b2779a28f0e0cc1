"""The real `claude` and `codex` programs on a real sshd, asked through `fleet-tui run`."""

from __future__ import annotations

import re
import signal
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.agents.cases import CLAUDE_CASES, CODEX_CASES, FILE, OPUS, Case, environment
from tests.support.clis import require_cli
from tests.support.model_api import ModelApi
from tests.support.program import PATIENCE, Program
from tests.support.sshd import SshServer
from tests.support.tmux import Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fleet_tui.model.run import AgentName

CLAUDE = ("text", "write-tool", "denied", "529", "no-key", "interrupt")
CODEX = ("text", "write-tool", "500", "no-key", "interrupt")


@dataclass
class Site:
    """A host with an agent, the model it asks, and our program in front of it."""

    program: Program
    api: ModelApi
    agent: AgentName
    work: Path

    def arguments(self, case: Case) -> list[str]:
        prompt = case.prompt.replace("WORK", str(self.work))
        return [
            "run",
            "all",
            "--agent",
            self.agent,
            "--mode",
            case.mode,
            "--json",
            "--",
            prompt,
        ]


@contextmanager
def site(folder: Path, agent: AgentName, case: Case) -> Iterator[Site]:
    """Start sshd and the model; configure one host that has the agent at a pinned path."""
    home, work = folder / "agent-home", folder / "work"
    home.mkdir()
    work.mkdir()
    (work / FILE).write_text("alpha\n")
    with ModelApi() as api:
        env = environment(agent, case, api.url, home)
        with SshServer(folder, env=env) as server:
            program = Program(folder)
            program.configure_for(server, "box", workdir=str(work), more=OPUS)
            with program.config.open("a") as config:
                config.write(f"agent_paths = {{ {agent} = {require_cli(agent)!r} }}\n")
            yield Site(program, api, agent, work)


def named(cases: tuple[Case, ...], names: tuple[str, ...]) -> list[Case]:
    return [case for case in cases if case.name in names]


def carried_out(here: Site, case: Case) -> dict[str, object]:
    """Run the case; return its end as `--json` tells it, after checking what must agree with it."""
    with here.program.running(*here.arguments(case)) as run:
        if case.stops:
            assert here.api.wait_until_streaming(PATIENCE)
            if here.agent == "claude":
                here.program.until_answering()
            run.signal(signal.SIGINT)
        done = run.end()
    assert done.err == ""
    (end,) = done.events("run-finished")
    (line,) = here.program.run("log", "--json", "result").objects
    assert (line["status"], line["outcome"]) == (end["state"], end["outcome"])
    assert line.get("cost") == (
        None if end["cost_usd"] is None else pytest.approx(end["cost_usd"], abs=1e-6)
    )
    assert done.code == (130 if case.stops else 0 if end["state"] == "succeeded" else 1)
    return {"told": done, **end}


@pytest.mark.parametrize("case", named(CLAUDE_CASES, CLAUDE), ids=str)
def test_claude_is_judged_right_with_its_cost(case: Case, tmp_path: Path) -> None:
    with site(tmp_path, "claude", case) as here:
        end = carried_out(here, case)
        assert end["outcome"] == case.outcome, end
        assert end["session"]
        if case.stops:
            assert end["state"] == "cancelled"
            assert end["cost_usd"] == pytest.approx(here.api.charged_usd, abs=0.005)
        else:
            assert end["cost_usd"] == pytest.approx(here.api.charged_usd)
            assert end["state"] == ("succeeded" if case.outcome in ("ok", "denied") else "failed")
        if case.name == "text":
            assert end["answer"] == "Hello from the mock"
        if case.name == "write-tool":
            assert (here.work / "made.txt").read_text() == "one\n"
        if case.name == "no-key":
            assert end["mend"]


@pytest.mark.parametrize("case", named(CODEX_CASES, CODEX), ids=str)
def test_codex_is_judged_right_and_its_cost_is_unknown(case: Case, tmp_path: Path) -> None:
    with site(tmp_path, "codex", case) as here:
        end = carried_out(here, case)
        assert end["outcome"] == case.outcome, end
        free = case.outcome not in ("ok", "killed")
        assert end["cost_usd"] == (0.0 if free else None)
        if case.name == "text":
            assert end["answer"] == "Hello from the mock"
        assert (here.work / "made.txt").exists() == (case.mode == "write")


def test_the_events_on_the_way_are_told(tmp_path: Path) -> None:
    (case,) = named(CLAUDE_CASES, ("write-tool",))
    with site(tmp_path, "claude", case) as here, here.program.running(*here.arguments(case)) as run:
        done = run.end()
    spoken = [(found["kind"], found["text"]) for found in done.events("agent")]
    assert ("tool", "Bash: echo one > made.txt; cat made.txt") in spoken
    assert ("tool-result", "one") in spoken
    assert done.events("agent")[0].keys() >= {"event", "time", "run", "host", "kind", "text"}
    assert done.events("run-started")[0]["session"] == done.events("run-finished")[0]["session"]


def test_claude_at_work_on_the_screen(tmp_path: Path) -> None:
    prompt = '[[tool:Bash:{"command":"echo one > made.txt; cat made.txt"}]] [[text:All is made]]'
    case = Case("screen", prompt, "ok", mode="write")
    with (
        site(tmp_path, "claude", case) as here,
        Terminal(tmp_path / "terminal", here.program.environment, 120, 40) as screen,
    ):
        screen.start()
        screen.until("box .*up", "q quit")
        screen.keys("d")
        screen.until("Dispatch", "target +box")
        screen.type(prompt)
        screen.keys("BTab", "Right", "Right")
        screen.until(r"\[write\]", "claude · write")
        screen.keys("F5")
        screen.until("1/1 done", "All is made")
        assert (here.work / "made.txt").exists()
        cost = f"${here.api.charged_usd:.4f}"
        screen.until("Bash: echo one > made.txt; cat made.txt", re.escape(cost))
        screen.keys("q")
        assert screen.ended() == 0


def test_denied_and_overloaded_on_the_screen(tmp_path: Path) -> None:
    (case,) = named(CLAUDE_CASES, ("529",))
    denied = '[[tool:Bash:{"command":"touch made.txt"}]]'
    with (
        site(tmp_path, "claude", case) as here,
        Terminal(tmp_path / "terminal", here.program.environment, 120, 40) as screen,
    ):
        screen.start()
        screen.until("box .*up", "q quit")
        for prompt, told in ((denied, "denied.*Bash"), (case.prompt, "failed.*529|529.*verload")):
            screen.keys("d")
            screen.until("Dispatch", "target +box")
            screen.type(prompt)
            screen.keys("F5")
            screen.until("1/1 done", told)
        screen.keys("q")
        assert screen.ended() == 0
