"""A dispatch told while it happens: prefixed lines for people, JSON objects for programs."""

from __future__ import annotations

import codecs
import sys
import time
from typing import TYPE_CHECKING

from fleet_tui.agents.transcript import TranscriptWriter
from fleet_tui.cli.console import complain, emit, say
from fleet_tui.model.events import (
    AgentSpoke,
    DispatchFinished,
    DispatchStarted,
    NoticeRaised,
    OutputArrived,
    PartChanged,
    RunChanged,
    RunFinished,
)
from fleet_tui.model.parking_view import ParkingView
from fleet_tui.model.text import sanitize

if TYPE_CHECKING:
    from fleet_tui.model.agent import AgentEvent
    from fleet_tui.model.control import GatheredGroup
    from fleet_tui.model.events import Event, Stream
    from fleet_tui.model.run import Run

LONGEST_LINE = 64 << 10
"""Bytes of an unfinished line that are held back for its end; a longer one is broken."""


class TextReporter:
    """Lines with the host before them, as clush and pdsh do; quiet when answers are gathered."""

    def __init__(self, hosts: int, is_gathering: bool) -> None:
        self._prefixed = hosts > 1
        self._is_gathering = is_gathering
        self._rest: dict[tuple[str, Stream], bytes] = {}
        self._transcripts: dict[str, TranscriptWriter] = {}

    def heard(self, event: Event) -> None:
        """Take one event of the bus."""
        if isinstance(event, OutputArrived):
            self._output(event)
        elif isinstance(event, AgentSpoke):
            self._agent(event)
        elif isinstance(event, RunFinished):
            self._finished(event.run)
        elif isinstance(event, DispatchFinished):
            self._summary(event.runs)
        elif isinstance(event, NoticeRaised) and event.notice.event in ("journal", "run-parked"):
            complain(event.notice.text)

    def gathered(self, group: GatheredGroup) -> None:
        """Write one group of equal answers, with how it differs from the largest."""
        say(f"── {group.hosts} ({len(group.run_ids)}) {group.state} " + "─" * 12)
        for line in group.lines:
            say(line)
        if group.cut_lines:
            say(f"… {group.cut_lines} more lines")
        if group.difference:
            say("   differs:")
            for line in group.difference:
                say(f"   {line}")
        sys.stdout.flush()

    def _output(self, event: OutputArrived) -> None:
        key = (event.run, event.stream)
        *lines, rest = (self._rest.pop(key, b"") + event.data).split(b"\n")
        if len(rest) > LONGEST_LINE:
            lines.append(rest)
        elif rest:
            self._rest[key] = rest
        self._write(event.host, event.stream, [line.decode("utf-8", "replace") for line in lines])

    def _agent(self, event: AgentSpoke) -> None:
        writer = self._transcripts.setdefault(event.run, TranscriptWriter())
        self._write(event.host, "stdout", [text for _, text in writer.write(event.event)])

    def _finished(self, run: Run) -> None:
        for stream in ("stdout", "stderr"):
            rest = self._rest.pop((run.id, stream), b"")
            if rest:
                self._write(run.host, stream, [rest.decode("utf-8", "replace")])
        writer = self._transcripts.pop(run.id, None)
        if writer is not None:
            self._write(run.host, "stdout", [text for _, text in writer.close()])
        if run.state != "succeeded" or run.outcome == "denied":
            why = run.reason or run.outcome or ""
            mend = f" ({run.mend})" if run.mend else ""
            complain(f"{run.host}: {run.state}: {why}{mend}")

    def _write(self, host: str, stream: Stream, lines: list[str]) -> None:
        if self._is_gathering or not lines:
            return
        prefix = f"{host}: " if self._prefixed else ""
        text = "".join(
            f"{prefix}{part}\n"
            for line in lines
            for part in sanitize(line.rstrip("\r")).split("\n")
        )
        target = sys.stderr if stream == "stderr" else sys.stdout
        target.write(text)
        target.flush()

    def _summary(self, runs: tuple[Run, ...]) -> None:
        if len(runs) < 2:
            return
        counts: dict[str, int] = {}
        for run in runs:
            counts[run.state] = counts.get(run.state, 0) + 1
        told = ", ".join(f"{count} {state}" for state, count in sorted(counts.items()))
        cost = sum(run.cost_usd or 0.0 for run in runs)
        complain(f"{told}{f', ${cost:.4f}' if cost else ''}")


