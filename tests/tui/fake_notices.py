"""Notices and routes as the screen sees them, in memory."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from fleet_tui.model.routes_view import NoticeProof, PhoneButton, RoutesView
from tests.tui.answers import done

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from fleet_tui.model.snapshot import PartView


class ShowsParts(Protocol):
    """What the fake needs of the fake core."""

    now: float
    calls: list[tuple[str, object]]

    def show_part(self, view: PartView) -> None: ...


class FakeNotices:
    """Implements `NoticesControl`."""

    def __init__(self, core: ShowsParts) -> None:
        self._core = core
        self.view = RoutesView()
        self.on_phone: dict[str, tuple[PhoneButton, ...]] = {}

    def change(self, **changes: object) -> None:
        """Change the picture."""
        self.view = replace(self.view, **changes)  # type: ignore[arg-type]
        self._core.show_part(self.view)

    def acknowledge(self, notices: Sequence[str]) -> Future[int]:
        self._core.calls.append(("acknowledge", tuple(notices)))
        known = dict(self.view.proofs)
        for notice in notices:
            proof = known.get(notice, NoticeProof())
            known[notice] = replace(
                proof, acknowledged_at=self._core.now, acknowledged_by="walhus@cc-pc"
            )
        self.change(proofs=known)
        return done(len(notices))

    def mute(self, event: str, source: str, seconds: float) -> Future[None]:
        self._core.calls.append(("mute", (event, source, seconds)))
        mutes = {key: until for key, until in self.view.mutes.items() if key != (event, source)}
        if seconds:
            mutes[event, source] = self._core.now + seconds
        self.change(mutes=mutes)
        return done(None)

    def buttons(self, notice: str) -> Future[tuple[PhoneButton, ...]]:
        return done(self.on_phone.get(notice, ()))

    def press(self, notice: str, decision: str) -> Future[str]:
        self._core.calls.append(("press", (notice, decision)))
        return done("phone")

    def test(self, route: str) -> Future[str]:
        self._core.calls.append(("test", route))
        return done("accepted, 200 ok")
