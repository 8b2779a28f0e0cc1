from __future__ import annotations

import itertools
from typing import Any

import pytest

from fleet_tui.agents.claude_control import message_id
from fleet_tui.agents.claude_dialogue import ClaudeDialogue
from fleet_tui.model.errors import UsageError
from fleet_tui.model.question import Allow, AllowEdited, Choose, Deny
from fleet_tui.transport.base import ExitStatus
from tests.agents.streams import SESSION, encode, request, result
from tests.agents.talking import GOOD, STARTED, init, question, reply, said, stopping, tool_result
from tests.agents.talking import verified as verified_dialogue

OK = ExitStatus(code=0)
CALL = {"command": "touch x", "description": "why not"}


def fresh(**fields: Any) -> ClaudeDialogue:
    return ClaudeDialogue(request("write", can_ask=True, **fields))


@pytest.mark.parametrize("fields", [{"session": ""}, {"session": "x"}, {"prompt": " "}])
def test_a_request_that_cannot_be_led_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        fresh(**fields)


def test_each_run_of_a_session_has_a_message_of_its_own() -> None:
    assert message_id(SESSION, "r-1") == message_id(SESSION, "r-1")
    assert message_id(SESSION, "r-1") != message_id(SESSION, "r-2")


def test_it_opens_with_questions_and_without_the_prompt() -> None:
    opening = said(fresh(prompt="secret plan").opening())
    assert [line["request"]["subtype"] for line in opening] == [
        "initialize",
        "get_settings",
        "mcp_status",
    ]
    assert "secret plan" not in str(opening)


@pytest.mark.parametrize("order", list(itertools.permutations(GOOD)))
def test_the_prompt_goes_out_once_after_the_last_good_answer(order: tuple[str, ...]) -> None:
    dialogue = fresh(prompt="/look", stdin=b"\xffmore")
    for identifier in order:
        assert dialogue.take_output() == b""
        assert dialogue.feed(reply(identifier, GOOD[identifier])) == []
    (line,) = said(dialogue.take_output())
    assert line["message"] == {"role": "user", "content": " /look\n\n\ufffdmore"}
    dialogue.feed(reply(order[-1], GOOD[order[-1]]))
    assert dialogue.take_output() == b""
    assert dialogue.wants_stdin_open


@pytest.mark.parametrize(
    ("identifier", "body", "words"),
    [
        ("fleet-settings", None, "does not answer get_settings"),
        ("fleet-settings", {}, "which settings it took"),
        ("fleet-settings", {"effective": {}}, "disableAutoMode"),
        ("fleet-servers", {"mcpServers": [{"name": "evil"}]}, "evil"),
        ("fleet-servers", {}, "which MCP servers"),
        ("fleet-initialize", STARTED | {"current_permission_mode": "plan"}, "plan"),
        ("fleet-initialize", STARTED | {"claude_code_version": "2.0.76"}, "too old"),
        ("fleet-initialize", STARTED | {"claude_code_version": 3}, "which version"),
    ],
)
def test_one_answer_that_is_not_as_asked_and_the_prompt_is_never_sent(
    identifier: str, body: dict[str, Any] | None, words: str
) -> None:
    dialogue = fresh()
    events = dialogue.feed(reply(identifier, body))
    assert len(stopping(events)) == 1
    assert words in events[-1].text
    for other in GOOD:
        assert stopping(dialogue.feed(reply(other, GOOD[other]))) == []
    assert dialogue.take_output() == b""
    assert not dialogue.wants_stdin_open
    verdict = dialogue.finish(OK)
    assert (verdict.outcome, verdict.cost_usd) == ("refused", 0)
    assert words in verdict.reason


def test_another_model_than_the_one_asked_for_is_refused() -> None:
    dialogue = fresh(model="haiku")
    assert "haiku" in stopping(dialogue.feed(reply("fleet-settings", GOOD["fleet-settings"])))[0]


@pytest.mark.parametrize(
    "line",
    [
        init(permissionMode="acceptEdits"),
        init(tools=["Bash", "CronCreate"]),
        init(mcp_servers=[{"name": "evil", "status": "connected"}]),
        encode({"type": "system", "subtype": "status", "status": None, "permissionMode": "plan"}),
    ],
)
def test_rights_that_change_later_interrupt_the_agent(line: bytes) -> None:
    dialogue = verified_dialogue()
    assert len(stopping(dialogue.feed(line))) == 1
    (request_line,) = said(dialogue.take_output())
    assert request_line["request"]["subtype"] == "interrupt"
    assert not dialogue.wants_stdin_open
    dialogue.feed(result(subtype="error_during_execution", terminal_reason="aborted_tools"))
    assert dialogue.finish(OK).outcome == "error"


def test_a_question_waits_until_it_is_answered() -> None:
    dialogue = verified_dialogue()
    (event,) = dialogue.feed(question())
    assert (event.kind, event.tool, event.tool_use) == ("question", "Bash", "toolu_q1")
    assert event.question == dialogue.questions[0]
    assert dialogue.activity == "blocked-permission"
    assert "touch x" in dialogue.doing
    dialogue.feed(encode({"type": "system", "subtype": "status", "status": "requesting"}))
    assert dialogue.take_output() == b""
    assert dialogue.activity == "blocked-permission"


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (
            Allow(),
            {"behavior": "allow", "updatedInput": {"command": "touch x", "description": "why not"}},
        ),
        (
            AllowEdited("touch y"),
            {"behavior": "allow", "updatedInput": {"command": "touch y", "description": "why not"}},
        ),
        (Deny("no"), {"behavior": "deny", "message": "no"}),
        (Deny(" "), {"behavior": "deny", "message": "The operator denied this call."}),
        (Deny("no", stops=True), {"behavior": "deny", "message": "no", "interrupt": True}),
    ],
)
def test_an_answer_is_told_to_the_agent(answer: Any, body: dict[str, Any]) -> None:
    dialogue = verified_dialogue()
    dialogue.feed(question())
    (line,) = said(dialogue.answer("q1", answer))
    assert line["response"] == {"subtype": "success", "request_id": "q1", "response": body}
    assert dialogue.questions == ()
    assert dialogue.activity == "working"
    with pytest.raises(UsageError, match="not open"):
        dialogue.answer("q1", answer)


