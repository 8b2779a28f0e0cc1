"""The real `codex` program, judged by our adapter."""

from __future__ import annotations

import pytest

from tests.agents.cases import CODEX_CASES, Case, play
from tests.support.clis import require_cli


@pytest.fixture(scope="module")
def codex() -> str:
    return require_cli("codex")


@pytest.mark.parametrize("case", CODEX_CASES, ids=str)
async def test_every_way_a_run_can_end_is_judged_right(case: Case, codex: str) -> None:
    run = await play("codex", case, codex)
    verdict = run.finished.verdict
    assert verdict.outcome == case.outcome, verdict.reason
    assert verdict.succeeded == (case.outcome == "ok")
    assert verdict.session
    free = case.outcome not in ("ok", "killed")
    assert verdict.cost_usd == (0.0 if free else None)
    assert run.made == (case.mode == "write")
    if verdict.succeeded:
        assert run.finished.answer_shown == verdict.answer


async def test_a_refused_escalation_is_a_denial(codex: str) -> None:
    arguments = '{"cmd":"touch /root/x","sandbox_permissions":"require_escalated"}'
    case = Case("escalation", f"[[tool:exec_command:{arguments}]]", "denied")
    run = await play("codex", case, codex)
    assert run.finished.verdict.outcome == "denied"
    assert len(run.finished.texts("denied")) == 1
