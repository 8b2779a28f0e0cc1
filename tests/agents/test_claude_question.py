from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from fleet_tui.agents.claude_question import Pending, answer_line, closed_event, read_question
from fleet_tui.model.errors import UsageError
from fleet_tui.model.question import Allow, AllowEdited, Choose
from fleet_tui.model.text import sanitize
from tests.agents.talking import question

if TYPE_CHECKING:
    from fleet_tui.model.question import Answer


CALL = {"command": "a", "description": "why not"}


def asked(**fields: Any) -> Pending:
    pending = read_question(json.loads(question(**fields)), "r-test", "/srv/work")
    assert pending
    return pending


def tool(arguments: object, name: str = "Write") -> Pending:
    return asked(tool_name=name, input=arguments)


def sent(pending: Pending, answer: Answer) -> Any:
    return json.loads(answer_line(pending, answer))["response"]["response"]["updatedInput"]


def test_a_command_is_shown_in_full_with_what_else_it_is_given() -> None:
    command = "for i in 1 2; do\n  echo $i\ndone " + "x" * 5000
    arguments = {"command": command, "description": "d", "timeout": 9}
    shown = asked(input=arguments).question
    assert (shown.kind, shown.text, shown.is_exact) == ("command", command, True)
    assert json.loads(shown.details) == {"timeout": 9}


@pytest.mark.parametrize("command", ["rm \u202ex", "a\rb", "a\x1b[1mb", "\x07", "x" * 300_000])
def test_a_command_that_cannot_be_shown_as_it_is_says_so(command: str) -> None:
    pending = asked(command=command)
    assert not pending.question.is_exact
    assert sanitize(pending.question.text) == pending.question.text
    assert sent(pending, Allow())["command"] == command


def test_arguments_of_a_tool_are_exact_even_where_they_are_hostile() -> None:
    arguments = {"file_path": "/a\u202e\x7f\x1b", "content": "ä\n\ud83d"}
    pending = tool(arguments)
    shown = pending.question.text
    assert pending.question.is_exact
    assert sanitize(shown) == shown
    assert json.loads(shown) == arguments
    assert sent(pending, AllowEdited(shown)) == arguments


def test_arguments_beyond_measure_are_cut_and_say_so() -> None:
    pending = tool({"content": "x" * 500_000})
    assert not pending.question.is_exact
    assert "more characters" in pending.question.text


@pytest.mark.parametrize("typed", ["", "[1]", "{", '{"a": NaN}', "touch x"])
def test_edited_arguments_must_be_a_json_object(typed: str) -> None:
    with pytest.raises(UsageError):
        answer_line(tool({"a": 1}), AllowEdited(typed))


@pytest.mark.parametrize("nothing", [None, "x", [1], 7])
def test_what_is_no_object_is_shown_and_cannot_be_allowed(nothing: object) -> None:
    pending = tool(nothing)
    assert json.loads(pending.question.text) == nothing
    with pytest.raises(UsageError):
        answer_line(pending, Allow())


def test_a_question_to_the_operator_lists_what_may_be_chosen() -> None:
    wishes = [
        {"question": "One?", "options": [{"label": "a"}, 7], "multiSelect": True},
        {"question": "Two?", "header": "H"},
    ]
    pending = tool({"questions": wishes}, "AskUserQuestion")
    first, second = pending.question.choices
    assert (pending.question.kind, first.takes_many, second.header) == ("choice", True, "H")
    assert [option.label for option in first.options] == ["a"]
    answers = sent(pending, Choose(("a, b", "c")))["answers"]
    assert answers == {"One?": "a, b", "Two?": "c"}
    for wrong in (Choose(("a",)), Allow(), AllowEdited("{}")):
        with pytest.raises(UsageError):
            answer_line(pending, wrong)


@pytest.mark.parametrize(
    "wishes", [[], "x", [{}], [{"question": "a"}, {"question": "a"}], [{"question": "q"}] * 21]
)
def test_what_is_not_shaped_like_choices_is_a_tool_like_any_other(wishes: object) -> None:
    assert tool({"questions": wishes}, "AskUserQuestion").question.kind == "tool"


@pytest.mark.parametrize(
    ("decision", "words"),
    [
        (
            {"behavior": "allow", "updatedInput": {"command": "a", "description": "why not"}},
            "allowed",
        ),
        ({"behavior": "allow"}, "Bash: allowed"),
        ({"behavior": "allow", "updatedInput": {"command": "b"}}, "allowed as edited: Bash: b"),
        ({"behavior": "deny", "message": "no\x1b[2J"}, "Bash: denied: no"),
        ({"behavior": "deny", "interrupt": True, "message": "no"}, "Bash: denied and stopped: no"),
        ({"behavior": "maybe"}, "withdrawn"),
        (None, "withdrawn"),
    ],
)
def test_how_it_ended_is_told(decision: dict[str, Any] | None, words: str) -> None:
    event = closed_event(asked(command="a"), decision)
    assert event.kind == "answer"
    assert words in event.text
    assert event.question
