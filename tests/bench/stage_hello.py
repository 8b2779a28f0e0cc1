"""The smallest Textual program: what first paint is compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import App
from textual.widgets import Footer, Header, Static

if TYPE_CHECKING:
    from textual.app import ComposeResult


class Hello(App[None]):
    """Header, one text, footer."""

    def compose(self) -> ComposeResult:
        """Yield the widgets."""
        yield Header()
        yield Static("hello-fleet")
        yield Footer()


if __name__ == "__main__":
    Hello().run()
