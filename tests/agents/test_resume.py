"""A finished session goes on with a second prompt, in the real programs."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from fleet_tui.agents.registry import adapter
from fleet_tui.model.agent import AgentRequest
from fleet_tui.model.errors import UsageError
from tests.agents.cases import Case, environment
from tests.agents.running import run_agent
from tests.support.clis import require_cli
from tests.support.model_api import ModelApi

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_tui.model.run import AgentName

CASE = Case("resume", "say something", "ok")


@pytest.mark.parametrize("agent", ["claude", "codex"])
async def test_the_second_prompt_goes_to_the_same_session(agent: AgentName, tmp_path: Path) -> None:
    home, work = tmp_path / "home", tmp_path / "work"
    home.mkdir()
    work.mkdir()
    with ModelApi() as api:
        env = environment(agent, CASE, api.url, home)
        first = AgentRequest(
            run="r-1",
            binary=require_cli(agent),
            prompt="the first question",
            mode="read",
            session=str(uuid.uuid4()),
            workdir=str(work),
        )
        begun = await run_agent(adapter(agent), first, env=env, cwd=work)
        session = begun.verdict.session
        assert session
        second = replace(first, prompt="the second question", session=session, resumes=True)
        gone_on = await run_agent(adapter(agent), second, env=env, cwd=work)
    assert (begun.verdict.outcome, gone_on.verdict.outcome) == ("ok", "ok")
    assert gone_on.verdict.session == session
    assert gone_on.answer_shown


@pytest.mark.parametrize("agent", ["claude", "codex"])
def test_what_is_no_session_never_becomes_an_argument(agent: AgentName) -> None:
    request = AgentRequest(
        run="r-1", binary="/a", prompt="x", mode="read", session="--last", resumes=True
    )
    with pytest.raises(UsageError):
        adapter(agent).command(request)
