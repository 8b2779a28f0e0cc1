"""The audit log as the screen sees it, in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.model.audit_control import LogPage, LogPlace, LogQuestion, LogVerdict
from tests.tui.answers import done

if TYPE_CHECKING:
    from concurrent.futures import Future


class FakeAudit:
    """Lines that tests write; every word of a question must be in a line."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.own: list[str] = []
        self.verdict = LogVerdict(True, 5, 1, 0)

    def page(self, wanted: LogQuestion, limit: int) -> Future[LogPage]:
        lines = self._source(wanted)
        return done(LogPage(_fitting(wanted, lines)[-limit:], LogPlace(1, len(lines))))

    def more(self, wanted: LogQuestion, place: LogPlace) -> Future[LogPage]:
        lines = self._source(wanted)
        return done(LogPage(_fitting(wanted, lines[place.offset :]), LogPlace(1, len(lines))))

    def verify(self) -> Future[LogVerdict]:
        return done(self.verdict)

    def _source(self, wanted: LogQuestion) -> list[str]:
        return self.own if wanted.is_own else self.lines


def _fitting(wanted: LogQuestion, lines: list[str]) -> tuple[str, ...]:
    return tuple(line for line in lines if all(word in line for word in wanted.words))
