"""The composer's form for one session: host and agent stand fixed, the next prompt is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import on
from textual.containers import Vertical
from textual.widgets import Static, TextArea

from fleet_tui.model.ids import short as short_id
from fleet_tui.tui.safe import content, short
from fleet_tui.tui.screens.prompt_screen import PromptScreen, labelled

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from fleet_tui.model.run import Run
    from fleet_tui.tui.app import FleetApp


class ResumeScreen(PromptScreen):
    """The next prompt to the session of a run that has ended."""

    def __init__(self, app: FleetApp, run: Run, prompt: str = "") -> None:
        super().__init__(app, prompt or app.resume_drafts.get(run.id, ""))
        self.of_run = run

    def compose(self) -> ComposeResult:
        """Yield what is fixed, the prompt, and the buttons."""
        run = self.of_run
        before = self.fleet_app.store.dispatches.get(run.dispatch)
        asked = short(before.dispatch.prompt, 200) if before else ""
        with Vertical(classes="dialog") as box:
            box.border_title = content("Go on with a session")
            box.border_subtitle = content(f"↑ older prompts{self.help_hint}")
            yield labelled("host", _fixed(run.host, "bold"))
            yield labelled("session", _fixed(f"{run.agent} {run.session or ''}"))
            yield labelled("mode", _fixed(f"{run.mode}, as before"))
            yield labelled("before", _fixed(f"{short_id(run.id)} · {asked}"))
            yield from self.prompt_rows()

    def on_mount(self) -> None:
        """Begin in the prompt."""
        self.set_focus(self.prompt)
        self.say("The agent remembers what was said before.", "$fleet-muted")

    @on(TextArea.Changed)
    def _prompt_changed(self) -> None:
        self.fleet_app.resume_drafts[self.of_run.id] = self.prompt.text

    def send(self) -> None:
        """Send the prompt to the session."""
        prompt = self.prompt.text
        if not prompt.strip():
            self.say("the prompt is empty", "$fleet-bad")
            return
        self.ask_once(lambda: self.fleet_app.control.resume(self.of_run.id, prompt), self.sent)

    def sent(self, dispatch_id: str) -> None:
        """Forget the draft, and show what was begun."""
        self.fleet_app.resume_drafts.pop(self.of_run.id, None)
        super().sent(dispatch_id)


def _fixed(text: str, style: str = "") -> Static:
    return Static(content(text, style), classes="fixed", markup=False)