@pytest.mark.parametrize("answer", [AllowEdited(" "), AllowEdited("a\0b"), Choose(("x",))])
def test_an_answer_that_does_not_fit_leaves_the_question_open(answer: Any) -> None:
    dialogue = verified_dialogue()
    dialogue.feed(question())
    with pytest.raises(UsageError):
        dialogue.answer("q1", answer)
    assert len(dialogue.questions) == 1


def test_questions_queue_up_in_order_and_are_closed_each_by_itself() -> None:
    dialogue = verified_dialogue()
    for name in ("q1", "q2", "q3", "q4", "q1"):
        dialogue.feed(question(name, f"touch {name}"))
    assert [q.text for q in dialogue.questions] == ["touch q1", "touch q2", "touch q3", "touch q4"]
    dialogue.answer("q2", Allow())
    withdrawn = dialogue.feed(encode({"type": "control_cancel_request", "request_id": "q3"}))
    assert [event.text for event in withdrawn] == ["Bash: the question was withdrawn"]
    settled = dialogue.feed(tool_result("toolu_q4"))
    assert [event.kind for event in settled] == ["answer", "tool-result"]
    assert [q.id for q in dialogue.questions] == ["q1"]
    assert "q1" in dialogue.doing


def test_a_question_cannot_be_changed_while_it_is_open() -> None:
    dialogue = verified_dialogue()
    dialogue.feed(question("q1", "ls"))
    assert dialogue.feed(question("q1", "rm -rf /")) == []
    assert [q.text for q in dialogue.questions] == ["ls"]
    (line,) = said(dialogue.answer("q1", Allow()))
    assert line["response"]["response"]["updatedInput"]["command"] == "ls"


def test_the_end_of_the_turn_withdraws_what_is_open_and_ends_the_conversation() -> None:
    dialogue = verified_dialogue()
    dialogue.feed(question())
    events = dialogue.feed(result())
    assert [event.kind for event in events] == ["answer", "result"]
    assert dialogue.questions == ()
    assert not dialogue.wants_stdin_open
    assert dialogue.interrupt() == b""
    assert dialogue.finish(OK).outcome == "ok"


def test_a_message_still_queued_keeps_the_conversation_open() -> None:
    dialogue = verified_dialogue()
    dialogue.feed(result(queued_turn_count=1))
    assert dialogue.wants_stdin_open


@pytest.mark.parametrize("subtype", ["elicitation", "hook_callback", "", "can_use_tool"])
def test_requests_that_are_no_questions_are_turned_down_not_granted(subtype: str) -> None:
    dialogue = verified_dialogue()
    bad_id = "id with spaces" if subtype == "can_use_tool" else "r1"
    body = {"subtype": subtype, "tool_name": "Bash", "input": {"command": "x"}}
    line = encode({"type": "control_request", "request_id": bad_id, "request": body})
    assert [event.kind for event in dialogue.feed(line)] == ["warning"]
    (answer,) = said(dialogue.take_output())
    assert answer["response"]["subtype"] == "error"
    assert dialogue.questions == ()


def test_arguments_that_cannot_be_read_can_only_be_denied() -> None:
    dialogue = verified_dialogue()
    dialogue.feed(question(input=["touch", "x"]))
    for answer in (Allow(), AllowEdited("{}")):
        with pytest.raises(UsageError, match="only be denied"):
            dialogue.answer("q1", answer)
    assert b"deny" in dialogue.answer("q1", Deny())


def test_an_interrupt_before_the_prompt_keeps_it_from_being_sent() -> None:
    dialogue = fresh()
    assert dialogue.interrupt() == b""
    for identifier, body in GOOD.items():
        dialogue.feed(reply(identifier, body))
    assert dialogue.take_output() == b""
    assert not dialogue.wants_stdin_open
    verdict = dialogue.finish(OK)
    assert (verdict.outcome, verdict.was_interrupted, verdict.cost_usd) == ("killed", True, 0)


def test_an_interrupt_that_overtakes_the_prompt_ends_the_conversation() -> None:
    dialogue = fresh()
    for identifier, body in GOOD.items():
        dialogue.feed(reply(identifier, body))
    (message,) = said(dialogue.take_output())
    (stop,) = said(dialogue.interrupt())
    assert stop["request"] == {"subtype": "interrupt", "cancel_queued": True}
    cancelled = {"type": "command_lifecycle", "command_uuid": message["uuid"], "state": "cancelled"}
    dialogue.feed(encode(cancelled))
    assert not dialogue.wants_stdin_open
    assert dialogue.finish(OK).was_interrupted


def test_an_interrupt_that_was_not_taken_is_told() -> None:
    dialogue = verified_dialogue()
    assert [event.kind for event in dialogue.feed(reply("fleet-interrupt", None))] == ["warning"]
    assert dialogue.feed(reply("fleet-interrupt", {"still_queued": []})) == []


def test_a_lost_run_waits_for_nobody() -> None:
    dialogue = verified_dialogue()
    dialogue.feed(question())
    dialogue.finish(ExitStatus(reason="the connection broke"))
    assert dialogue.questions == ()
    assert dialogue.activity == "unknown"
