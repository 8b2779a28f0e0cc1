"""The composer's forms for sessions: a message, a broadcast, a conference, a reservation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual import on
from textual.containers import Vertical
from textual.widgets import Input, Static, TextArea

from fleet_tui.model.ids import short
from fleet_tui.tui.safe import content
from fleet_tui.tui.screens.prompt_screen import PromptScreen, labelled
from fleet_tui.tui.widgets.choice import ChoiceField

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from textual.app import ComposeResult

    from fleet_tui.model.peer import Urgency
    from fleet_tui.tui.app import FleetApp

URGENCIES = (("interrupt", "interrupt"), ("normal", "normal"), ("fyi", "fyi"))
TOLD: dict[str, str] = {
    "interrupt": "It is handed over at once, even in the middle of a turn.",
    "normal": "It waits up to two minutes for the session to be idle.",
    "fyi": "It waits until the session is idle; no answer is expected.",
}


class PeerForm(PromptScreen):
    """A text to one or many sessions; what differs is what stands above it."""

    def __init__(
        self,
        app: FleetApp,
        title: str,
        send: Callable[[PeerForm], Future[Any]],
        *,
        draft: str,
        to: str = "",
        scope: str = "",
        has_urgency: bool = True,
        label: str = "text",
        hint: str = "",
        told: str = "sent",
        prompt: str = "",
    ) -> None:
        super().__init__(app, prompt or app.resume_drafts.get(draft, ""))
        self._title, self._send, self._draft_key = title, send, draft
        self._to, self._label, self._hint, self._told = to, label, hint, told
        self._has_urgency = has_urgency
        self._scope = Input(scope, id="scope", compact=True, select_on_focus=False)
        self._has_scope = bool(scope)
        self._urgency = ChoiceField(URGENCIES, "normal", id="urgency")

    @property
    def scope(self) -> str:
        """Whom it is for, or which path it is about."""
        return self._scope.value.strip() if self._has_scope else self._to

    @property
    def urgency(self) -> Urgency:
        """How urgent it is."""
        value = self._urgency.value
        return "interrupt" if value == "interrupt" else "fyi" if value == "fyi" else "normal"

    def compose(self) -> ComposeResult:
        """Yield whom it is for, how urgent it is, the text, and the buttons."""
        with Vertical(classes="dialog") as box:
            box.border_title = content(self._title)
            fixed = Static(content(self._to, "bold"), classes="fixed", markup=False)
            yield labelled("to", self._scope if self._has_scope else fixed)
            if self._has_urgency:
                yield labelled("urgency", self._urgency)
            yield from self.prompt_rows(self._label)

    def on_mount(self) -> None:
        """Begin in the text."""
        self.set_focus(self.prompt)
        self._tell()

    def _tell(self) -> None:
        self.say(self._hint or TOLD[self.urgency], "$fleet-muted")

    @on(ChoiceField.Changed)
    def _urgency_changed(self, _event: ChoiceField.Changed) -> None:
        self._tell()

    @on(TextArea.Changed)
    def _text_changed(self) -> None:
        self.fleet_app.resume_drafts[self._draft_key] = self.prompt.text

    def send(self) -> None:
        """Send it."""
        if not self.prompt.text.strip():
            self.say(f"the {self._label} is empty", "$fleet-bad")
            return
        self.ask_once(lambda: self._send(self), self._gone)

    def _gone(self, _answer: object) -> None:
        app = self.fleet_app
        app.resume_drafts.pop(self._draft_key, None)
        if app.screen is self:
            self.dismiss(None)
        app.frames.tick()
        app.toast(self._told)


def message_form(app: FleetApp, peer: str, reply_to: str = "", prompt: str = "") -> PeerForm:
    """Return the form for a message to one session."""
    title = f"Answer {short(reply_to)}" if reply_to else "Message to a session"
    peers = app.control.peers
    return PeerForm(
        app,
        title,
        lambda form: peers.send(peer, form.prompt.text, form.urgency, reply_to),
        draft=f"peer/{peer}",
        to=peer,
        told=f"Queued for {peer}; its rung is in the conversation.",
        prompt=prompt,
    )


def broadcast_form(app: FleetApp, scope: str, prompt: str = "") -> PeerForm:
    """Return the form for a message to all sessions of a scope."""
    peers = app.control.peers
    return PeerForm(
        app,
        "Broadcast to sessions",
        lambda form: peers.broadcast(form.scope, form.prompt.text, form.urgency),
        draft="peer/*",
        scope=scope,
        told="Queued for every live session of that scope.",
        prompt=prompt,
    )


def conference_form(app: FleetApp, scope: str) -> PeerForm:
    """Return the form for a conference: one question a line."""
    peers = app.control.peers
    return PeerForm(
        app,
        "Conference: the same questions to all",
        lambda form: peers.confer(form.scope, form.prompt.text.split("\n")),
        draft="peer/?",
        scope=scope,
        has_urgency=False,
        label="ask",
        hint="One question a line; scope: fleet, machine=HOST, repo=NAME.",
        told="Asked; t shows the table as answers come.",
    )


def reservation_form(app: FleetApp, path: str) -> PeerForm:
    """Return the form that announces a path for half an hour."""
    peers = app.control.peers

    def reserve(form: PeerForm) -> Future[Any]:
        return peers.reserve(form.scope, form.prompt.text, 1800.0)

    return PeerForm(
        app,
        "Reserve a path for 30 minutes",
        reserve,
        draft="peer/path",
        scope=path,
        has_urgency=False,
        label="why",
        hint="Others see it, and are told of conflicts; nothing is locked.",
        told="Announced.",
    )
