"""Notices that the screen itself raises, in the shape in which the core's arrive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.model.control import Changes
from fleet_tui.model.notice import Notice
from fleet_tui.tui.safe import short

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fleet_tui.model.notice import Severity
    from fleet_tui.model.question import Question

QUESTION_ASKED = "question-asked"
"""The event of a notice about a question; it is told over any screen."""
SAID = "said"
"""The event of what the screen itself said; it has been told already."""


def changes_of(notices: Iterable[Notice]) -> Changes:
    """Return notices as something that a frame can take in."""
    return Changes(None, {}, {}, {}, tuple(notices))


def about_files(problems: Sequence[str], now: float) -> Changes:
    """Return what is wrong with the operator's files."""
    return changes_of(
        Notice(f"screen-file-{problem}", now, "warning", "configuration-problem", "screen", problem)
        for problem in problems
    )


def said(text: str, severity: Severity, kind: str, now: float) -> Changes:
    """Return what the screen itself said, of each kind the newest, to be looked up later."""
    told = short(text, 500)
    return changes_of([Notice(f"said-{kind or told}", now, severity, SAID, "screen", told)])


def about_questions(asked: Sequence[Question], now: float, key: str) -> Changes:
    """Return new questions; `key` is what answers them."""
    return changes_of(
        Notice(
            f"question-{question.run}-{question.id}",
            now,
            "warning",
            QUESTION_ASKED,
            question.host,
            f"asks: {in_short(question)} ({key} answers)",
            question.run,
        )
        for question in asked
    )


def in_short(question: Question, limit: int = 100) -> str:
    """Return what is asked on one line; cut, so never enough to answer by."""
    if question.kind == "choice":
        return short(" / ".join(choice.question for choice in question.choices), limit)
    return short(f"{question.tool}: {question.text}", limit)
