"""SESSION-HANDOFF.md: what was asked, done and left open, for whoever goes on there. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fleet_tui.model.ids import short
from fleet_tui.model.text import one_line, sanitize
from fleet_tui.model.threads import INCLUDE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fleet_tui.journal.moved import Handoff
    from fleet_tui.model.run import Run

_LONGEST = 4_000
_MOST_FILES = 100


@dataclass(frozen=True, slots=True)
class Turn:
    """One prompt to the session, and what came of it."""

    run: Run
    prompt: str
    answer: str


def write_document(
    handoff: Handoff, turns: Sequence[Turn], touched: Sequence[str], notes: Sequence[str] = ()
) -> str:
    """Return the document; nothing in it can end a line early or reach a terminal."""
    last = turns[-1].run if turns else None
    lines = [
        "# Session hand-off",
        "",
        f"- from `{handoff.source}`{_folder(handoff.source_workdir)} "
        f"to `{handoff.target}`{_folder(handoff.workdir)}",
        f"- {handoff.agent} session `{handoff.session}`, run `{handoff.run}`",
        f"- {_when(handoff.at)}, by {one_line(handoff.by)}",
        "",
        "## Asked",
        "",
        *_asked(turns),
        "## Done",
        "",
        *_block(turns[-1].answer if turns else "", "The last run left no answer."),
        "## Open",
        "",
        *(f"- {one_line(line, 500)}" for line in _open(last, notes)),
        "",
        "## Files touched",
        "",
        *_files(touched),
        "",
        "## How to go on",
        "",
        f"- with its whole memory: `fleet-tui resume {short(handoff.run)} -- PROMPT`",
        f"- by hand, in this folder: `{_resume(handoff)}`",
        f'- afresh: begin a prompt with "{INCLUDE}"',
    ]
    if handoff.bundle:
        lines.append(
            f"- the working tree's state came along as commit `{handoff.bundle[:12]}` "
            f"(`refs/fleet/handoff/{handoff.id}`)"
        )
    return sanitize("\n".join(lines)) + "\n"


def _asked(turns: Sequence[Turn]) -> Iterable[str]:
    if not turns:
        return ["(this fleet has no record of the prompts)", ""]
    lines: list[str] = []
    for number, turn in enumerate(turns, 1):
        how = turn.run.state if turn.run.outcome in (None, "ok") else turn.run.outcome
        lines += [f"{number}. {_when(turn.run.created_at)} on `{turn.run.host}`, {how}:", ""]
        lines += [f"   > {line}" for line in _cut(turn.prompt).split("\n")]
        lines.append("")
    return lines


def _block(text: str, otherwise: str) -> list[str]:
    if not text.strip():
        return [otherwise, ""]
    return [*(f"> {line}".rstrip() for line in _cut(text).split("\n")), ""]


def _open(last: Run | None, notes: Sequence[str]) -> list[str]:
    found = list(notes)
    if last is not None and (last.state != "succeeded" or last.outcome not in (None, "ok")):
        why = f": {last.reason}" if last.reason else ""
        found.insert(0, f"the last run ended as {last.state} ({last.outcome}){why}")
    return found or ["nothing that the record tells; read the answer above"]


def _files(touched: Sequence[str]) -> list[str]:
    if not touched:
        return ["(none by the agent's own edit tools; commands it ran may have changed files)"]
    lines = [f"- `{one_line(path, 500)}`" for path in touched[:_MOST_FILES]]
    if len(touched) > _MOST_FILES:
        lines.append(f"- and {len(touched) - _MOST_FILES} more")
    return lines


def _resume(handoff: Handoff) -> str:
    if handoff.agent == "codex":
        return f"codex resume {handoff.session}"
    return f"claude --resume {handoff.session}"


def _folder(path: str) -> str:
    return f" in `{one_line(path, 500)}`" if path else ""


def _cut(text: str) -> str:
    cleaned = sanitize(text).strip()
    if len(cleaned) <= _LONGEST:
        return cleaned
    return f"{cleaned[:_LONGEST]}\n… {len(cleaned) - _LONGEST:,} more characters"


def _when(at: float) -> str:
    return datetime.fromtimestamp(at, tz=UTC).strftime("%Y-%m-%d %H:%M UTC")
