"""What a question's card says around the command: who asks, where, why, and by what rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.content import Content

from fleet_tui.model.ids import short as short_id
from fleet_tui.tui import fmt, states
from fleet_tui.tui.safe import clean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet_tui.model.question import Question
    from fleet_tui.model.snapshot import RunView

LABEL = 9
LINES_A_FACT = 2
OLD_AFTER = 300.0
"""Seconds after which a question is shown as overdue."""

TITLES = {
    "command": "may it run this command?",
    "tool": "may it use this tool?",
    "choice": "it wants to know",
}


def facts(question: Question, view: RunView | None, now: float) -> Iterator[tuple[str, str, str]]:
    """Yield (label, text, style) of what is known about a question, most telling first."""
    run = f"run {short_id(question.run)}"
    agent = view.run.agent if view else "agent"
    who = f"{question.host} · {run} · {agent}{', a subagent' if question.is_subagent else ''}"
    yield "host", who, "bold"
    if question.kind != "choice":
        yield "tool", question.tool, ""
    if question.cwd:
        yield "in", question.cwd, ""
    if question.path:
        yield "reaches", question.path, "$fleet-wait"
    if question.why:
        yield "why", question.why, ""
    if question.description:
        yield "it says", f"“{question.description}” (its own claim)", "$fleet-muted"
    if not question.is_exact:
        yield (
            "beware",
            "not all of it is shown, or it has characters no terminal may see",
            ("bold $fleet-bad"),
        )
    lost = states.lost_contact(view, now) if view else ""
    if lost:
        yield "contact", f"{lost}; an answer needs it back", "$fleet-wait"


def facts_content(
    question: Question, view: RunView | None, now: float, width: int
) -> tuple[Content, int]:
    """Return the facts as text, and how many lines it takes in `width` cells."""
    lines: list[Content] = []
    room = max(10, width - LABEL)
    for label, text, style in facts(question, view, now):
        whole = fmt.clip_middle(clean(text), room * LINES_A_FACT)
        for number, part in enumerate(_cut(whole, room)):
            head = fmt.pad(label if number == 0 else "", LABEL)
            lines.append(Content.assemble((head, "$fleet-muted"), (part, style)))
    return Content("\n").join(lines), len(lines)


def _cut(text: str, width: int) -> list[str]:
    """Return `text` in lines of at most `width` cells, cut anywhere."""
    lines: list[str] = [""]
    size = 0
    for char in text:
        cells = cell_len(char)
        if size + cells > width:
            lines.append("")
            size = 0
        lines[-1] += char
        size += cells
    return lines


def title(question: Question) -> str:
    """Return what the card is about, in our own words alone."""
    return f"{question.host} asks: {TITLES[question.kind]}"


def place(question: Question, waiting: list[Question], now: float) -> tuple[str, str]:
    """Return `2 of 3 · asked 40s ago` and its style."""
    keys = [(q.run, q.id) for q in waiting]
    key = (question.run, question.id)
    which = f"{keys.index(key) + 1} of {len(keys)} · " if key in keys and len(keys) > 1 else ""
    age = now - question.asked_at
    return f"{which}asked {fmt.age(age)} ago", "$fleet-bad" if age > OLD_AFTER else "$fleet-wait"
