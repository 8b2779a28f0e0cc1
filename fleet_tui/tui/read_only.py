"""Whether anything may be changed from this screen, and why not."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fleet_tui.tui.app import FleetApp


class ReadOnly:
    """On when the command line, the operator, or the fleet says so."""

    def __init__(self, app: FleetApp, *, is_started: bool) -> None:
        self._app = app
        self._is_started = is_started
        self._is_on = is_started

    @property
    def why(self) -> str:
        """Return why nothing can be changed; empty when it can."""
        if self._is_on:
            return "The screen is read-only; :read-only turns that off."
        fleet = self._app.store.fleet
        if fleet is not None and fleet.why_not_kept:
            return f"{fleet.why_not_kept[:1].upper()}{fleet.why_not_kept[1:]}."
        if fleet is not None and fleet.is_read_only:
            return "This host may only look: another one is the primary."
        return ""

    def toggle(self) -> None:
        """Refuse every change, or allow again; what the command line set stays."""
        if self._is_started:
            self._app.toast("Started with --read-only, so it stays read-only.", "warning")
            return
        self._is_on = not self._is_on
        self._app.main.show_status()
        self._app.main.show_hints()
