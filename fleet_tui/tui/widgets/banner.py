"""One line under the status line, as long as this machine or this program may only look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import Static

from fleet_tui.tui.safe import clean

if TYPE_CHECKING:
    from fleet_tui.model.roles_view import RolesView


class Banner(Static):
    """Says who leads, and the way back; takes no room while this machine leads."""

    DEFAULT_CSS = """
    Banner { height: auto; max-height: 3; padding: 0 1; display: none; color: $fleet-wait; }
    """

    def __init__(self) -> None:
        super().__init__("", id="banner", markup=False)
        self.plain = ""
        """What it says; empty while it is not there."""

    def show(self, roles: RolesView | None, promote_key: str, not_kept: str = "") -> None:
        """Show why this machine may only look, and what it left behind.

        `not_kept` is why nothing that it does could be written down.
        """
        why = roles.why_observer if roles is not None else ""
        plain = clean(f"▲ {not_kept}") if not_kept else ""
        if roles is not None and why:
            back = f"{promote_key} promotes {roles.this_host}" if roles.this_host else roles.mend
            told = [f"{why}: this machine may only look", back, *roles.notes]
            plain = " · ".join(filter(None, (plain, clean("▲ " + " · ".join(told)))))
        if plain != self.plain:
            self.plain = plain
            self.display = bool(plain)
            self.update(Content.styled(plain, "bold"))
