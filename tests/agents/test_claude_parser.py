from __future__ import annotations

import pytest

from fleet_tui.agents.claude_parser import ClaudeParser
from fleet_tui.agents.jsonfields import MAX_LINE_BYTES
from fleet_tui.model.agent import AgentEvent
from fleet_tui.transport.base import ExitStatus
from tests.agents.streams import delta, encode, feed_all, lines_of, result, said, started

OK = ExitStatus(code=0)


def kinds(events: list[AgentEvent]) -> list[str]:
    return [event.kind for event in events]


def test_a_streamed_answer_comes_once_and_is_closed() -> None:
    events = feed_all(ClaudeParser(), lines_of("claude-text"))
    assert kinds(events) == ["init", "thinking", "text-delta", "text-delta", "text", "result"]
    assert "".join(event.text for event in events if "text" in event.kind) == "Hello from the mock"
    assert events[4].text == ""


def test_without_partial_messages_the_answer_comes_as_one_block() -> None:
    whole = [line for line in lines_of("claude-text") if b"stream_event" not in line]
    events = feed_all(ClaudeParser(), whole)
    assert [event.text for event in events if event.kind == "text"] == ["Hello from the mock"]


def test_a_drop_in_the_middle_voids_what_was_shown() -> None:
    events = feed_all(ClaudeParser(), lines_of("claude-drop"))
    retry = next(event for event in events if event.kind == "retry")
    assert retry.discards_partial
    after = events[events.index(retry) :]
    assert "".join(e.text for e in after if e.kind == "text-delta") == "after the drop"


def test_an_answer_that_comes_again_changed_voids_what_was_shown() -> None:
    parser, _ = started()
    events = feed_all(parser, [delta("the old"), said("the new")])
    assert kinds(events) == ["text-delta", "retry", "text"]
    assert events[1].discards_partial
    assert events[2].text == "the new"


def test_what_was_not_streamed_of_a_block_is_added_at_its_end() -> None:
    parser, _ = started()
    events = feed_all(parser, [delta("half"), said("half and half")])
    assert [event.text for event in events] == ["half", " and half", ""]


@pytest.mark.parametrize(
    ("pieces", "shown"),
    [
        (["red \x1b", "[31mtext"], "red text"),
        (["one\r", "\ntwo"], "one\ntwo"),
        (["smile \ud83d", "\ude00"], "smile 😀"),
        (["title \x1b]0;x", "y\x07 end"], "title  end"),
        (["bell\x07"], "bell�"),
    ],
)
def test_what_a_piece_cuts_in_two_is_sanitized_whole(pieces: list[str], shown: str) -> None:
    parser, _ = started()
    events = feed_all(parser, [*map(delta, pieces), said("".join(pieces))])
    assert "".join(event.text for event in events) == shown


def test_tool_calls_are_one_line_and_results_know_their_tool() -> None:
    events = feed_all(ClaudeParser(), lines_of("claude-read-tool"))
    call = next(event for event in events if event.kind == "tool")
    outcome = next(event for event in events if event.kind == "tool-result")
    assert call.text == "Read a.txt"
    assert (outcome.tool, outcome.tool_use) == ("Read", call.tool_use)
    assert "alpha" in outcome.text
    assert not outcome.is_error


def test_a_denial_is_told_once() -> None:
    events = feed_all(ClaudeParser(), lines_of("claude-denied"))
    assert [event.text for event in events if event.kind == "denied"] == [
        "Bash: This command requires approval"
    ]


def test_what_a_subagent_says_is_marked_and_not_streamed() -> None:
    parser, _ = started()
    streamed = delta("inner").replace(b'"parent_tool_use_id": null', b'"parent_tool_use_id": "t"')
    assert parser.feed(streamed) == []
    events = parser.feed(said("inner", parent_tool_use_id="t"))
    assert events == [AgentEvent("text", "inner", is_subagent=True)]


def test_a_turn_of_its_own_after_the_answer_adds_to_the_cost() -> None:
    parser, _ = started()
    parser.feed(result())
    assert parser.cost_usd == 0.25
    feed_all(parser, [said("more"), result(total_cost_usd=7.25)])
    assert parser.cost_usd == 0.5
    assert parser.finish(OK).cost_usd == 0.5


