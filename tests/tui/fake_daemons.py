"""Daemons and schedules as the screen sees them, in memory."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from fleet_tui.model.daemons_view import DaemonsView, DutyView, StartView
from tests.tui.answers import done, refused

if TYPE_CHECKING:
    from concurrent.futures import Future

    from fleet_tui.model.errors import FleetError
    from fleet_tui.model.snapshot import PartView


class ShowsParts(Protocol):
    """What the fake needs of the fake core."""

    calls: list[tuple[str, object]]
    refusal: FleetError | None
    now: float

    def show_part(self, view: PartView) -> None: ...


class FakeDaemons:
    """Implements `DaemonsControl`; orders are carried out at once."""

    def __init__(self, core: ShowsParts) -> None:
        self._core = core
        now = core.now
        good = StartView("d-1", now - 7_320, now - 7_300, "ok", "plenty of room", 2, 2, 0.03)
        bad = StartView("d-0", now - 28_920, now - 28_900, "failed", "web01: no route", 0, 2, None)
        scout = DutyView(
            "disk-scout",
            "daemon",
            "@web",
            "Look at free space.",
            "every 6h",
            "waiting",
            now - 7_300,
            now + 14_280,
            recent=(good, bad),
            holder="the screen (process 7)",
            is_ours=True,
        )
        fixer = replace(
            scout,
            name="fixer",
            prompt="Mend what is broken.",
            mode="write",
            state="unconfirmed",
            next_at=None,
            recent=(),
        )
        report = replace(
            scout,
            name="morning-report",
            kind="schedule",
            rhythm="07:30 mon tue",
            state="running",
            recent=(StartView("d-2", now - 40),),
            holder="fleet-tui daemon run (process 9)",
            is_ours=False,
        )
        self.view = DaemonsView((scout, fixer, report))

    def show(self, name: str = "", **changes: object) -> None:
        """Let the screen have the picture, with one of them changed."""
        rows = [replace(r, **changes) if r.name == name else r for r in self.view.rows]  # type: ignore[arg-type]
        self.view = DaemonsView(tuple(rows))
        self._core.show_part(self.view)

    def run_now(self, name: str) -> Future[None]:
        return self._ordered("run_now", name, state="running")

    def pause(self, name: str, is_paused: bool) -> Future[None]:
        state = "paused" if is_paused else "waiting"
        return self._ordered("pause", (name, is_paused), name=name, state=state)

    def confirm(self, name: str) -> Future[None]:
        return self._ordered("confirm", name, state="waiting")

    def _ordered(self, what: str, about: object, **changes: object) -> Future[None]:
        self._core.calls.append((what, about))
        if self._core.refusal is not None:
            return refused(self._core.refusal)
        self.show(str(changes.pop("name", about)), **changes)
        return done(None)
