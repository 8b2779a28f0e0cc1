"""Roles as the screen sees them, in memory."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from fleet_tui.model.roles_view import Check, Preflight, RolesView, StepView
from tests.tui.answers import done, refused

if TYPE_CHECKING:
    from concurrent.futures import Future

    from fleet_tui.model.errors import FleetError
    from fleet_tui.model.snapshot import PartView


class ShowsParts(Protocol):
    """What the fake needs of the fake core."""

    calls: list[tuple[str, object]]
    refusal: FleetError | None

    def show_part(self, view: PartView) -> None: ...

    def set_fleet(self, **changes: object) -> None: ...


class FakeRoles:
    """Implements `RolesControl`; a promotion is done at once."""

    def __init__(self, core: ShowsParts) -> None:
        self._core = core
        self.view = RolesView("hs-pc", "secondary", "cc-pc", 7)
        self.losses: tuple[str, ...] = ("what cc-pc logged after line 412",)
        self.why_not = ""

    def preflight(self, host: str) -> Future[Preflight]:
        self._core.calls.append(("preflight", host))
        checks = (
            Check("remote", "ok", "it names cc-pc, epoch 7"),
            Check("old primary cc-pc", "warning", "not reached: connection refused"),
            Check(f"candidate {host}", "ok", "mirror at 9f31c07aa, as the remote"),
        )
        found = Preflight(host, "cc-pc", "failover", 7, checks, self.losses, refusal=self.why_not)
        return done(found)

    def promote(self, host: str, typed: str) -> Future[int]:
        self._core.calls.append(("promote", (host, typed)))
        if self._core.refusal is not None:
            return refused(self._core.refusal)
        steps = (
            StepView("claim", f"the mirror's remote names {host}", "done", "epoch 8"),
            StepView("confirm", "cc-pc is seen to know it", "left-out", "it is told later"),
        )
        self.show(primary=host, epoch=8, role="primary", steps=steps)
        self._core.set_fleet(epoch=8, role="primary", this_host=host, is_read_only=False)
        return done(8)

    def look(self) -> Future[int]:
        self._core.calls.append(("look", None))
        return done(len(self.view.mirrors))

    def show(self, **changes: object) -> None:
        """Show the roles so."""
        self.view = replace(self.view, **changes)  # type: ignore[arg-type]
        self._core.show_part(self.view)
