"""Cloud sessions as the screen sees them, in memory."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from fleet_tui.model.managed_view import ManagedAsk, ManagedRow, ManagedSession, ManagedView
from fleet_tui.model.snapshot import ViewLine
from tests.tui.answers import done, refused
from tests.tui.fixed_clock import NOW

if TYPE_CHECKING:
    from concurrent.futures import Future

    from fleet_tui.model.errors import FleetError
    from fleet_tui.model.snapshot import PartView

ASK = ManagedAsk("sevt_1", "bash", "rm -rf build && make")


class ShowsParts(Protocol):
    """What the fake needs of the fake core."""

    calls: list[tuple[str, object]]
    refusal: FleetError | None

    def show_part(self, view: PartView) -> None: ...


def session(number: int, title: str, **more: object) -> ManagedSession:
    """Return a session that was begun some minutes ago."""
    made = ManagedSession(
        id=f"m-{number:026d}",
        title=title,
        prompt=title,
        agent="agent_1",
        environment="env_1",
        origin="operator",
        by="me@here",
        epoch=7,
        budget_usd=0.5,
        created_at=NOW - 600,
        state_at=NOW - 120,
        heard_at=NOW - 4,
        session=f"sesn_{number}",
        model="claude-opus-5-5",
        cost_usd=0.07,
    )
    return replace(made, **more)  # type: ignore[arg-type]


class FakeManaged:
    """Implements `ManagedControl`; orders are only noted."""

    def __init__(self, core: ShowsParts) -> None:
        self._core = core
        long_ago = NOW - 900
        idle = session(2, "audit packages", state="idle", last_word="Three are weak.")
        unheard = session(1, "count", state="running", heard_at=long_ago, state_at=long_ago)
        self.rows = [
            ManagedRow(session(3, "mend the importer", state="waiting"), (ASK,), 4),
            ManagedRow(idle, (), 2),
            ManagedRow(unheard),
        ]
        self.said: tuple[ViewLine, ...] = (
            ViewLine("m", "> audit packages"),
            ViewLine("t", "Three are [b]weak[/b]."),
        )

    def show(self, **changes: object) -> None:
        """Let the screen have the picture."""
        view = ManagedView(
            tuple(self.rows), "", 0.14, 0.5, 3.0, active=2, max_parallel=2, budget_usd=0.5
        )
        self._core.show_part(replace(view, **changes))  # type: ignore[arg-type]

    def start(self, prompt: str, title: str, budget_usd: float | None) -> Future[str]:
        self._core.calls.append(("managed.start", (prompt, title, budget_usd)))
        return refused(self._core.refusal) if self._core.refusal else done("m-NEW")

    def send(self, identifier: str, text: str) -> Future[None]:
        return self._note("managed.send", (identifier, text))

    def raise_budget(self, identifier: str, budget_usd: float, text: str) -> Future[None]:
        return self._note("managed.raise_budget", (identifier, budget_usd, text))

    def stop(self, identifier: str) -> Future[None]:
        return self._note("managed.stop", identifier)

    def archive(self, identifier: str) -> Future[None]:
        return self._note("managed.archive", identifier)

    def decide(self, identifier: str, use: str, is_allowed: bool, why: str) -> Future[None]:
        return self._note("managed.decide", (identifier, use, is_allowed, why))

    def lines(self, identifier: str) -> Future[tuple[ViewLine, ...]]:
        return done(self.said)

    def _note(self, what: str, about: object) -> Future[None]:
        self._core.calls.append((what, about))
        return refused(self._core.refusal) if self._core.refusal else done(None)
