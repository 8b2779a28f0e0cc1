"""The base of views that paint whole lines: the theme's styles, looked up once a theme."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.scroll_view import ScrollView

from fleet_tui.tui.host_colours import HostColours
from fleet_tui.tui.roles import Palette
from fleet_tui.tui.widgets import paint

if TYPE_CHECKING:
    from rich.style import Style


class ThemedView(ScrollView, can_focus=True, inherit_bindings=False):
    """A scrolling view that knows the current theme's styles."""

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._palette: Palette | None = None
        self._base: Style | None = None
        self._colours: HostColours | None = None

    @property
    def palette(self) -> Palette:
        """Return the styles of the current theme."""
        if self._palette is None:
            self._palette = Palette(self.app.theme_variables)
        return self._palette

    @property
    def base(self) -> Style:
        """Return the plain text colour on the background."""
        if self._base is None:
            self._base = paint.base_style(self)
        return self._base

    @property
    def colours(self) -> HostColours:
        """Return the styles of what hosts have coloured."""
        if self._colours is None:
            self._colours = HostColours(self.palette, self.base, is_plain=self.app.no_color)
        return self._colours

    def forget(self) -> None:
        """Forget everything painted; called when the theme's styles change."""
        self.refresh()

    def notify_style_update(self) -> None:
        """Forget the old theme's styles."""
        self._palette = self._base = self._colours = None
        self.forget()
        super().notify_style_update()
