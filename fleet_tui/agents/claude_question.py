"""From Claude Code's `can_use_tool` to our question, and from a person's answer to its own."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, assert_never

from fleet_tui.agents import claude_control as control
from fleet_tui.agents.claude_rights import ASK_TOOL
from fleet_tui.agents.jsonfields import JsonObject, mapping, objects, parse_object, text
from fleet_tui.agents.wording import MAX_RESULT_CHARACTERS, bounded, tool_summary
from fleet_tui.model.agent import AgentEvent
from fleet_tui.model.errors import UsageError
from fleet_tui.model.question import (
    Allow,
    AllowEdited,
    Answer,
    Choice,
    Choose,
    Deny,
    Option,
    Question,
)
from fleet_tui.model.text import one_line, sanitize

if TYPE_CHECKING:
    from fleet_tui.model.question import QuestionKind

DENIED = "The operator denied this call."
"""What the agent is told when no reason was given."""

_COMMAND_TOOLS = ("Bash", "PowerShell")
_OWN_WORDS = ("command", "description")
_IDENTIFIER = re.compile(r"[\w.:-]{1,200}", re.ASCII)
_MOST_CHOICES = 20


@dataclass(slots=True)
class Pending:
    """A question that Claude Code has not seen the answer of."""

    question: Question
    arguments: JsonObject | None
    """As the agent gave them; None when they are no object, so that they can only be denied."""
    is_answered: bool = False


def read_question(event: JsonObject, run: str, cwd: str) -> Pending | None:
    """Return what a `control_request` asks; None when it is no question or cannot be answered."""
    request = mapping(event, "request")
    identifier = text(event, "request_id")
    if text(request, "subtype") != "can_use_tool" or not _IDENTIFIER.fullmatch(identifier):
        return None
    given = request.get("input")
    whole = _exact_json(given)
    arguments = given if isinstance(given, dict) and whole is not None else None
    tool = one_line(text(request, "tool_name"), 80) or "unnamed tool"
    choices = _choices(arguments) if arguments and tool == ASK_TOOL else ()
    kind: QuestionKind = "choice" if choices else "tool"
    shown, is_exact, details = whole or "", whole is not None, ""
    if arguments and tool in _COMMAND_TOOLS and isinstance(arguments.get("command"), str):
        kind = "command"
        command = text(arguments, "command")
        shown = bounded(command)
        is_exact = shown == command
        rest = {key: value for key, value in arguments.items() if key not in _OWN_WORDS}
        details = (_exact_json(rest) or "") if rest else ""
    elif len(shown) > MAX_RESULT_CHARACTERS:
        shown, is_exact = bounded(shown), False
    question = Question(
        id=identifier,
        run=run,
        tool=tool,
        kind=kind,
        text=shown,
        is_exact=is_exact,
        details=details,
        description=one_line(text(request, "description"), 400),
        cwd=cwd,
        why=one_line(text(request, "decision_reason"), 400),
        path=one_line(text(request, "blocked_path"), 4096),
        tool_use=one_line(text(request, "tool_use_id"), 80),
        choices=choices,
        is_subagent=bool(text(request, "agent_id")),
    )
    return Pending(question, arguments)


def asked_event(pending: Pending) -> AgentEvent:
    """Return the question as one line: the call, and why it must be asked for."""
    question = pending.question
    if question.kind == "choice":
        words = " / ".join(choice.question for choice in question.choices)
    else:
        words = tool_summary(question.tool, pending.arguments or {}, question.cwd)
        words = f"may it run {words}" if question.kind == "command" else f"may it use {words}"
        words += f" ({question.why})" if question.why else ""
    return _event("question", words, question)


def closed_event(pending: Pending, decision: JsonObject | None) -> AgentEvent:
    """Return how a question ended: by the answer Claude Code repeats, or withdrawn."""
    question = pending.question
    behavior = text(decision, "behavior") if decision else ""
    if decision is None or behavior not in ("allow", "deny"):
        return _event("answer", f"{question.tool}: the question was withdrawn", question)
    if behavior == "deny":
        stops = " and stopped" if decision.get("interrupt") is True else ""
        reason = one_line(text(decision, "message"), 300)
        return _event("answer", f"{question.tool}: denied{stops}: {reason}", question)
    changed = mapping(decision, "updatedInput")
    if question.kind == "choice":
        said = mapping(changed, "answers").values()
        words = ", ".join(one_line(str(value), 200) for value in list(said)[:_MOST_CHOICES])
        return _event("answer", f"{question.tool}: {words or 'no answer'}", question)
    if changed in (pending.arguments, {}):
        return _event("answer", f"{question.tool}: allowed", question)
    summary = tool_summary(question.tool, changed, question.cwd)
    return _event("answer", f"allowed as edited: {summary}", question)


def answer_line(pending: Pending, answer: Answer) -> bytes:
    """Return what tells Claude Code; raises UsageError when the answer does not fit."""
    question, arguments = pending.question, pending.arguments
    if isinstance(answer, Deny):
        return control.deny(question.id, answer.reason.strip() or DENIED, stops=answer.stops)
    if arguments is None:
        raise UsageError("this call cannot be read, so it can only be denied")
    if isinstance(answer, Choose):
        return control.allow(question.id, _chosen(question, arguments, answer))
    if question.kind == "choice":
        raise UsageError("the agent wants an answer, not a permission")
    if isinstance(answer, Allow):
        return control.allow(question.id, arguments)
    if isinstance(answer, AllowEdited):
        return control.allow(question.id, _edited(question, arguments, answer.text))
    assert_never(answer)


def _edited(question: Question, arguments: JsonObject, typed: str) -> JsonObject:
    if not typed.strip():
        raise UsageError("there is nothing to run", mend="deny the call instead")
    if question.kind == "command":
        if "\0" in typed:
            raise UsageError("a command cannot hold a NUL character")
        return arguments | {"command": typed}
    changed = parse_object(typed.encode("utf-8", "replace"))
    if changed is None or _exact_json(changed) is None:
        raise UsageError("the edited arguments are not a JSON object")
    return changed


def _chosen(question: Question, arguments: JsonObject, answer: Choose) -> JsonObject:
    asked = [text(entry, "question") for entry in objects(arguments, "questions")]
    if question.kind != "choice" or len(answer.answers) != len(asked):
        raise UsageError(f"{len(asked)} answers are wanted, not {len(answer.answers)}")
    return arguments | {"answers": dict(zip(asked, answer.answers, strict=True))}


def _choices(arguments: JsonObject) -> tuple[Choice, ...]:
    """Return what is asked; nothing when it is not what `AskUserQuestion` documents."""
    entries = objects(arguments, "questions")
    words = {text(entry, "question") for entry in entries}
    if not entries or len(entries) > _MOST_CHOICES or "" in words or len(words) != len(entries):
        return ()
    return tuple(
        Choice(
            question=one_line(text(entry, "question"), 1000),
            header=one_line(text(entry, "header"), 80),
            options=tuple(
                Option(one_line(text(o, "label"), 200), one_line(text(o, "description"), 400))
                for o in objects(entry, "options")[:_MOST_CHOICES]
            ),
            takes_many=entry.get("multiSelect") is True,
        )
        for entry in entries
    )


def _exact_json(value: object) -> str | None:
    """Return `value` as JSON in which every character that a terminal might obey is escaped.

    None for what could be read but not be written again: NaN, and lists a thousand deep.
    """
    try:
        plain = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    except (ValueError, RecursionError):
        return None
    if sanitize(plain) == plain:
        return plain
    return json.dumps(value, indent=2).replace("\x7f", "\\u007f")


def _event(kind: Literal["question", "answer"], words: str, question: Question) -> AgentEvent:
    return AgentEvent(
        kind,
        one_line(words, 2000),
        tool=question.tool,
        tool_use=question.tool_use,
        is_subagent=question.is_subagent,
        question=question,
    )
