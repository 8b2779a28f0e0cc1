"""No byte of a host makes a parser raise, and none leaves it that a terminal would obey."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fleet_tui.agents.claude_dialogue import ClaudeDialogue
from fleet_tui.agents.registry import adapter
from fleet_tui.agents.transcript import TranscriptWriter
from fleet_tui.model.question import Deny
from fleet_tui.model.text import sanitize
from fleet_tui.transport.base import ExitStatus
from tests.agents.streams import DATA, request
from tests.agents.talking import GOOD, reply

if TYPE_CHECKING:
    from fleet_tui.model.agent import AgentEvent

EVENTS: dict[str, list[Any]] = {
    agent: [
        json.loads(line)
        for file in sorted(DATA.glob(f"{agent}-*.jsonl"))
        for line in file.read_bytes().splitlines()
    ]
    for agent in ("claude", "codex")
}

JUNK: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["\x1b[31m", "\r\n", "\ud83d", "x" * 3000, "a\nb\n" * 40]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)

STATUSES = st.builds(
    ExitStatus,
    code=st.none() | st.integers(-70, 400),
    signal=st.none() | st.sampled_from(["INT", "KILL", "", "ODD"]),
    reason=st.text(max_size=20),
)


def replaced(value: Any, choose: st.DataObject, chance: int) -> Any:
    """Return `value` with some of its parts replaced by junk, at any depth."""
    if choose.draw(st.integers(0, chance)) == 0:
        return choose.draw(JUNK)
    if isinstance(value, dict):
        return {key: replaced(inner, choose, chance) for key, inner in value.items()}
    if isinstance(value, list):
        return [replaced(inner, choose, chance) for inner in value]
    return value


def check(event: AgentEvent) -> None:
    """Assert that an event holds only clean strings."""
    for words in (event.text, event.tool, event.tool_use):
        assert sanitize(words) == words
    assert event.resets_at is None or event.resets_at >= 0


@pytest.mark.parametrize("agent", ["claude", "codex"])
@settings(max_examples=150, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(choose=st.data(), status=STATUSES)
def test_wrong_types_anywhere_are_survived(
    agent: str, choose: st.DataObject, status: ExitStatus
) -> None:
    parser = adapter(agent).parser(request())
    writer = TranscriptWriter()
    for event in choose.draw(st.lists(st.sampled_from(EVENTS[agent]), max_size=6)):
        line = json.dumps(replaced(event, choose, 12)).encode()
        for spoken in parser.feed(line):
            check(spoken)
            assert all("\n" not in text for _, text in writer.write(spoken))
        assert sanitize(parser.doing) == parser.doing
        assert parser.cost_usd is None or parser.cost_usd >= 0
    verdict = parser.finish(status)
    for words in (verdict.reason, verdict.answer, verdict.session or "", verdict.model or ""):
        assert sanitize(words) == words
    assert verdict.succeeded == (verdict.outcome in ("ok", "denied"))
    assert not (status.is_lost and verdict.succeeded)
    assert all("\n" not in text for _, text in writer.close(verdict))


GATED = [
    json.loads(line)
    for file in sorted(DATA.glob("claude-gate-*.jsonl"))
    for line in file.read_bytes().splitlines()
]
"""Lines of conversations; `control_request` and its like come rarely among the others."""
CONTROL = [event for event in GATED if str(event.get("type")).startswith("control")]
UNSETTLED = [e for e in CONTROL if e.get("response", {}).get("request_id") != "fleet-settings"]
"""Without the answers that say which settings were taken."""


@settings(max_examples=120, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(choose=st.data(), status=STATUSES)
def test_no_line_makes_a_dialogue_raise_or_allow_anything(
    choose: st.DataObject, status: ExitStatus
) -> None:
    dialogue = ClaudeDialogue(request("write", can_ask=True, prompt="the-prompt"))
    verified = choose.draw(st.booleans())
    lines = [reply(name, body) for name, body in GOOD.items()] if verified else []
    known = st.sampled_from(CONTROL) | st.sampled_from(GATED)
    events = choose.draw(st.lists(known if verified else st.sampled_from(UNSETTLED), max_size=5))
    lines += [json.dumps(replaced(event, choose, 14)).encode() for event in events]
    written = dialogue.opening()
    replayed = choose.draw(st.integers(0, len(lines)))
    dialogue.begin_replay()
    for number, line in enumerate(lines):
        if number == replayed:
            written += dialogue.end_replay()
        for event in dialogue.feed(line):
            check(event)
        written += dialogue.take_output()
        assert sanitize(dialogue.doing) == dialogue.doing
        for question in dialogue.questions:
            assert sanitize(repr(question)) == repr(question)
    written += dialogue.end_replay()
    assert b'"behavior"' not in written
    if not verified:
        assert b"the-prompt" not in written
    for question in dialogue.questions:
        assert b'"deny"' in dialogue.answer(question.id, Deny())
    verdict = dialogue.finish(status)
    assert verdict.succeeded == (verdict.outcome in ("ok", "denied"))


@pytest.mark.parametrize("agent", ["claude", "codex", "shell"])
@settings(max_examples=100, deadline=None, database=None)
@given(lines=st.lists(st.binary(max_size=300)))
def test_any_bytes_are_survived(agent: str, lines: list[bytes]) -> None:
    parser = adapter(agent).parser()
    for line in lines:
        for event in (*parser.feed(line), *parser.feed_error(line)):
            check(event)
    assert not parser.finish(ExitStatus(code=1)).succeeded


@pytest.mark.parametrize("depth", [50, 400, 900, 5000])
def test_arguments_of_any_depth_are_survived(depth: int) -> None:
    dialogue = ClaudeDialogue(request("write", can_ask=True))
    deep = b"[" * depth + b"]" * depth
    body = b'{"subtype":"can_use_tool","tool_name":"Write","input":{"content":' + deep + b"}}"
    dialogue.feed(b'{"type":"control_request","request_id":"q","request":' + body + b"}")
    for question in dialogue.questions:
        assert dialogue.answer(question.id, Deny())


@pytest.mark.parametrize("agent", ["claude", "codex"])
def test_a_line_of_a_hundred_megabytes_is_not_parsed(agent: str) -> None:
    parser = adapter(agent).parser()
    (event,) = parser.feed(b'{"type":"' + b"\x1b" * 100_000_000)
    assert event.kind == "raw"
    assert len(event.text) < 3000
