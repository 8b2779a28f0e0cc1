from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fleet_tui.agents.registry import adapter
from fleet_tui.clock import SystemClock
from fleet_tui.dispatch.recorder import RunRecorder
from fleet_tui.journal import Spool, SpoolReader
from fleet_tui.model.events import AgentSpoke, Event, OutputArrived
from fleet_tui.transport.base import ExitStatus

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_tui.agents.base import StreamParser
    from fleet_tui.model.agent import AgentEvent
    from fleet_tui.model.run import AgentName

DELTA = (
    b'{"type":"stream_event","event":{"type":"content_block_delta","index":0,'
    b'"delta":{"type":"text_delta","text":"Hel"}}}\n'
)


class Kept:
    """A recorder with everything around it in view."""

    def __init__(self, folder: Path, agent: AgentName, parser: StreamParser | None = None) -> None:
        found = adapter(agent)
        self.heard: list[Event] = []
        self.marked: list[RunRecorder] = []
        self.folder = folder
        self.recorder = RunRecorder(
            "r-1",
            "web",
            spool=Spool(folder),
            parser=parser or found.parser(),
            speaks_events=found.speaks == "events",
            clock=SystemClock(),
            publish=self.heard.append,
            mark=self.marked.append,
        )

    def view(self) -> list[tuple[str, str]]:
        self.recorder.spool.close()
        return [(line.tag, line.text) for line in SpoolReader(self.folder).read(0, 1000)]


def test_bytes_of_a_command_are_told_with_their_place_in_the_stream(tmp_path: Path) -> None:
    kept = Kept(tmp_path, "shell")
    kept.recorder.stdout_received(b"abc")
    kept.recorder.stderr_received(b"x\n")
    kept.recorder.stdout_received(b"def\n")
    assert [(e.stream, e.offset, e.data) for e in kept.heard if isinstance(e, OutputArrived)] == [
        ("stdout", 0, b"abc"),
        ("stderr", 0, b"x\n"),
        ("stdout", 3, b"def\n"),
    ]
    assert (kept.recorder.out_bytes, kept.recorder.err_bytes) == (7, 2)
    assert kept.view() == [("e", "x"), ("o", "abcdef")]
    assert (tmp_path / "out").read_bytes() == b"abcdef\n"


def test_an_agents_bytes_are_kept_raw_and_shown_as_what_they_mean(tmp_path: Path) -> None:
    kept = Kept(tmp_path, "claude")
    for cut in range(0, len(DELTA), 7):
        kept.recorder.stdout_received(DELTA[cut : cut + 7])
    assert [e.event.text for e in kept.heard if isinstance(e, AgentSpoke)] == ["Hel"]
    assert kept.recorder.tail is not None
    assert kept.recorder.tail.text == "Hel"
    kept.recorder.spool.close()
    assert (tmp_path / "out").read_bytes() == DELTA


def test_a_last_line_without_its_newline_is_read_when_the_process_has_ended(
    tmp_path: Path,
) -> None:
    kept = Kept(tmp_path, "claude")
    kept.recorder.stdout_received(DELTA.rstrip(b"\n"))
    assert kept.heard == []
    kept.recorder.end()
    assert len(kept.heard) == 1


def test_a_parser_that_breaks_cuts_nobodys_connection(tmp_path: Path) -> None:
    class Breaks:
        def feed(self, line: bytes) -> list[AgentEvent]:
            raise RuntimeError("no such event \x1b[2J")

    kept = Kept(tmp_path, "claude", Breaks())  # type: ignore[arg-type]
    kept.recorder.stdout_received(b"{}\n")
    ((tag, text),) = kept.view()
    assert tag == "x"
    assert "no such event" in text
    assert "\x1b" not in text


def test_what_is_not_json_from_an_agent_is_no_error(tmp_path: Path) -> None:
    kept = Kept(tmp_path, "claude")
    kept.recorder.stdout_received(b"bash: warning \x1b]0;pwned\x07 \xff\xfe\n")
    kept.recorder.stderr_received(b"line of stderr\n")
    assert all("\x1b" not in text and "\x07" not in text for _, text in kept.view())
    assert all(isinstance(event, AgentSpoke) for event in kept.heard)


@pytest.mark.parametrize("agent", ["claude", "shell"])
def test_every_change_is_marked_for_the_next_flush(agent: AgentName, tmp_path: Path) -> None:
    kept = Kept(tmp_path, agent)
    kept.recorder.stdout_received(b"x\n")
    kept.recorder.note("ours")
    kept.recorder.conclude(adapter(agent).parser().finish(ExitStatus(code=0)))
    assert kept.marked == [kept.recorder] * 3
