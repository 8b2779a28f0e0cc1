"""The only places where the screen touches what Textual keeps private (pinned: textual 8.2.8).

tests/tui/test_seams.py holds each of them against the installed version.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from rich.text import Text
from textual._context import active_message_pump
from textual.dom import DOMNode
from textual.notifications import Notification, Notify
from textual.widgets._toast import ToastRack

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from textual import events
    from textual.app import App
    from textual.geometry import Size
    from textual.notifications import SeverityLevel
    from textual.screen import Screen
    from textual.scroll_view import ScrollView
    from textual.widget import AwaitMount, Widget

T = TypeVar("T")
LEAST_DELAY = 0.01
"""Seconds that a timer is set to at least."""


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


def tell_bugs_in_a_line(app: App[Any], told: Callable[[BaseException], str]) -> None:
    """End on an unhandled exception with what `told` makes of it.

    Textual's own way is a screen full of code and of what the variables hold, secrets too.
    """

    def fatal_error() -> None:
        if app._exception is not None and not app._exit_renderables:
            app._exit_renderables.append(Text(told(app._exception)))
        app._close_messages_no_wait()

    app._fatal_error = fatal_error  # type: ignore[method-assign]


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


def push_for_app(
    app: App[Any], screen: Screen[T], then: Callable[[T | None], object] | None
) -> AwaitMount:
    """Push a screen whose answer goes to the app itself.

    Textual hands the answer to whatever was handling a message when the screen was pushed; a
    command line that has closed meanwhile never gets it.
    """
    token = active_message_pump.set(app)
    try:
        return app.push_screen(screen, then)  # type: ignore[arg-type]
    finally:
        active_message_pump.reset(token)


def write_to_terminal(app: App[Any], sequence: str) -> None:
    """Write a control sequence of ours, when there is a terminal and it is not lent."""
    driver = app._driver
    if driver is not None and not driver.is_headless and not is_suspended(app):
        driver.write(sequence)
        driver.flush()


class _Lasting(Notification):
    """A notification whose toast is never set a time that has passed.

    A toast sets a timer to what is left when it is made; with less than nothing `Timer._run` spins
    without awaiting, and takes the screen with it.
    """

    @property
    def time_left(self) -> float:
        """Seconds until it goes, never fewer than LEAST_DELAY."""
        return max(LEAST_DELAY, super().time_left)

    @property
    def has_expired(self) -> bool:
        """Tell whether its time is over."""
        return super().time_left <= 0


def show_toast(app: App[Any], text: str, severity: SeverityLevel, seconds: float) -> None:
    """Show a text, which is no markup, for a while."""
    app.post_message(Notify(_Lasting(text, severity=severity, timeout=seconds, markup=False)))


def clear_toasts(app: App[Any]) -> None:
    """Take every toast off every screen, with what held it.

    Textual removes a toast that is not wanted any more and leaves its empty holder for good, to be
    laid out with each frame.
    """
    app.clear_notifications()
    for screen in app.screen_stack:
        for rack in screen.query_children(ToastRack):
            rack.remove_children()


def begin_with_theme(app: App[Any], name: str) -> None:
    """Use a registered theme from the first frame on; for an app that does not run yet.

    Setting `App.theme` once it runs parses and applies every style a second time.
    """
    app.set_reactive(type(app).theme, name)
    theme = app.current_theme
    app.set_class(True, f"-theme-{name}", update=False)
    app.set_class(theme.dark, "-dark-mode", update=False)
    app.set_class(not theme.dark, "-light-mode", update=False)
    app._refresh_truecolor_filter(app.ansi_theme)
    app.stylesheet.set_variables(app.get_css_variables())


def use_changed_theme(app: App[Any]) -> None:
    """Show the current theme as it is registered now; `App.theme` only reacts to another name."""
    app._watch_theme(app.theme)
    app.refresh_css(animate=False)
    for screen in app.screen_stack:
        screen.refresh_css() if hasattr(screen, "refresh_css") else screen.refresh(layout=True)
        for widget in screen.query("*"):
            widget.notify_style_update()
            widget.refresh()


def takes_text(widget: Widget | None) -> bool:
    """Tell whether it is typed into: such widgets say of each key whether they consume it."""
    return type(widget).check_consume_key is not DOMNode.check_consume_key if widget else False


async def run_bound_key(app: App[Any], event: events.Key) -> bool:
    """Do what a key is bound to, before the next key is looked at; False when it is for typing.

    Textual hands a key to the focused widget's queue and looks for bindings only when it has
    bubbled back, so of keys that come in one read all go to the widget that had the focus first.
    """
    if event.is_forwarded or takes_text(app.focused):
        return False
    app.app_focus = True
    return await app._check_bindings(event.key, True) or await app._check_bindings(event.key)


def send_to_terminal(app: App[Any], sequence: str) -> None:
    """Write an escape sequence of ours between two frames; nothing without a terminal."""
    if app._driver is not None:
        app._driver.write(sequence)


def remember_copied(app: App[Any], text: str) -> None:
    """Let the fields of the screen paste what was copied, whoever filled the clipboard."""
    app._clipboard = text


def resize_content(view: ScrollView, size: Size) -> None:
    """Set the scrollable size of a view without laying out the whole screen again.

    `virtual_size` is `Reactive(layout=True)`: setting it plainly would relayout on each new line.
    """
    if view.virtual_size == size:
        return
    view.set_reactive(type(view).virtual_size, size)
    view._scroll_update(size)
