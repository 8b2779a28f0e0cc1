"""The real `claude` program, asked and answered: what runs is what a person let run."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from fleet_tui.agents.registry import adapter
from fleet_tui.model.agent import AgentRequest
from fleet_tui.model.question import Allow, AllowEdited, Answer, Deny
from tests.agents.cases import (
    ENDLESS,
    GATED_CASES,
    TOUCH,
    Case,
    decide_by,
    environment,
    gated,
    play,
)
from tests.agents.running import run_agent
from tests.support.clis import require_cli
from tests.support.model_api import ModelApi

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_tui.agents.base import Dialogue
    from fleet_tui.model.question import Question
    from fleet_tui.model.run import Outcome
    from tests.agents.cases import Played


@pytest.fixture(scope="module")
def claude() -> str:
    return require_cli("claude")


def check(run: Played, outcome: Outcome) -> Played:
    """Assert how a run ended and that its cost is what the model charged."""
    verdict = run.finished.verdict
    assert verdict.outcome == outcome, verdict.reason
    assert verdict.cost_usd == pytest.approx(run.charged_usd)
    assert verdict.session == run.request.session
    return run


async def played(name: str, claude: str) -> Played:
    """Play a case by its name."""
    case = next(case for case in GATED_CASES if case.name == f"gate-{name}")
    return check(await play("claude", case, claude), case.outcome)


async def ask(prompt: str, outcome: Outcome, answer: Answer, claude: str) -> Played:
    """Play a run whose every question gets the same answer."""
    case = gated("gate", prompt, outcome, answers={"": answer})
    return check(await play("claude", case, claude), outcome)


async def test_a_command_is_asked_for_and_runs_when_it_is_allowed(claude: str) -> None:
    run = await played("allowed", claude)
    (question,) = run.finished.asked
    assert (question.kind, question.tool, question.text) == ("command", "Bash", "touch asked.txt")
    assert (question.run, question.cwd) == ("r-test", str(run.work))
    assert question.description == "make a file"
    assert "approval" in question.why
    assert question.is_exact
    assert "asked.txt" in run.left
    assert "blocked-permission" in run.finished.activities
    assert run.finished.texts("question") == [
        "may it run Bash: touch asked.txt (This command requires approval)"
    ]
    assert run.finished.texts("answer") == ["Bash: allowed"]
    assert run.finished.verdict.answer == "mock reply (after 1 tool results)"


async def test_the_edited_command_is_what_runs(claude: str) -> None:
    run = await played("edited", claude)
    assert "asked.txt" not in run.left
    assert run.left["edited.txt"] == "mine\n"
    assert run.finished.texts("answer") == ["allowed as edited: Bash: echo mine > edited.txt"]


async def test_a_denied_command_does_not_run_and_the_agent_is_told_why(claude: str) -> None:
    run = await played("denied", claude)
    assert "asked.txt" not in run.left
    assert run.finished.texts("tool-result") == ["not on a Friday"]
    assert run.finished.texts("answer") == ["Bash: denied: not on a Friday"]
    assert run.finished.verdict.succeeded


async def test_deny_and_stop_ends_the_turn(claude: str) -> None:
    run = await played("stopped", claude)
    assert run.finished.verdict.was_interrupted
    assert run.finished.texts("answer") == ["Bash: denied and stopped: stop it"]
    assert run.requests == 1


async def test_several_questions_wait_at_once_and_each_gets_its_own_answer(claude: str) -> None:
    run = await played("several", claude)
    assert run.finished.verdict.reason == "2 calls denied: Bash, Read"
    assert len(run.finished.asked) == 4
    assert run.finished.most_open == 2
    assert set(run.left) == {"a.txt", "one"}


async def test_what_the_agent_wants_to_know_can_be_answered(claude: str) -> None:
    run = await played("choice", claude)
    (question,) = run.finished.asked
    assert question.kind == "choice"
    assert question.choices[0].question == "Which one?"
    assert [option.label for option in question.choices[0].options] == ["pg", "my"]
    assert "blocked-input" in run.finished.activities
    assert '"Which one?"="pg"' in run.finished.texts("tool-result")[0]


async def test_unrestricted_asks_nothing_and_is_verified_as_well(claude: str) -> None:
    run = await played("skipped", claude)
    assert run.finished.asked == []
    assert "asked.txt" in run.left


async def test_an_interrupt_withdraws_what_was_asked(claude: str) -> None:
    run = await played("interrupted", claude)
    assert run.finished.verdict.was_interrupted
    assert run.finished.texts("answer") == ["Bash: the question was withdrawn"]
    assert "asked.txt" not in run.left


async def test_an_interrupt_before_the_prompt_sends_none(claude: str) -> None:
    case = gated("gate", "hello", "killed")
    run = check(await play("claude", case, claude, stop_after=lambda finished: None), "killed")
    assert run.finished.verdict.was_interrupted
    assert run.requests == 0


async def test_an_interrupt_stops_an_answer_that_streams_in(claude: str) -> None:
    run = await play("claude", gated("gate", ENDLESS, "killed", stops=True), claude)
    verdict = run.finished.verdict
    assert (verdict.outcome, verdict.was_interrupted) == ("killed", True)
    assert verdict.cost_usd is not None
    assert verdict.cost_usd == pytest.approx(run.charged_usd, abs=0.005)


async def test_files_below_the_folder_are_edited_without_a_question(claude: str) -> None:
    prompt = '[[tool:Write:{"file_path":"WORK/new/a.txt","content":"x"}]]'
    run = await ask(prompt, "ok", Deny(), claude)
    assert run.finished.asked == []
    assert run.left["new/a.txt"] == "x"


@pytest.mark.parametrize(
    "path", ["../out.txt", ".git/hooks/pre-commit", ".claude/settings.json", ".mcp.json"]
)
async def test_a_file_elsewhere_or_one_that_runs_code_is_asked_for(path: str, claude: str) -> None:
    prompt = f'[[tool:Write:{{"file_path":"WORK/{path}","content":"{{}}"}}]]'
    run = await ask(prompt, "denied", Deny(), claude)
    (question,) = run.finished.asked
    assert (question.kind, question.tool) == ("tool", "Write")
    assert json.loads(question.text)["content"] == "{}"
    assert question.why
    assert set(run.left) == {"a.txt"}


async def test_the_edited_arguments_of_a_tool_are_what_it_gets(claude: str) -> None:
    prompt = '[[tool:Write:{"file_path":"WORK/.mcp.json","content":"{}"}]]'

    def elsewhere(dialogue: Dialogue, question: Question) -> Answer:
        return AllowEdited(question.text.replace(".mcp.json", "harmless.json"))

    run = check(await play("claude", gated("gate", prompt, "ok"), claude, elsewhere), "ok")
    assert set(run.left) == {"a.txt", "harmless.json"}


@pytest.mark.parametrize("tool", ["EnterPlanMode", "EnterWorktree", "CronCreate"])
async def test_no_tool_changes_mode_or_folder_or_plans_ahead(tool: str, claude: str) -> None:
    run = await ask(f"[[tool:{tool}:{{}}]]", "denied", Allow(), claude)
    assert run.finished.texts("denied") == [f"{tool}: not in this mode"]


async def test_a_slash_at_the_start_of_a_prompt_is_no_command(claude: str) -> None:
    run = await ask("/cost [[text:not a command]]", "ok", Deny(), claude)
    assert run.finished.verdict.answer == "not a command"


@pytest.mark.parametrize("name", ["allowed", "several", "stopped"])
async def test_a_run_taken_up_again_after_every_line_goes_the_same_way(
    name: str, claude: str
) -> None:
    case = next(case for case in GATED_CASES if case.name == f"gate-{name}")
    prompt = case.prompt.replace("touch asked.txt", "touch it; echo ran >> asked.txt")
    case = Case(**{f: getattr(case, f) for f in case.__slots__} | {"prompt": prompt})
    run = check(await play("claude", case, claude, reconnects=True), case.outcome)
    once = check(await play("claude", case, claude), case.outcome)
    assert run.left == once.left
    assert run.requests == once.requests
    assert run.left.get("asked.txt", "ran\n") == "ran\n"


async def test_a_session_goes_on_with_a_second_prompt_that_asks_as_well(
    claude: str, tmp_path: Path
) -> None:
    home, work = tmp_path / "home", tmp_path / "work"
    home.mkdir()
    work.mkdir()
    case = gated("gate", TOUCH, "ok", answers={"": Allow()})
    spent = []
    with ModelApi() as api:
        env = environment("claude", case, api.url, home)
        first = AgentRequest(
            "r-1", claude, TOUCH, "write", str(uuid.uuid4()), workdir=str(work), can_ask=True
        )
        second = replace(first, run="r-2", resumes=True)
        for request in (first, second):
            run = await run_agent(
                adapter("claude"), request, env=env, cwd=work, decide=decide_by(case)
            )
            assert run.verdict.outcome == "ok", run.verdict.reason
            assert run.verdict.session == first.session
            assert len(run.asked) == 1
            spent.append(run.verdict.cost_usd or 0)
        assert len(api.seen) == 4
        assert sum(spent) == pytest.approx(api.charged_usd)
