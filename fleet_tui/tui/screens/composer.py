"""Where a prompt is written, aimed and sent; what it would do is shown while it is written."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from textual import on
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.suggester import Suggester
from textual.widgets import Button, Input, Label, Static, TextArea

from fleet_tui.model.target_complete import complete, token_start
from fleet_tui.tui import fmt
from fleet_tui.tui.bindings import bindings_for
from fleet_tui.tui.requests import DraftProblem, request_of, stdin_of
from fleet_tui.tui.safe import clean, content, short
from fleet_tui.tui.screens.picker import Choice, Picker
from fleet_tui.tui.widgets.choice import ChoiceField
from fleet_tui.tui.widgets.prompt_area import PromptArea

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult
    from textual.widget import Widget

    from fleet_tui.model.errors import FleetError
    from fleet_tui.model.host import Host
    from fleet_tui.model.request import Preview
    from fleet_tui.tui.app import FleetApp

AGENTS = (("", "as configured"), ("claude", "claude"), ("codex", "codex"), ("shell", "shell"))
MODES = (("", "default"), ("read", "read"), ("write", "write"), ("unrestricted", "unrestricted"))
FIELDS = {
    "target": "target",
    "budget": "budget",
    "timeout": "timeout",
    "stdin": "stdin_path",
    "named": "named",
}
"""Id of a field to the draft's attribute."""