def test_a_version_that_names_no_cost_per_result_is_read_by_its_total() -> None:
    parser, _ = started()
    feed_all(parser, [result(model_usage_since_last_result=None, total_cost_usd=0.5)])
    assert parser.cost_usd == 0.5


def test_a_turn_cut_off_after_an_answer_leaves_the_cost_unknown() -> None:
    parser, _ = started()
    feed_all(parser, [result(), said("more")])
    verdict = parser.finish(ExitStatus(signal="KILL"))
    assert verdict.outcome == "killed"
    assert verdict.cost_usd is None


@pytest.mark.parametrize("cost", [-1, float("nan"), float("inf"), 1e300, True, "1", None, [1]])
def test_a_cost_that_is_none_counts_nothing(cost: object) -> None:
    parser, _ = started()
    parser.feed(result(model_usage_since_last_result={"m": {"costUSD": cost}}))
    assert parser.cost_usd == 0


def test_activity_follows_the_stream() -> None:
    parser = ClaudeParser()
    assert parser.activity == "starting"
    lines = lines_of("claude-flaky")
    seen = [parser.activity for line in lines if parser.feed(line) is not None]
    assert list(dict.fromkeys(seen)) == ["working", "blocked-network", "done"]


def test_what_it_is_doing_names_the_tool() -> None:
    parser = ClaudeParser()
    for line in lines_of("claude-write-tool"):
        if any(event.kind == "tool" for event in parser.feed(line)):
            break
    assert parser.doing == "Bash: echo one > made.txt; cat made.txt"


def test_a_limit_that_is_reached_blocks_until_its_reset() -> None:
    parser = ClaudeParser()
    events = feed_all(parser, lines_of("claude-limit"))
    limit = next(event for event in events if event.kind == "limit")
    assert limit.is_error
    assert limit.resets_at is not None


def test_a_limit_that_is_near_is_told_once() -> None:
    line = next(line for line in lines_of("claude-near-limit") if b"rate_limit_event" in line)
    parser, _ = started()
    assert [event.text for event in parser.feed(line)] == ["five-hour limit near, 93% used"]
    assert parser.feed(line) == []


def test_a_dead_server_is_warned_of() -> None:
    line = {"type": "system", "subtype": "init"}
    events = ClaudeParser().feed(
        encode(line | {"mcp_servers": [{"name": "a", "status": "failed"}]})
    )
    assert AgentEvent("warning", "MCP server a is failed") in events


def test_a_guard_that_did_not_run_is_warned_of() -> None:
    parser, _ = started()
    line = encode(
        {
            "type": "system",
            "subtype": "informational",
            "tag": "hook_no_verdict",
            "hook_event": "PreToolUse",
        }
    )
    assert "guard did not run" in parser.feed(line)[0].text


def test_events_nobody_knows_are_kept_raw_and_small() -> None:
    parser, _ = started()
    line = encode({"type": "system", "subtype": "of_the_future", "x": "y" * 9000})
    (event,) = parser.feed(line)
    assert event.kind == "raw"
    assert event.text.startswith("system/of_the_future ")
    assert len(event.text) < 600


@pytest.mark.parametrize(
    "line",
    [
        b"Warning: no stdin data",
        b"\xff\xfe\x00",
        b"[" * 200_000,
        b'{"a":' * 100_000,
        b"9" * 5000,
        b'"a string"',
        b"null",
        b'{"type": 1}',
        b"x" * (MAX_LINE_BYTES + 1),
        b'{"type":"user","message":"' + b"x" * MAX_LINE_BYTES + b'"}',
    ],
    ids=lambda line: repr(line[:12]),
)
def test_lines_that_are_no_events_come_out_raw(line: bytes) -> None:
    (event,) = ClaudeParser().feed(line)
    assert event.kind == "raw"
    assert len(event.text) < 3000
    assert "\x1b" not in event.text


def test_empty_lines_are_nothing() -> None:
    parser = ClaudeParser()
    assert parser.feed(b"") == parser.feed(b"  \r") == parser.feed_error(b"") == []


def test_standard_error_is_marked() -> None:
    assert ClaudeParser().feed_error(b"oh \x1b[1mno") == [AgentEvent("raw", "oh no", is_error=True)]