class JsonReporter:
    """The objects of the command line's JSON contract."""

    def __init__(self) -> None:
        self._started: set[str] = set()
        self._told_parked: set[str] = set()
        self._decoders: dict[tuple[str, Stream], codecs.IncrementalDecoder] = {}
        self._answers: dict[str, list[str]] = {}
        self._dispatch = ""

    def heard(self, event: Event) -> None:
        """Take one event of the bus."""
        now = time.time()
        if isinstance(event, DispatchStarted):
            self._dispatch = event.dispatch.id
        elif isinstance(event, RunChanged):
            if event.run.state == "running":
                self._run_started(event.run, now)
        elif isinstance(event, OutputArrived):
            self._output(event, now)
        elif isinstance(event, AgentSpoke):
            self._agent(event.run, event.host, event.event, now)
        elif isinstance(event, RunFinished):
            self._run_finished(event.run, event.answer, now)
        elif isinstance(event, PartChanged) and isinstance(event.view, ParkingView):
            self._parked(event.view, now)
        elif isinstance(event, DispatchFinished):
            counts: dict[str, int] = {}
            for run in event.runs:
                counts[run.state] = counts.get(run.state, 0) + 1
            emit("dispatch-finished", now, dispatch=event.dispatch.id, counts=counts)

    def gathered(self, group: GatheredGroup) -> None:
        """Write nothing: programs gather by themselves."""

    def _run_started(self, run: Run, now: float) -> None:
        if run.id in self._started:
            return
        self._started.add(run.id)
        emit(
            "run-started",
            now,
            run=run.id,
            dispatch=run.dispatch,
            host=run.host,
            agent=run.agent,
            mode=run.mode,
            session=run.session,
        )

    def _parked(self, view: ParkingView, now: float) -> None:
        """Tell each run of ours that a limit has parked, once."""
        for run, parked in view.parked.items():
            if run in self._started and run not in self._told_parked:
                self._told_parked.add(run)
                about = {"attempt": parked.attempt, "why": parked.why}
                emit("run-parked", now, run=run, host=parked.host, due_at=parked.due_at, **about)

    def _output(self, event: OutputArrived, now: float) -> None:
        key = (event.run, event.stream)
        decoder = self._decoders.get(key)
        if decoder is None:
            decoder = codecs.getincrementaldecoder("utf-8")("replace")
            self._decoders[key] = decoder
        held = len(decoder.getstate()[0])
        text = decoder.decode(event.data)
        if text:
            self._emit_output(event.run, event.host, event.stream, event.offset - held, text, now)

    def _emit_output(
        self, run: str, host: str, stream: Stream, offset: int, text: str, now: float
    ) -> None:
        emit("output", now, run=run, host=host, stream=stream, offset=offset, text=text)

    def _agent(self, run: str, host: str, event: AgentEvent, now: float) -> None:
        if event.kind == "text-delta":
            self._answers.setdefault(run, []).append(event.text)
            return
        if event.discards_partial:
            self._answers.pop(run, None)
        streamed = "".join(self._answers.pop(run, []))
        text = event.text
        if streamed:
            if event.kind == "text" and not text:
                text = streamed
            else:
                emit("agent", now, run=run, host=host, kind="text", text=streamed)
        about: dict[str, object] = {}
        if event.tool:
            about["tool"] = event.tool
        if event.tool_use:
            about["tool_use"] = event.tool_use
        if event.is_error:
            about["is_error"] = True
        if event.resets_at is not None:
            about["resets_at"] = event.resets_at
        if text or event.kind != "text":
            emit("agent", now, run=run, host=host, kind=event.kind, text=text, **about)

    def _run_finished(self, run: Run, answer: str, now: float) -> None:
        sizes: dict[Stream, int] = {"stdout": run.out_bytes, "stderr": run.err_bytes}
        for stream, size in sizes.items():
            decoder = self._decoders.pop((run.id, stream), None)
            if decoder is not None:
                held = len(decoder.getstate()[0])
                if text := decoder.decode(b"", final=True):
                    self._emit_output(run.id, run.host, stream, size - held, text, now)
        started = run.started_at or run.finished_at or now
        emit(
            "run-finished",
            now,
            run=run.id,
            dispatch=run.dispatch,
            host=run.host,
            agent=run.agent,
            mode=run.mode,
            state=run.state,
            outcome=run.outcome,
            exit_status=run.exit_status,
            cost_usd=run.cost_usd,
            session=run.session,
            seconds=round((run.finished_at or now) - started, 3),
            reason=run.reason,
            mend=run.mend,
            answer=answer,
        )
