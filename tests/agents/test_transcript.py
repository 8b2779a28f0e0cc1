from __future__ import annotations

import pytest

from fleet_tui.agents.claude_parser import ClaudeParser
from fleet_tui.agents.transcript import MAX_TAIL_CHARACTERS, TranscriptWriter
from fleet_tui.model.agent import AgentEvent, Verdict
from fleet_tui.model.snapshot import ViewLine
from tests.agents.streams import feed_all, lines_of


def written(writer: TranscriptWriter, *events: AgentEvent) -> list[tuple[str, str]]:
    return [line for event in events for line in writer.write(event)]


def deltas(*pieces: str) -> list[AgentEvent]:
    return [AgentEvent("text-delta", piece) for piece in pieces]


def test_a_recorded_run_reads_like_a_conversation() -> None:
    writer = TranscriptWriter()
    lines = written(writer, *feed_all(ClaudeParser(), lines_of("claude-read-tool")))
    assert lines[:-1] == [
        ("m", "claude 2.1.329 · claude-opus-5-5 · dontAsk"),
        ("t", "I will use a tool."),
        ("c", "Read a.txt"),
        ("r", "  1\talpha"),
        ("r", "  2\t"),
        ("t", "mock reply (after 1 tool results)"),
    ]
    assert lines[-1][0] == "a"
    assert lines[-1][1].startswith("done · 2 turns · $0.0044 · ")


def test_a_line_grows_in_the_tail_until_it_ends() -> None:
    writer = TranscriptWriter()
    assert written(writer, *deltas("one", " two")) == []
    assert writer.tail == ViewLine("t", "one two")
    assert written(writer, *deltas("\nthree\nfo")) == [("t", "one two"), ("t", "three")]
    assert written(writer, AgentEvent("text")) == [("t", "fo")]
    assert writer.tail is None


def test_a_retry_that_voids_the_answer_drops_the_tail() -> None:
    writer = TranscriptWriter()
    written(writer, *deltas("half an ans"))
    retry = AgentEvent("retry", "no connection", discards_partial=True)
    assert written(writer, retry) == [("m", "retry: no connection")]
    assert writer.tail is None


@pytest.mark.parametrize(
    "event",
    [
        AgentEvent("limit", "near"),
        AgentEvent("raw", "x"),
        AgentEvent("tool", "y", is_subagent=True),
    ],
)
def test_what_comes_between_does_not_cut_the_growing_line(event: AgentEvent) -> None:
    writer = TranscriptWriter()
    written(writer, *deltas("half"))
    assert len(written(writer, event)) == 1
    assert writer.tail == ViewLine("t", "half")


def test_a_long_tool_result_is_cut_and_counted() -> None:
    text = "\n".join(f"line {number}" for number in range(252))
    lines = written(TranscriptWriter(), AgentEvent("tool-result", text))
    assert len(lines) == 13
    assert lines[0] == ("r", "  line 0")
    assert lines[-1] == ("r", "  … 240 more lines")


def test_one_line_too_many_is_shown_instead_of_counted() -> None:
    lines = written(TranscriptWriter(), AgentEvent("tool-result", "\n".join("x" * 13)))
    assert len(lines) == 13
    assert "more" not in lines[-1][1]


def test_an_error_of_a_tool_says_so() -> None:
    writer = TranscriptWriter()
    assert written(
        writer,
        AgentEvent("tool-result", "no such file", is_error=True),
        AgentEvent("tool-result", "", is_error=True),
        AgentEvent("tool-result", ""),
    ) == [("r", "  error: no such file"), ("r", "  (error)")]


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (AgentEvent("denied", "Bash: no"), ("d", "denied Bash: no")),
        (AgentEvent("question", "may I?"), ("q", "may I?")),
        (AgentEvent("limit", "near"), ("m", "limit: near")),
        (AgentEvent("limit", "reached", is_error=True), ("x", "limit: reached")),
        (AgentEvent("error", "boom", is_error=True), ("x", "boom")),
        (AgentEvent("raw", "out"), ("o", "out")),
        (AgentEvent("raw", "err", is_error=True), ("e", "err")),
        (AgentEvent("thinking", "hm", is_subagent=True), ("k", "↳ hm")),
    ],
)
def test_each_kind_has_its_tag(event: AgentEvent, line: tuple[str, str]) -> None:
    assert written(TranscriptWriter(), event) == [line]


def test_an_endless_line_is_broken() -> None:
    writer = TranscriptWriter()
    lines = written(writer, *deltas("x" * (3 * MAX_TAIL_CHARACTERS)))
    assert [len(text) for _, text in lines] == [MAX_TAIL_CHARACTERS] * 2
    assert writer.tail is not None


def test_the_end_says_why_and_what_mends_it_but_nothing_twice() -> None:
    writer = TranscriptWriter()
    written(writer, *deltas("half"))
    verdict = Verdict(False, "auth", "Invalid API key", "run `claude auth login` on that host")
    assert writer.close(verdict) == [
        ("t", "half"),
        ("x", "auth: Invalid API key"),
        ("m", "mend: run `claude auth login` on that host"),
    ]
    written(writer, AgentEvent("error", "Invalid API key", is_error=True))
    assert writer.close(verdict)[0] == ("x", "auth")


def test_a_good_end_adds_nothing() -> None:
    assert TranscriptWriter().close(Verdict(True, "ok")) == []
    denied = Verdict(True, "denied", "1 call denied: Bash")
    assert TranscriptWriter().close(denied) == [("d", "denied: 1 call denied: Bash")]
