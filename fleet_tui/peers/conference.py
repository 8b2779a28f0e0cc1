"""One set of questions to many peers at once, and the table of what they answered."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from fleet_tui.model.errors import UsageError
from fleet_tui.model.peer import OPERATOR, Scope
from fleet_tui.model.peers_view import Answered, ConferenceView
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_tui.context import FleetContext
    from fleet_tui.model.peer import Message
    from fleet_tui.peers.post import Post
    from fleet_tui.peers.store import PeerStore

QUESTIONS_LIMIT = 20
KEPT = 20
"""Conferences that the picture shows."""
_NUMBERED = re.compile(r"^\s*(\d{1,2})[.):]\s*", re.MULTILINE)


class Conferences:
    """Asks, and reads the answers out of the messages that came back."""

    def __init__(self, context: FleetContext, store: PeerStore, post: Post) -> None:
        self._context = context
        self._store = store
        self._post = post

    async def ask(self, scope: Scope, questions: Sequence[str]) -> str:
        """Ask all live peers of a scope; returns the conference's id. Raises UsageError."""
        asked = [one_line(question, 2000) for question in questions if question.strip()]
        if not 1 <= len(asked) <= QUESTIONS_LIMIT:
            raise UsageError(f"a conference has 1 to {QUESTIONS_LIMIT} questions")
        names = writable(self._store, scope)
        identifier = self._context.new_id("c")
        text = "\n".join(f"{number}. {question}" for number, question in enumerate(asked, 1))
        head = "Please answer each question with its number, shortly:"
        with self._store.database.transaction() as connection:
            connection.execute(
                "INSERT INTO conferences VALUES (?, ?, ?, ?)",
                (identifier, str(scope), json.dumps(asked), self._context.clock.time()),
            )
        await self._post.send_many(OPERATOR, names, f"{head}\n{text}", batch=identifier)
        return identifier

    def views(self) -> tuple[ConferenceView, ...]:
        """Return the newest conferences, the newest last."""
        rows = self._store.database.rows(
            "SELECT id FROM conferences ORDER BY asked_at DESC LIMIT ?", (KEPT,)
        )
        return tuple(self.view(row["id"]) for row in rows[::-1])

    def view(self, identifier: str) -> ConferenceView:
        """Return one conference as it stands; raises UsageError for an unknown one."""
        row = self._store.database.row(
            "SELECT * FROM conferences WHERE id LIKE ?", (f"%{identifier}",)
        )
        if row is None:
            raise UsageError(f"no conference {one_line(identifier, 40)}")
        questions = tuple(json.loads(row["questions"]))
        asked = self._store.messages("batch = ? AND sender = ?", row["id"], OPERATOR)
        rows = tuple(self._row(message, questions) for message in asked)
        return ConferenceView(row["id"], row["scope"], questions, row["asked_at"], rows)

    def _row(self, message: Message, questions: Sequence[str]) -> Answered:
        peer = self._store.peer(message.recipient)
        reply = self._store.message(message.replied_by) if message.replied_by else None
        if reply is None:
            empty = ("",) * len(questions)
            is_gone = peer is None or not peer.is_live
            return Answered(
                message.recipient, message.created_at, message.rung, empty, is_gone=is_gone
            )
        return Answered(
            message.recipient,
            message.created_at,
            message.rung,
            split_answers(reply.text, len(questions)),
            reply.created_at,
        )


def writable(store: PeerStore, scope: Scope) -> list[str]:
    """Return the names of the live peers of a scope; raises UsageError when there is none."""
    names = [
        peer.name
        for peer in store.peers()
        if peer.is_live and peer.kind not in ("operator", "run") and scope.holds(peer)
    ]
    if not names:
        raise UsageError(f"no live peer in {scope}", mend="see `fleet-tui peers list --refresh`")
    return names


def split_answers(text: str, count: int) -> tuple[str, ...]:
    """Return the answer to each question, by its number; unnumbered text answers the first."""
    answers = [""] * count
    marks = list(_NUMBERED.finditer(text))
    fitting = [mark for mark in marks if 1 <= int(mark[1]) <= count]
    if not fitting or count == 1:
        answers[0] = _NUMBERED.sub("", text, count=1).strip() if count == 1 else text.strip()
        return tuple(answers)
    for mark, after in zip(fitting, [*fitting[1:], None], strict=True):
        end = after.start() if after else len(text)
        place = int(mark[1]) - 1
        answers[place] = " ".join(filter(None, (answers[place], text[mark.end() : end].strip())))
    return tuple(answers)


def as_markdown(view: ConferenceView, now: float) -> str:
    """Return a conference as a Markdown table, and who is missing since when."""
    heads = ["peer", *(f"{n}. {q}" for n, q in enumerate(view.questions, 1))]
    lines = [f"# Conference {view.id}", "", f"Asked: {view.scope}", ""]
    lines += [_table_row(heads), _table_row(["---"] * len(heads))]
    lines += [_table_row([row.peer, *row.answers]) for row in view.rows if row.answered_at]
    if view.missing:
        lines += ["", "Missing:", ""]
        for row in view.missing:
            minutes = max(0, round((now - row.asked_at) / 60))
            state = "gone" if row.is_gone else row.rung
            lines.append(f"- {row.peer}: {state}, asked {minutes} min ago")
    return "\n".join(lines) + "\n"


def _table_row(cells: Sequence[str]) -> str:
    plain = (" ".join(cell.replace("|", "\\|").split()) for cell in cells)
    return f"| {' | '.join(plain)} |"
