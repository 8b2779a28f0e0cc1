"""Who leads: the promotion of another host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.tui.actions import Action
from fleet_tui.tui.promoting import first_candidate

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_tui.tui.app import FleetApp
    from fleet_tui.tui.screens.promotion import PromotionScreen


def open_promotion(app: FleetApp, argument: str) -> None:
    """Look whether a host could lead: the one named, the one at the cursor, or this one."""
    from fleet_tui.tui.screens.promotion import PromotionScreen

    at_cursor = app.main.hosts.table.cursor_key or "" if app.place == "hosts" else ""
    candidate = first_candidate(app.store, argument.strip(), at_cursor)
    if not candidate:
        app.toast("No other host has the role primary or secondary.", "warning")
    elif candidate not in app.store.hosts:
        app.toast(f"No host is called {candidate!r}.", "warning")
    else:
        app.open_screen(PromotionScreen(app, candidate))


def _on_screen(act: Callable[[PromotionScreen], None]) -> Callable[[FleetApp, str], None]:
    def run(app: FleetApp, _argument: str) -> None:
        from fleet_tui.tui.screens.promotion import PromotionScreen

        if isinstance(app.screen, PromotionScreen):
            act(app.screen)

    return run


def look_at_mirrors(app: FleetApp, _argument: str) -> None:
    """Ask who leads, and how every mirror stands."""
    app.ask(
        app.control.roles.look(),
        lambda count: app.toast(f"Looked at {count} mirrors; the hosts show them."),
    )


ACTIONS = (
    Action(
        "promotion.open",
        "Let another host lead: look first, then type its name",
        ("p",),
        "app",
        open_promotion,
        command="promote",
        argument="[HOST]",
    ),
    Action(
        "mirrors.look",
        "Ask who leads and how every mirror stands",
        (),
        "app",
        look_at_mirrors,
        command="mirrors",
    ),
    Action(
        "promotion.begin",
        "Promote it, when its name was typed",
        ("enter",),
        "promotion",
        _on_screen(lambda screen: screen.begin()),
        hint="promote",
        danger="named",
    ),
    Action(
        "promotion.look",
        "Look at everything again",
        ("f5",),
        "promotion",
        _on_screen(lambda screen: screen.look()),
        hint="look again",
    ),
    Action(
        "promotion.next",
        "Next host that could lead",
        ("down",),
        "promotion",
        _on_screen(lambda screen: screen.choose(1)),
        hint="next host",
    ),
    Action(
        "promotion.previous",
        "Previous host that could lead",
        ("up",),
        "promotion",
        _on_screen(lambda screen: screen.choose(-1)),
    ),
    Action(
        "promotion.page-down",
        "A page down",
        ("pagedown",),
        "promotion",
        _on_screen(lambda screen: screen.scroll_page(1)),
    ),
    Action(
        "promotion.page-up",
        "A page up",
        ("pageup",),
        "promotion",
        _on_screen(lambda screen: screen.scroll_page(-1)),
    ),
    Action(
        "promotion.close",
        "Back",
        ("escape",),
        "promotion",
        _on_screen(lambda screen: screen.leave()),
        hint="back",
    ),
)
