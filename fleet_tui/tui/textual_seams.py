"""The only places where the screen touches what Textual keeps private (pinned: textual 8.2.8).

tests/tui/test_seams.py holds each of them against the installed version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.app import App
    from textual.geometry import Size
    from textual.scroll_view import ScrollView


def terminal_is_behind(app: App[Any]) -> bool:
    """Tell whether the terminal has not yet taken what was painted before.

    Textual's writer queue holds 30 slots and its `put` blocks the event loop when they are full
    (drivers/_writer_thread.py). Always False without a terminal.
    """
    writer = getattr(app._driver, "_writer_thread", None)
    return writer is not None and writer._queue.qsize() > 0


def is_suspended(app: App[Any]) -> bool:
    """Tell whether the terminal has been lent to another program (inside `App.suspend`)."""
    return app._driver is not None and not app._driver._auto_restart


def resize_content(view: ScrollView, size: Size) -> None:
    """Set the scrollable size of a view without laying out the whole screen again.

    `virtual_size` is `Reactive(layout=True)`: setting it plainly would relayout on each new line.
    """
    if view.virtual_size == size:
        return
    view.set_reactive(type(view).virtual_size, size)
    view._scroll_update(size)
