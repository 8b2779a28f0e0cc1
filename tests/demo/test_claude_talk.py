"""A write run of the scripted `claude` asks before it runs a command, and does as it is told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from fleet_tui.agents.claude_settings import settings_document
from fleet_tui.model.question import Allow, AllowEdited, Deny
from fleet_tui.transport.durable_control import close_input
from tests.demo.conversation import begin, converse, gated, resume
from tests.demo.login import run
from tests.transport.helpers import pool_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from fleet_tui.demo import DemoFleet
    from fleet_tui.transport.base import Connection
    from tests.demo.conversation import Conversation


@pytest.fixture
async def connection(demo: DemoFleet) -> AsyncIterator[Connection]:
    async with pool_of(demo.config) as pool:
        yield await pool.connection("web03")


def _results(talk: Conversation) -> list[str]:
    return [event.text for event in talk.events if event.kind == "tool-result"]


def _kinds(talk: Conversation) -> list[str]:
    return [event.kind for event in talk.events]


async def test_settings_are_answered_as_they_were_given_before_the_prompt_is_sent(
    connection: Connection,
) -> None:
    rules = {"permissions": {"deny": ["Bash(rm *)"]}}
    talk = await converse(connection, gated("fix the bug", settings=rules, model="opus"), Allow())
    assert (await talk.end()).outcome == "ok"
    started, settings, servers, queued, begun, init = talk.raw[:6]
    assert started["response"]["response"]["current_permission_mode"] == "default"
    body = settings["response"]["response"]
    assert body["effective"] == settings_document(talk.request)
    assert body["effective"]["permissions"]["deny"] == ["Bash(rm *)"]
    assert body["applied"]["model"] == init["model"] == "claude-opus-5-5"
    assert servers["response"]["response"] == {"mcpServers": []}
    assert [queued["state"], begun["state"]] == ["queued", "started"]
    assert (init["subtype"], init["permissionMode"]) == ("init", "default")
    assert not [event for event in talk.events if event.must_stop]
    assert not {"raw", "error", "warning"} & set(_kinds(talk))


async def test_the_question_shows_the_command_and_allowing_runs_it(connection: Connection) -> None:
    talk = await begin(connection, gated("fix the bug"))
    await talk.asked()
    (question,) = talk.dialogue.questions
    assert (question.kind, question.text) == ("command", "python -m pytest -q")
    assert question.why == "This command requires approval"
    assert talk.dialogue.activity == "blocked-permission"
    await talk.answer(Allow())
    verdict = await talk.end()
    assert verdict.outcome == "ok"
    assert "All 48 tests pass now" in verdict.answer
    assert _kinds(talk).count("question") == _kinds(talk).count("answer") == 1
    tools = [event.tool for event in talk.events if event.kind == "tool"]
    assert tools == ["Grep", "Read", "Edit", "Bash"]


async def test_an_edited_command_is_what_ran(connection: Connection) -> None:
    talk = await converse(connection, gated("fix the bug"), AllowEdited("uname -r; id -un"))
    verdict = await talk.end()
    assert verdict.outcome == "ok"
    assert "You had me run `uname -r; id -un` instead" in verdict.answer
    assert "6.8.0-48-generic" in verdict.answer
    assert "All 48 tests" not in verdict.answer
    said = next(event.text for event in talk.events if event.kind == "answer")
    assert said.startswith("allowed as edited: ")
    assert "uname -r; id -un" in said
    assert any("6.8.0-48-generic" in text for text in _results(talk))


async def test_the_same_program_with_other_arguments_goes_on_as_before(
    connection: Connection,
) -> None:
    edited = AllowEdited("python -m pytest -q -x tests/test_cart.py")
    talk = await converse(connection, gated("fix the bug"), edited)
    verdict = await talk.end()
    assert "All 48 tests pass now" in verdict.answer
    texts = [event.text for event in talk.events if event.kind == "text-delta"]
    assert "instead" in "".join(texts)


async def test_an_edited_command_may_fail(connection: Connection) -> None:
    talk = await converse(connection, gated("audit dependencies"), AllowEdited("npm audit"))
    verdict = await talk.end()
    assert "It failed" in verdict.answer
    assert "npm: not found" in verdict.answer
    assert any(event.is_error for event in talk.events if event.kind == "tool-result")


async def test_after_a_denial_the_agent_goes_on_without(connection: Connection) -> None:
    talk = await converse(connection, gated("fix the bug"), Deny("not on a Friday"))
    verdict = await talk.end()
    assert (verdict.succeeded, verdict.outcome) == (True, "denied")
    assert "not on a Friday" in verdict.answer
    assert "no test has shown it yet" in verdict.answer
    (denial,) = talk.raw[-2]["permission_denials"]
    assert denial["tool_input"]["command"] == "python -m pytest -q"


async def test_a_denial_can_stop_the_agent(connection: Connection) -> None:
    talk = await converse(connection, gated("run the tests"), Deny("stop it", stops=True))
    verdict = await talk.end()
    assert (verdict.outcome, verdict.was_interrupted) == ("killed", True)
    assert verdict.cost_usd is not None
    assert talk.raw[-2]["terminal_reason"] == "aborted_tools"
    assert talk.raw[-1]["state"] == "cancelled"


async def test_an_interrupt_withdraws_the_question(connection: Connection) -> None:
    talk = await begin(connection, gated("run the tests"))
    await talk.asked()
    await talk.process.write(talk.dialogue.interrupt())
    verdict = await talk.end()
    assert (verdict.outcome, verdict.was_interrupted) == ("killed", True)
    said = next(event.text for event in talk.events if event.kind == "answer")
    assert said.endswith("the question was withdrawn")


async def test_a_signal_while_it_asks_ends_it_in_order(connection: Connection) -> None:
    talk = await begin(connection, gated("run the tests"))
    await talk.asked()
    talk.process.send_signal("INT")
    verdict = await talk.end()
    assert (verdict.outcome, verdict.was_interrupted) == ("killed", True)


async def test_a_question_outlives_the_connection(demo: DemoFleet) -> None:
    async with pool_of(demo.config) as pool:
        first = await pool.connection("web03")
        before = await begin(first, gated("fix the bug"))
        await before.asked()
        first.close()
        assert (await before.process.wait()).is_lost
        later = await resume(await pool.connection("web03"), before)
        assert [q.text for q in later.dialogue.questions] == ["python -m pytest -q"]
        await later.answer(Allow())
        assert (await later.end()).outcome == "ok"
        await before.process.wait_closed()
    assert later.sink.out.startswith(before.sink.out)


async def test_closing_the_input_denies_what_is_open(connection: Connection) -> None:
    talk = await begin(connection, gated("fix the bug"))
    await talk.asked()
    await close_input(connection, talk.process.run)
    verdict = await talk.end()
    assert (verdict.succeeded, verdict.outcome) == (True, "denied")
    assert "closed before it was answered" in verdict.answer


async def test_what_only_looks_is_not_asked_for(connection: Connection) -> None:
    talk = await begin(connection, gated("how full is the disk?"))
    assert (await talk.end()).outcome == "ok"
    assert "question" not in _kinds(talk)


async def test_an_unrestricted_run_asks_nothing(connection: Connection) -> None:
    talk = await begin(connection, gated("fix the bug", "unrestricted"))
    assert (await talk.end()).outcome == "ok"
    assert "question" not in _kinds(talk)


async def test_a_message_not_begun_on_can_be_taken_back(demo: DemoFleet) -> None:
    line = (
        "claude -p --verbose --input-format stream-json --output-format stream-json "
        "--permission-prompt-tool stdio --tools Bash --replay-user-messages"
    )
    messages = [
        {"type": "user", "uuid": "one", "message": {"content": "run the tests"}},
        {"type": "user", "uuid": "two", "message": {"content": "which OS?"}},
        {
            "type": "control_request",
            "request_id": "i",
            "request": {"subtype": "interrupt", "cancel_queued": True},
        },
    ]
    stdin = "".join(json.dumps(message) + "\n" for message in messages)
    status, out, _ = await run(demo, "web03", line, stdin.encode())
    events = [json.loads(text) for text in out.splitlines()]
    (answer,) = (event for event in events if event["type"] == "control_response")
    assert "two" in answer["response"]["response"]["cancelled"]
    states = [e["state"] for e in events if e.get("command_uuid") == "two"]
    assert states == ["queued", "cancelled"]
    assert status in (0, 1)


async def test_a_line_that_is_no_message_ends_it(demo: DemoFleet) -> None:
    line = "claude -p --verbose --input-format stream-json --output-format stream-json"
    status, out, err = await run(demo, "web03", line, b"hello\n")
    assert (status, out) == (1, "")
    assert "Error parsing streaming input line: hello" in err
