"""What can be done with agent sessions: write, broadcast, confer, reserve, look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.model.errors import UsageError
from fleet_tui.model.peer import Peer, choose_peer
from fleet_tui.model.peers_view import PeersView
from fleet_tui.tui.actions import Action
from fleet_tui.tui.verbs import reach

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_tui.tui.app import FleetApp
    from fleet_tui.tui.panes.peers import PeersPane
    from fleet_tui.tui.screens.peers import PeersScreen

NOBODY = "There is no session here; r looks for them."


def _lister(app: FleetApp) -> PeersScreen | PeersPane:
    """Return where sessions are listed: the screen on top, or the pane."""
    from fleet_tui.tui.screens.peers import PeersScreen

    return app.screen if isinstance(app.screen, PeersScreen) else app.main.peers


def _at_cursor(app: FleetApp) -> Peer | None:
    from fleet_tui.tui.screens.conversation import ConversationScreen

    view = app.store.part(PeersView)
    if isinstance(app.screen, ConversationScreen) and view is not None:
        return next((peer for peer in view.peers if peer.name == app.screen.peer), None)
    lister = _lister(app)
    key = lister.table.cursor_key
    return lister.rows.peer(key) if key is not None else None


def _named(app: FleetApp, word: str) -> Peer | None:
    """Return the peer that a command names, or that of the cursor; says why there is none."""
    if not word:
        return _at_cursor(app)
    view = app.store.part(PeersView)
    try:
        return choose_peer(word, view.peers if view else ())
    except UsageError as error:
        app.toast(str(error), "warning")
        return None


def _no_peer(app: FleetApp) -> str:
    return "" if _at_cursor(app) is not None else NOBODY


def _no_peers(app: FleetApp) -> str:
    view = app.store.part(PeersView)
    return "" if view is not None and any(peer.is_live for peer in view.peers) else NOBODY


def _not_to_one(app: FleetApp) -> str:
    from fleet_tui.tui.screens.conversation import ConversationScreen

    screen = app.screen
    is_one = isinstance(screen, ConversationScreen) and screen.peer
    return "" if is_one else "These messages are of several sessions."


def open_talk(app: FleetApp, argument: str) -> None:
    """Show the conversation with a session."""
    from fleet_tui.tui.screens.conversation import ConversationScreen

    peer = _named(app, argument)
    if peer is not None:
        app.open_screen(ConversationScreen(app, peer.name))


def write(app: FleetApp, argument: str) -> None:
    """Write to a session."""
    from fleet_tui.tui.screens.peer_forms import message_form

    word, _, text = argument.partition(" ")
    peer = _named(app, word)
    if peer is not None:
        app.open_screen(message_form(app, peer.name, prompt=text))


def answer(app: FleetApp, _argument: str) -> None:
    """Answer the newest message of the session whose conversation is shown."""
    from fleet_tui.tui.screens.conversation import ConversationScreen
    from fleet_tui.tui.screens.peer_forms import message_form

    screen = app.screen
    if isinstance(screen, ConversationScreen):
        last = screen.last_from_peer
        app.open_screen(message_form(app, screen.peer, last.id if last else ""))


def _scope(app: FleetApp) -> str:
    """Return the scope that the cursor suggests: the whole fleet, or a marked session's repo."""
    marked = _lister(app).table.marked_or_cursor()
    peer = _at_cursor(app)
    return f"repo={peer.repo}" if peer and peer.repo and len(marked) > 1 else "fleet"


def broadcast(app: FleetApp, argument: str) -> None:
    """Write to all sessions of a scope."""
    from fleet_tui.tui.screens.peer_forms import broadcast_form

    app.open_screen(broadcast_form(app, _scope(app), argument))


def confer(app: FleetApp, _argument: str) -> None:
    """Ask all sessions of a scope the same questions."""
    from fleet_tui.tui.screens.peer_forms import conference_form

    app.open_screen(conference_form(app, _scope(app)))


def reserve(app: FleetApp, argument: str) -> None:
    """Announce that a path is being changed."""
    from fleet_tui.tui.screens.peer_forms import reservation_form

    peer = _at_cursor(app)
    path = f"{peer.repo}:" if peer and peer.repo else "HOST:/PATH"
    app.open_screen(reservation_form(app, argument or path))


def look(app: FleetApp, _argument: str) -> None:
    """Look for sessions on every host now."""
    app.toast("Looking for sessions on every host.")
    app.ask(app.control.peers.refresh(), lambda count: app.toast(f"{count} sessions."))


