"""Where a prompt is written, aimed and sent; what it would do is shown while it is written."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from textual import on
from textual.containers import Horizontal, Vertical
from textual.suggester import Suggester
from textual.widgets import Input, Label, Static, TextArea

from fleet_tui.model.target_complete import complete, token_start
from fleet_tui.tui import fmt
from fleet_tui.tui.requests import DraftProblem, request_of, stdin_of
from fleet_tui.tui.safe import content
from fleet_tui.tui.screens.prompt_screen import PromptScreen, labelled
from fleet_tui.tui.widgets.choice import ChoiceField
from fleet_tui.tui.widgets.handoff_offer import HandoffOffer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from textual.app import ComposeResult

    from fleet_tui.model.config import FleetConfig
    from fleet_tui.model.host import Host
    from fleet_tui.model.request import Preview
    from fleet_tui.tui.app import FleetApp

AGENTS = (("", "as configured"), ("claude", "claude"), ("codex", "codex"), ("shell", "shell"))
MODES = (("", "default"), ("read", "read"), ("write", "write"), ("unrestricted", "unrestricted"))
LIMITS = (("", "default"), ("wait", "wait, go on after it"), ("fail", "fail"))
OPENS = (
    ("", "closed"),
    ("hooks", "its hooks"),
    ("mcp", "its MCP"),
    ("hooks mcp", "both"),
)
FIELDS = {
    "target": "target",
    "budget": "budget",
    "timeout": "timeout",
    "stdin": "stdin_path",
    "named": "named",
    "mcp": "mcp",
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


class NameSuggester(Suggester):
    """Completes the last of several names."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._names = names

    async def get_suggestion(self, value: str) -> str | None:
        """Return the first name that goes on as its last word does."""
        start = max(value.rfind(" "), value.rfind(",")) + 1
        word = value[start:]
        found = next((name for name in self._names if word and name.startswith(word)), "")
        return value[:start] + found if found else None


class ComposerScreen(PromptScreen):
    """A prompt, where it goes, and what it may cost."""

    def __init__(self, app: FleetApp) -> None:
        super().__init__(app, app.draft.prompt)
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
        self.offer = HandoffOffer(app)
        self._agent = ChoiceField(AGENTS, draft.agent, id="agent")
        self._mode = ChoiceField(MODES, draft.mode, id="mode")
        self._limit = ChoiceField(LIMITS, draft.on_limit, id="on-limit")
        self._opens = ChoiceField(OPENS, draft.opens, id="opens")

    def compose(self) -> ComposeResult:
        """Yield the fields, what they would do, and the buttons."""
        draft = self.draft
        with Vertical(classes="dialog") as box:
            box.border_title = content("Dispatch")
            box.border_subtitle = content(
                f"tab next field · → completes · ↑ older prompts{self.help_hint}"
            )
            yield labelled("target", self._target)
            yield labelled("", self._aim)
            yield self.offer
            yield labelled("agent", self._agent)
            yield labelled("mode", self._mode)
            yield labelled("prompt", self.prompt, "prompt-row")
            with Horizontal(classes="row"):
                yield Label("budget $", classes="label", markup=False)
                yield Input(draft.budget, placeholder="a run", id="budget", compact=True)
                yield Label(" timeout", classes="label", markup=False)
                yield Input(draft.timeout, placeholder="30m", id="timeout", compact=True)
            yield labelled(
                "stdin", Input(draft.stdin_path, placeholder="a file", id="stdin", compact=True)
            )
            yield labelled("on limit", self._limit)
            yield labelled("repo", self._opens)
            if names := declared_servers(self.fleet_app.control.config):
                given = Input(
                    draft.mcp,
                    placeholder=f"give it servers: {', '.join(names)}",
                    id="mcp",
                    compact=True,
                    suggester=NameSuggester(names),
                )
                yield labelled("MCP", given)
            named = Input(draft.named, placeholder="type every host", id="named", compact=True)
            yield labelled("names", named, "named-row")
            yield self.status
            with Horizontal(classes="buttons"):
                yield from self.buttons()

    def on_mount(self) -> None:
        """Begin where something is missing."""
        self.set_focus(self.prompt if self.draft.target else self._target)
        self._show_preview()

    @on(Input.Changed)
    def _field_changed(self, event: Input.Changed) -> None:
        if event.input.id in FIELDS:
            setattr(self.draft, FIELDS[event.input.id], event.value)
            self._show_preview()

    @on(TextArea.Changed)
    def _prompt_changed(self) -> None:
        self.draft.prompt = self.prompt.text
        self._show_preview()

    @on(ChoiceField.Changed)
    def _choice_changed(self, _event: ChoiceField.Changed) -> None:
        self.draft.agent, self.draft.mode = self._agent.value, self._mode.value
        self.draft.on_limit, self.draft.opens = self._limit.value, self._opens.value
        self._show_preview()

    def _show_preview(self) -> None:
        self.set_class(self.draft.mode == "unrestricted", "-unrestricted")
        try:
            self.preview = self.fleet_app.control.preview(request_of(self.draft))
        except DraftProblem as problem:
            self.preview = None
            self.say(str(problem), "$fleet-bad")
            return
        preview = self.preview
        self.offer.look(preview.hosts, self.draft.prompt)
        if preview.hosts:
            count = fmt.some(len(preview.hosts), "host")
            self._aim.update(content(f"{count}: {preview.folded}", "$fleet-ok"))
        else:
            self._aim.update(content(preview.problem if self.draft.target else "", "$fleet-wait"))
        if preview.problem:
            self.say(preview.problem, "$fleet-wait")
        else:
            self.say(_effect(preview), "$fleet-muted")

    def send(self) -> None:
        """Send what is written, unless something stands in the way."""
        try:
            request = replace(request_of(self.draft), stdin=stdin_of(self.draft))
        except DraftProblem as problem:
            self.say(str(problem), "$fleet-bad")
            return
        preview = self.fleet_app.control.preview(request)
        if preview.problem:
            self.say(preview.problem, "$fleet-bad")
            return
        self.ask_once(lambda: self.fleet_app.control.dispatch(request), self.sent)

    def sent(self, dispatch_id: str) -> None:
        """Empty the prompt, and show what was begun."""
        self.draft.prompt = self.draft.named = self.draft.opens = self.draft.mcp = ""
        super().sent(dispatch_id)

    def press(self, verb: str) -> None:
        """Do what a button stands for; unrestricted is never sent with one."""
        if verb == "send" and self.draft.mode == "unrestricted":
            key = self.fleet_app.keymap.shown(self.fleet_app.registry["composer.send"])
            self.say(f"Unrestricted is sent with {key}, never with Enter.", "$fleet-wait")
            return
        super().press(verb)


def declared_servers(config: FleetConfig) -> tuple[str, ...]:
    """Return the names of the MCP servers that fleet.toml declares."""
    entries = cast("Sequence[Mapping[str, object]]", config.sections.get("mcp") or ())
    return tuple(str(entry["name"]) for entry in entries)


def _effect(preview: Preview) -> str:
    agent = preview.agent or "each host's own agent"
    mode = "" if preview.agent == "shell" else preview.mode or "default mode"
    return " · ".join(filter(None, (agent, mode, preview.cost or "free")))
