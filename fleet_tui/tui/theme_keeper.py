"""The themes in use: which one to start with, and what becomes of files that change meanwhile."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from fleet_tui.tui import textual_seams, theme_files

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from textual.theme import Theme

    from fleet_tui.tui.app import FleetApp

LOOK_EVERY = 1.0
"""Seconds between looks at the theme files."""


class ThemeKeeper:
    """Holds the themes that can be used, by name."""

    def __init__(self, app: FleetApp, folders: Sequence[Path] | None = None) -> None:
        self._app = app
        self._folders = folders if folders is not None else theme_files.default_folders()
        self._signature = theme_files.signature(self._folders)
        self._is_looking = False
        loaded = theme_files.load(self._folders)
        self.themes: Mapping[str, Theme] = loaded.themes
        self.problems: tuple[str, ...] = loaded.problems
        """What is wrong with the theme files, and with the wish of the configuration."""

    def begin(self, wanted: str | None, remembered: str) -> None:
        """Make every theme known to Textual and use the one to start with, before the app runs."""
        self._register()
        default = theme_files.default_theme(os.environ)
        if wish := theme_files.wish_fault(wanted, self.themes, default):
            self.problems = (*self.problems, wish)
        for name in (remembered, wanted, default, theme_files.DEFAULT_THEME, *self.themes):
            if name and name in self.themes:
                textual_seams.begin_with_theme(self._app, name)
                break

    def _register(self) -> None:
        for theme in self.themes.values():
            self._app.register_theme(theme)

    def watch(self) -> None:
        """Take up changed files from now on, within a second or two of their being saved."""
        self._app.set_interval(LOOK_EVERY, self._look, name="themes")

    def _look(self) -> None:
        if self._is_looking:
            return
        self._is_looking = True
        # A callable: a look that never begins, as the screen has ended, leaves nothing behind.
        self._app.run_worker(
            self.look,  # type: ignore[arg-type]
            group="themes",
            description="look at theme files",
        )

    async def look(self) -> None:
        """Read the theme files again, off the screen's loop, when one has changed."""
        try:
            signature = await asyncio.to_thread(theme_files.signature, self._folders)
            if signature != self._signature:
                self._signature = signature
                self._take(await asyncio.to_thread(theme_files.load, self._folders))
        finally:
            self._is_looking = False

    def _take(self, loaded: theme_files.LoadedThemes) -> None:
        app = self._app
        current = self.themes.get(app.theme)
        new = [problem for problem in loaded.problems if problem not in self.problems]
        self.problems = loaded.problems
        self.themes = dict(loaded.themes)
        if current is not None and app.theme not in self.themes:
            self.themes[app.theme] = current  # its file is broken or gone: the last good one stays
        self._register()
        if current is not None and self.themes[app.theme] != current:
            textual_seams.use_changed_theme(app)
            app.toast(f"Theme {app.theme} was read again.", kind="theme")
        app.tell_of_files(new)
