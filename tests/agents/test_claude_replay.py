"""A conversation taken up again: what the run has written is all that is known."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from fleet_tui.agents.claude_dialogue import ClaudeDialogue
from fleet_tui.model.errors import UsageError
from fleet_tui.model.question import Allow
from fleet_tui.transport.base import ExitStatus
from tests.agents.cases import GATED_CASES, Case
from tests.agents.streams import lines_of, request
from tests.agents.talking import GOOD, init, question, reply, said

if TYPE_CHECKING:
    from fleet_tui.agents.base import Dialogue
    from fleet_tui.model.agent import Verdict


def dialogue_of(case: Case) -> ClaudeDialogue:
    """Return a dialogue for the session of a recorded run."""
    lines = map(json.loads, lines_of(f"claude-{case.name}"))
    session = next((line["session_id"] for line in lines if "session_id" in line), None)
    fields = {"session": session} if session else {}
    asked = request(case.mode, can_ask=True, settings=case.settings, **fields)
    return ClaudeDialogue(asked)


def replayed(dialogue: Dialogue, lines: list[bytes]) -> bytes:
    """Feed what was read before; returns what is sent then."""
    dialogue.begin_replay()
    for line in lines:
        dialogue.feed(line)
        assert dialogue.take_output() == b""
    return dialogue.end_replay()


def live(case: Case) -> tuple[Verdict, list[tuple[str, ...]]]:
    """Return the verdict of a recorded run, and the open questions after each of its lines."""
    dialogue = dialogue_of(case)
    open_after = []
    for line in lines_of(f"claude-{case.name}"):
        dialogue.feed(line)
        open_after.append(tuple(q.id for q in dialogue.questions))
    return dialogue.finish(ExitStatus(code=0)), open_after


@pytest.mark.parametrize("case", GATED_CASES, ids=str)
def test_recorded_conversations_are_judged_right(case: Case) -> None:
    verdict, open_after = live(case)
    assert verdict.outcome == case.outcome, verdict.reason
    assert verdict.cost_usd is not None
    assert open_after[-1] == ()
    assert bool(verdict.was_interrupted) == (case.outcome == "killed")


@pytest.mark.parametrize("case", GATED_CASES, ids=str)
def test_taken_up_at_any_line_it_knows_the_same_and_ends_the_same(case: Case) -> None:
    verdict, open_after = live(case)
    lines = lines_of(f"claude-{case.name}")
    for cut in range(len(lines) + 1):
        dialogue = dialogue_of(case)
        sent = said(replayed(dialogue, lines[:cut]))
        assert not [line for line in sent if line["type"] == "control_response"]
        assert tuple(q.id for q in dialogue.questions) == (open_after[cut - 1] if cut else ())
        for line in lines[cut:]:
            dialogue.feed(line)
        assert dialogue.finish(ExitStatus(code=0)) == verdict


def test_before_any_answer_it_opens_again() -> None:
    dialogue = ClaudeDialogue(request("write", can_ask=True))
    assert replayed(dialogue, []) == dialogue.opening()


def test_requests_that_were_answered_are_not_made_again() -> None:
    dialogue = ClaudeDialogue(request("write", can_ask=True))
    sent = replayed(dialogue, [reply("fleet-settings", GOOD["fleet-settings"])])
    assert [line["request_id"] for line in said(sent)] == ["fleet-initialize", "fleet-servers"]


def test_a_prompt_of_which_nothing_is_seen_is_sent_again_under_the_same_id() -> None:
    lines = [reply(identifier, body) for identifier, body in GOOD.items()]
    first = ClaudeDialogue(request("write", can_ask=True))
    for line in lines:
        first.feed(line)
    again = replayed(ClaudeDialogue(request("write", can_ask=True)), lines)
    assert again == first.take_output()
    assert b'"uuid"' in again
    assert replayed(ClaudeDialogue(request("write", can_ask=True)), [*lines, init()]) == b""


def test_a_question_whose_answer_got_lost_is_asked_again() -> None:
    lines = [*(reply(i, body) for i, body in GOOD.items()), init(), question()]
    dialogue = ClaudeDialogue(request("write", can_ask=True))
    dialogue.begin_replay()
    for line in lines:
        dialogue.feed(line)
    with pytest.raises(UsageError, match="not open"):
        dialogue.answer("q1", Allow())
    assert dialogue.end_replay() == b""
    assert [q.id for q in dialogue.questions] == ["q1"]
    assert b"allow" in dialogue.answer("q1", Allow())


def test_a_violation_found_again_is_told_again_and_interrupted_again() -> None:
    lines = [*(reply(i, body) for i, body in GOOD.items()), init(permissionMode="plan")]
    dialogue = ClaudeDialogue(request("write", can_ask=True))
    (stop,) = said(replayed(dialogue, lines))
    assert stop["request"]["subtype"] == "interrupt"
    assert not dialogue.wants_stdin_open
