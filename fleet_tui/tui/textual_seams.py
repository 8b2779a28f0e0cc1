"""The only places where the screen touches what Textual keeps private (pinned: textual 8.2.8).

tests/tui/test_seams.py holds each of them against the installed version.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from textual.widgets import Input, TextArea

if TYPE_CHECKING:
    from collections.abc import Iterator

    from textual import events
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


def can_lend_terminal(app: App[Any]) -> bool:
    """Tell whether there is a terminal, and one that can be lent."""
    return app._driver is not None and app._driver.can_suspend


@contextmanager
def lent_terminal(app: App[Any]) -> Iterator[None]:
    """Give the terminal away, and take it back whatever happens.

    `App.suspend` does not come back from an exception, and hangs when something repaints inside it
    (textual#6692); so nothing may be awaited in here, and the exception is kept until it is over.
    """
    trouble: BaseException | None = None
    with app.batch_update(), app.suspend():
        try:
            yield
        except BaseException as error:
            trouble = error
    if trouble is not None:
        raise trouble


async def run_bound_key(app: App[Any], event: events.Key) -> bool:
    """Do what a key is bound to, before the next key is looked at; False when it is for typing.

    Textual hands a key to the focused widget's queue and looks for bindings only when it has
    bubbled back, so of keys that come in one read all go to the widget that had the focus first.
    """
    if event.is_forwarded or isinstance(app.focused, (Input, TextArea)):
        return False
    app.app_focus = True
    return await app._check_bindings(event.key, True) or await app._check_bindings(event.key)


def resize_content(view: ScrollView, size: Size) -> None:
    """Set the scrollable size of a view without laying out the whole screen again.

    `virtual_size` is `Reactive(layout=True)`: setting it plainly would relayout on each new line.
    """
    if view.virtual_size == size:
        return
    view.set_reactive(type(view).virtual_size, size)
    view._scroll_update(size)