class TargetSuggester(Suggester):
    """Completes the name, group or role at the end of a target."""

    def __init__(self, hosts: Sequence[Host]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._hosts = hosts

    async def get_suggestion(self, value: str) -> str | None:
        """Return the first completion."""
        start = token_start(value)
        if start == len(value):
            return None
        found = complete(value, self._hosts)
        return value[:start] + found[0] if found else None


class ComposerScreen(ModalScreen[None]):
    """Escape keeps the draft; nothing is ever sent with Enter."""

    place = "composer"
    CSS_PATH = "composer.tcss"
    BINDINGS = bindings_for("composer")

    def __init__(self, app: FleetApp) -> None:
        super().__init__()
        self.fleet_app = app
        self.draft = app.draft
        self.preview: Preview | None = None
        hosts = app.control.config.hosts
        draft = self.draft
        self._target = Input(
            draft.target,
            placeholder="web[01-20], @group, %role, a,b  !c",
            id="target",
            compact=True,
            select_on_focus=False,
            suggester=TargetSuggester(hosts),
        )
        self._aim = Static("", id="aim", markup=False)
        self._agent = ChoiceField(AGENTS, draft.agent, id="agent")
        self._mode = ChoiceField(MODES, draft.mode, id="mode")
        self._prompt = PromptArea(draft.prompt, id="prompt")
        self._status = Static("", id="status", markup=False)

    def compose(self) -> ComposeResult:
        """Yield the fields, what they would do, and the buttons."""
        draft = self.draft
        key = self.fleet_app.keymap
        send, history, close = (
            key.shown(self.fleet_app.registry[f"composer.{name}"])
            for name in ("send", "history", "close")
        )
        with Vertical(classes="dialog") as box:
            box.border_title = content("Dispatch")
            box.border_subtitle = content("tab next field · → completes · ↑ older prompts")
            yield _row("target", self._target)
            yield _row("", self._aim)
            yield _row("agent", self._agent)
            yield _row("mode", self._mode)
            yield _row("prompt", self._prompt, "prompt-row")
            with Horizontal(classes="row"):
                yield Label("budget $", classes="label", markup=False)
                yield Input(draft.budget, placeholder="a run", id="budget", compact=True)
                yield Label(" timeout", classes="label", markup=False)
                yield Input(draft.timeout, placeholder="30m", id="timeout", compact=True)
            yield _row(
                "stdin", Input(draft.stdin_path, placeholder="a file", id="stdin", compact=True)
            )
            named = Input(draft.named, placeholder="type every host", id="named", compact=True)
            yield _row("names", named, "named-row")
            yield self._status
            with Horizontal(classes="buttons"):
                yield Button(content(f"Send  {send}"), id="send", compact=True)
                yield Button(content(f"History  {history}"), id="history", compact=True)
                yield Button(content(f"Keep draft  {close}"), id="close", compact=True)

    def on_mount(self) -> None:
        """Begin where something is missing."""
        self.set_focus(self._prompt if self.draft.target else self._target)
        self.fleet_app.ask(self.fleet_app.control.prompt_history(), self._take_history)
        self._show_preview()

    def _take_history(self, history: tuple[str, ...]) -> None:
        self._prompt.older = history

    @on(Input.Changed)
    def _field_changed(self, event: Input.Changed) -> None:
        if event.input.id in FIELDS:
            setattr(self.draft, FIELDS[event.input.id], event.value)
            self._show_preview()

    @on(Input.Submitted)
    def _field_entered(self, _event: Input.Submitted) -> None:
        self.focus_next()

    @on(TextArea.Changed)
    def _prompt_changed(self) -> None:
        self.draft.prompt = self._prompt.text
        self._show_preview()

    @on(ChoiceField.Changed)
    def _choice_changed(self, _event: ChoiceField.Changed) -> None:
        self.draft.agent, self.draft.mode = self._agent.value, self._mode.value
        self._show_preview()

    def _show_preview(self) -> None:
        self.set_class(self.draft.mode == "unrestricted", "-unrestricted")
        try:
            self.preview = self.fleet_app.control.preview(request_of(self.draft))
        except DraftProblem as problem:
            self.preview = None
            self._say(str(problem), "$fleet-bad")
            return
        preview = self.preview
        if preview.hosts:
            count = fmt.some(len(preview.hosts), "host")
            self._aim.update(content(f"{count}: {preview.folded}", "$fleet-ok"))
        else:
            self._aim.update(content(preview.problem if self.draft.target else "", "$fleet-wait"))
        if preview.problem:
            self._say(preview.problem, "$fleet-wait")
        else:
            self._say(_effect(preview), "$fleet-muted")

    def _say(self, text: str, style: str) -> None:
        self._status.update(content(text, style))

    def send(self) -> None:
        """Send what is written, unless something stands in the way."""
        try:
            request = replace(request_of(self.draft), stdin=stdin_of(self.draft))
        except DraftProblem as problem:
            self._say(str(problem), "$fleet-bad")
            return
        preview = self.fleet_app.control.preview(request)
        if preview.problem:
            self._say(preview.problem, "$fleet-bad")
            return
        self._say("sending …", "$fleet-muted")
        app = self.fleet_app
        app.ask(app.control.dispatch(request), self._sent, self._refused)

    def _sent(self, dispatch_id: str) -> None:
        app = self.fleet_app
        app.draft.prompt = app.draft.named = ""
        if app.screen is self:
            self.dismiss(None)
        app.frames.tick()
        if dispatch_id in app.store.dispatches:
            app.main.show_dispatch(dispatch_id)
        app.main.focus_pane("output")

    def _refused(self, error: FleetError) -> None:
        self._say(str(error), "$fleet-bad")

    def open_history(self) -> None:
        """Choose among the prompts sent before."""
        history = self._prompt.older
        choices = [Choice(str(place), short(text, 300)) for place, text in enumerate(history)]

        def take(place: str | None) -> None:
            if place is not None:
                self._prompt.text = clean_lines(history[int(place)])
                self._prompt.focus()

        self.fleet_app.open_screen(Picker("Prompts sent before", choices), take)

    def close_with_draft(self) -> None:
        """Close; what is written is there the next time."""
        self.dismiss(None)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "send" and self.draft.mode == "unrestricted":
            key = self.fleet_app.keymap.shown(self.fleet_app.registry["composer.send"])
            self._say(f"Unrestricted is sent with {key}, never with Enter.", "$fleet-wait")
            return
        self.fleet_app.perform(f"composer.{event.button.id}")


def clean_lines(text: str) -> str:
    """Return a prompt's lines, each made safe to show."""
    return "\n".join(clean(line) for line in text.split("\n"))


def _row(label: str, field: Widget, row_id: str | None = None) -> Horizontal:
    return Horizontal(Label(label, classes="label", markup=False), field, classes="row", id=row_id)


def _effect(preview: Preview) -> str:
    agent = preview.agent or "each host's own agent"
    cost = "no cost cap"
    if preview.worst_case_usd is not None:
        cost = f"at most {fmt.money(preview.worst_case_usd)}"
    return f"{agent} · {preview.mode or 'default mode'} · {cost}"
