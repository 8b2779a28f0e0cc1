"""A run as Markdown, to be read elsewhere or put into a web thread: tools are folded away. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import groupby
from typing import TYPE_CHECKING

from fleet_tui.model.text import one_line, sanitize

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fleet_tui.model.lines import LineSource
    from fleet_tui.model.run import Run
    from fleet_tui.model.snapshot import ViewLine

MOST_LINES = 20_000
_WINDOW = 1_000
_FOLDED = frozenset("kcrm")
"""Thoughts, tool calls, their results, notes."""


def export_markdown(run: Run, prompt: str, source: LineSource) -> str:
    """Return prompt, answer, folded tools, cost and host of a run, at most 20,000 lines of it."""
    parts = [
        f"# {one_line(prompt, 80) or run.id}",
        "",
        *_facts(run),
        "",
        "## Prompt",
        "",
        *_fenced(sanitize(prompt).split("\n")),
        "",
        "## Answer",
        "",
        *_body(run, _lines(source)),
    ]
    if source.count > MOST_LINES:
        parts += ["", f"*{source.count - MOST_LINES:,} more lines are left out.*"]
    return "\n".join(parts).rstrip() + "\n"


def _facts(run: Run) -> Iterator[str]:
    began = datetime.fromtimestamp(run.created_at, tz=UTC).strftime("%Y-%m-%d %H:%M UTC")
    model = f", {one_line(run.model)}" if run.model else ""
    yield f"- {run.agent}{model} on `{one_line(run.host)}`, mode {run.mode}, {began}"
    outcome = "" if run.outcome in (None, "ok") else f" ({run.outcome})"
    why = f": {one_line(run.reason, 400)}" if run.reason else ""
    yield f"- {run.state}{outcome}{why}"
    cost = "not known" if run.cost_usd is None else f"${run.cost_usd:.4f}"
    took = ""
    if run.started_at is not None and run.finished_at is not None:
        took = f", {run.finished_at - run.started_at:.1f} s"
    yield f"- cost {cost}{took}, run `{run.id}`"


def _lines(source: LineSource) -> Iterator[ViewLine]:
    first = 0
    while first < MOST_LINES and (lines := source.read(first, min(_WINDOW, MOST_LINES - first))):
        first += len(lines)
        yield from lines


def _body(run: Run, lines: Iterable[ViewLine]) -> Iterator[str]:
    """Answers of agents are Markdown themselves; what commands print is not."""
    for kind, group in groupby(lines, key=lambda line: _kind(run, line)):
        texts = [line.text for line in group]
        if kind == "folded":
            yield f"<details><summary>{_summary(texts)}</summary>"
            yield ""
            yield from _fenced(texts)
            yield ""
            yield "</details>"
            yield ""
        elif kind == "output":
            yield from _fenced(texts)
            yield ""
        else:
            yield from (_harmless(text) for text in texts)
            yield ""


def _kind(run: Run, line: ViewLine) -> str:
    if line.tag in _FOLDED:
        return "folded"
    if line.tag in "oe" or run.agent == "shell":
        return "output"
    return "said"


def _summary(texts: list[str]) -> str:
    first = one_line(texts[0], 80) if texts else ""
    rest = len(texts) - 1
    more = f" and {rest} more line{'s' if rest > 1 else ''}" if rest > 0 else ""
    return f"{_harmless(first)}{more}"


def _harmless(text: str) -> str:
    """Keep what an agent wrote from closing our folds or opening tags of its own."""
    return text.replace("<", "&lt;")


def _fenced(texts: list[str]) -> Iterator[str]:
    longest = max((len(run) for text in texts for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    yield fence
    yield from texts
    yield fence