def all_sessions(app: FleetApp, _argument: str) -> None:
    """Show all sessions at full width."""
    from fleet_tui.tui.screens.peers import PeersScreen

    app.open_screen(PeersScreen(app))


def conference_table(app: FleetApp, argument: str) -> None:
    """Show the newest conference's table."""
    from fleet_tui.tui.screens.conference import ConferenceScreen

    app.open_screen(ConferenceScreen(app, argument))


def search(app: FleetApp, argument: str) -> None:
    """Show messages that hold a text."""
    from fleet_tui.tui.screens.conversation import ConversationScreen

    if argument:
        app.open_screen(ConversationScreen(app, search=argument))
    else:
        app.toast("Write what to look for: `:messages TEXT`.", "warning")


def release(app: FleetApp, argument: str) -> None:
    """End the operator's reservation with this id, or the newest one."""
    view = app.store.part(PeersView)
    mine = [one for one in view.reservations if one.id.endswith(argument)] if view else []
    if mine:
        app.ask(app.control.peers.release(mine[-1].id), lambda _done: app.toast("Released."))
    else:
        app.toast("No such reservation.", "warning")


def export(app: FleetApp, _argument: str) -> None:
    """Write the conference that is shown as Markdown."""
    from fleet_tui.tui.screens.conference import ConferenceScreen

    screen = app.screen
    if isinstance(screen, ConferenceScreen) and screen.conference:
        wrote = app.control.peers.export_conference(screen.conference)
        app.ask(wrote, lambda path: app.toast(f"Written to {path}"))


def _step(direction: int) -> Callable[[FleetApp, str], None]:
    def run(app: FleetApp, _argument: str) -> None:
        from fleet_tui.tui.screens.conference import ConferenceScreen

        if isinstance(app.screen, ConferenceScreen):
            app.screen.step(direction)

    return run


def talk_of_row(app: FleetApp, _argument: str) -> None:
    """Show the conversation with the session of the conference's row."""
    from fleet_tui.tui.screens.conversation import ConversationScreen

    table = reach.table(app)
    if table is not None and table.cursor_key is not None:
        app.open_screen(ConversationScreen(app, table.cursor_key))


ACTIONS = (
    Action(
        "peer.open",
        "Show the conversation",
        ("enter",),
        "peer",
        open_talk,
        hint="talk",
        why_disabled=_no_peer,
        command="talk",
        argument="[PEER]",
    ),
    Action(
        "peer.write",
        "Write to the session",
        ("w",),
        "peer",
        write,
        hint="write",
        needs_write=True,
        why_disabled=_no_peers,
        command="write",
        argument="[PEER] [TEXT]",
    ),
    Action(
        "peer.broadcast",
        "Write to all sessions of a scope",
        ("b",),
        "peer",
        broadcast,
        hint="broadcast",
        needs_write=True,
        why_disabled=_no_peers,
        command="announce",
        argument="[TEXT]",
    ),
    Action(
        "peer.confer",
        "Ask all sessions the same questions",
        ("c",),
        "peer",
        confer,
        hint="confer",
        needs_write=True,
        why_disabled=_no_peers,
        command="conference",
    ),
    Action(
        "peer.reserve",
        "Announce a path that is being changed",
        ("e",),
        "peer",
        reserve,
        needs_write=True,
        command="reserve",
        argument="[PATH]",
    ),
    Action("peer.look", "Look for sessions now", ("r",), "peer", look, hint="look"),
    Action("peer.answers", "Show the conference's table", ("t",), "peer", conference_table),
    Action(
        "peer.search",
        "Show messages that hold a text",
        (),
        "peer",
        search,
        command="messages",
        argument="TEXT",
    ),
    Action(
        "peer.release",
        "End a reservation",
        (),
        "peer",
        release,
        needs_write=True,
        command="release",
        argument="[ID]",
    ),
    Action(
        "peers.all",
        "All sessions at full width",
        ("a",),
        "peers",
        all_sessions,
        hint="all",
        command="sessions",
    ),
    Action(
        "talk.answer",
        "Answer, or write",
        ("enter", "a"),
        "talk",
        answer,
        hint="answer",
        needs_write=True,
        why_disabled=_not_to_one,
    ),
    Action(
        "conference.open",
        "Show the conversation with this session",
        ("enter",),
        "conference",
        talk_of_row,
        hint="talk",
        why_disabled=reach.no_rows,
    ),
    Action(
        "conference.export", "Write it as Markdown", ("e",), "conference", export, hint="export"
    ),
    Action("conference.next", "The next conference", ("]", "right"), "conference", _step(1)),
    Action("conference.previous", "The previous one", ("[", "left"), "conference", _step(-1)),
)
