"""The key of help, for the dialogs too: none of the app's own keys reaches what lies under one."""

from __future__ import annotations

from textual.binding import Binding

HELP, HELP_KEYS = "app.help", ("?", "f1")
"""Id and keys of the action; a dialog imports them from here, since actions import dialogs."""

HELP_BINDING = Binding(",".join(HELP_KEYS), f"app.perform('{HELP}')", show=False, id=HELP)
"""For the bindings of a dialog that is no place of the action registry."""
