"""What is known of one session while it is followed: its state, its conversation, its questions."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from fleet_tui.managed.events import (
    Capped,
    Charged,
    Decided,
    Deleted,
    Failed,
    Interrupted,
    Previewed,
    Said,
    StateChanged,
    ToolAnswered,
    ToolUsed,
)
from fleet_tui.model.managed_view import RESTING, ManagedAsk
from fleet_tui.model.snapshot import ViewLine
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fleet_tui.managed.events import CloudEvent, Speaker
    from fleet_tui.model.managed_view import ManagedState
    from fleet_tui.model.snapshot import LineTag

MOST_LINES = 20_000
MOST_RESULT_LINES = 12
"""Lines of a tool's answer that are shown; the service keeps the whole."""

_TAGS: dict[Speaker, LineTag] = {"user": "m", "agent": "t", "thinking": "k", "system": "m"}
_MARKS: dict[Speaker, str] = {"user": "> ", "agent": "", "thinking": "", "system": "system: "}


class Story:
    """Takes events in any order of arrival, each once; an event is known by its id."""

    def __init__(self) -> None:
        self.state: ManagedState | None = None
        """None until the service has said one."""
        self.cost_usd: float | None = None
        self.last_word = ""
        self.why = ""
        """The last thing that went wrong."""
        self.changes = 0
        """Grows with each line, and with each piece of a preview."""
        self.states_heard = 0
        """How many words on the state were taken."""
        self._seen: set[str] = set()
        self._told = 0
        self._lines: deque[ViewLine] = deque(maxlen=MOST_LINES)
        self._uses: dict[str, ManagedAsk] = {}
        self._waiting: tuple[str, ...] = ()
        self._decided: set[str] = set()
        self._preview = ("", "")
        self._has_news = False
        """Something was said to the agent that no word on its state has followed yet."""

    @property
    def is_at_rest(self) -> bool:
        """True when it does nothing more before a person does something."""
        return self.state in RESTING and not self._has_news

    @property
    def asks(self) -> tuple[ManagedAsk, ...]:
        """What waits for a person, in the order in which it was asked."""
        if self.state != "waiting":
            return ()
        return tuple(
            self._uses.get(use, ManagedAsk(use, "a tool", "nothing is known of it", False))
            for use in self._waiting
            if use not in self._decided
        )

    @property
    def lines(self) -> tuple[ViewLine, ...]:
        """The conversation, and what the agent is saying just now."""
        _, text = self._preview
        tail = (ViewLine("t", line) for line in text.split("\n")) if text else ()
        return (*self._lines, *tail)

    @property
    def told(self) -> int:
        """How many lines the conversation has had, also those that are forgotten."""
        return self._told

    def read(self, first: int) -> list[ViewLine]:
        """Return the lines from the one with that number on, those that are kept."""
        return list(self._lines)[max(0, first - self._told + len(self._lines)) :]

    def take(self, event: CloudEvent) -> bool:
        """Take an event; False when it was known, or changes nothing."""
        if event.id:
            if event.id in self._seen:
                return False
            self._seen.add(event.id)
        before = (self.changes, self.state, self._waiting, self.cost_usd)
        self._tell(event)
        return before != (self.changes, self.state, self._waiting, self.cost_usd)

    def hear_state(self, state: ManagedState) -> None:
        """Take the service's word on the state where no event gave the reason of its rest.

        A session that has not begun on what it was told is said to be idle too.
        """
        has_reason = self.state in ("waiting", "over-budget", "stuck", "declined")
        if state == "idle" and (has_reason or self._has_news):
            return
        self.state = state

    def _tell(self, event: CloudEvent) -> None:
        match event:
            case Said():
                self._say(event)
            case Previewed(message=message, text=text):
                self._piece(message, text)
            case ToolUsed():
                self._uses[event.id] = ManagedAsk(
                    event.id, event.tool, event.text, event.can_answer
                )
                self._add("q" if event.is_asked else "c", [f"{event.tool}: {event.text}"])
            case ToolAnswered():
                self._add("x" if event.is_error else "r", _cut(event.text))
            case Decided():
                self._decided.add(event.use)
                why = f": {event.why}" if event.why else ""
                word = "allowed" if event.is_allowed else "denied"
                self._add("m" if event.is_allowed else "d", [f"{word}{why}"])
            case Interrupted():
                self._add("m", ["asked to stop"])
            case StateChanged(state=state, asks=asks):
                self.state, self._waiting = state, asks
                self.states_heard += 1
                self._has_news = False
                if state == "over-budget":
                    self._add("x", ["its budget is used up; no further request is made"])
            case Charged(usd=usd):
                self.cost_usd = usd if usd is not None else self.cost_usd
            case Capped(usd=usd):
                self._cap(usd)
            case Failed(text=text):
                self.why = text
                self._add("x", [text])
            case Deleted():
                self.state = "gone"
                self.states_heard += 1
            case _:
                return

    def _cap(self, usd: float | None) -> None:
        """Take a new budget: what stopped at the old one rests, and can go on."""
        if self.state == "over-budget":
            self.state = "idle"
            self.states_heard += 1
        self._add("m", ["it has another budget" if usd is None else f"its budget is ${usd:.2f}"])

    def _say(self, event: Said) -> None:
        if event.id == self._preview[0]:
            self._preview = ("", "")
        mark = _MARKS[event.speaker]
        self._add(_TAGS[event.speaker], [mark + line for line in event.text.split("\n")])
        if event.speaker == "user":
            self._has_news = True
        if event.speaker == "agent":
            self.last_word = one_line(event.text, 200) or self.last_word

    def _piece(self, message: str, text: str) -> None:
        if message in self._seen:
            return
        known, so_far = self._preview
        self._preview = (message, so_far + text if message == known else text)
        self.changes += 1

    def _add(self, tag: LineTag, lines: Iterable[str]) -> None:
        for line in lines:
            self._lines.append(ViewLine(tag, line))
            self._told += 1
        self.changes += 1


def _cut(text: str) -> list[str]:
    lines = text.split("\n")
    more = len(lines) - MOST_RESULT_LINES
    return lines if more <= 1 else [*lines[:MOST_RESULT_LINES], f"… {more} more lines"]
