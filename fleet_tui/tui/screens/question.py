"""The card of one question: everything to decide by, and the answers; nothing else decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from textual import on
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from fleet_tui.model.question import Allow, AllowEdited, Choose, Deny
from fleet_tui.model.text import sanitize
from fleet_tui.tui.bindings import bindings_for
from fleet_tui.tui.safe import content
from fleet_tui.tui.screens.question_parts import facts_content, place, title
from fleet_tui.tui.widgets.asked_box import AskedBox
from fleet_tui.tui.widgets.prompt_area import PromptArea

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from fleet_tui.model.errors import FleetError
    from fleet_tui.model.question import Answer, Question
    from fleet_tui.tui.app import FleetApp
    from fleet_tui.tui.store import Dirty, Store

Writing = Literal["", "edit", "deny", "stop", "own"]
"""What is being written: nothing, the command to run instead, the reason of a denial, the reason
of a denial that stops the run, an own answer to a choice."""

READ_FIRST = 0.5
"""Seconds a card must have been on the screen before it can be allowed."""

READ_NEXT_FIRST = 1.0
"""The same for a card that came because the one before it was answered: longer than a keyboard
waits before it repeats a key that is held."""

BUTTONS = (
    ("allow", "Allow once"),
    ("edit", "Edit"),
    ("deny", "Deny"),
    ("stop", "Deny, stop"),
    ("send", "Send"),
    ("next", "Next"),
    ("later", "Later"),
)
CHROME = 8
"""Lines of the card that are neither facts nor what is asked."""


class QuestionScreen(ModalScreen[None]):
    """Shows one question for as long as it is open. Enter never allows anything."""

    place = "question"
    CSS_PATH = "question.tcss"
    BINDINGS = bindings_for("question", "anywhere")

    def __init__(
        self, app: FleetApp, question: Question, *, read_first: float = READ_FIRST
    ) -> None:
        super().__init__()
        self.fleet_app = app
        self.question = question
        self.writing: Writing = ""
        self._read_first = read_first
        self._allowed_from: float | None = None
        self._is_sending = False
        self._facts = Static("", id="facts", markup=False)
        self.box: AskedBox = AskedBox(question)
        self._edit = PromptArea("", id="rewrite")
        self._line = Input("", id="line", compact=True)
        self._status = Static("", id="status", markup=False)
        self._card = Vertical(classes="dialog")

    def compose(self) -> ComposeResult:
        """Yield the facts, what is asked, the fields to write in, and the answers."""
        app = self.fleet_app
        with self._card:
            yield self._facts
            yield self.box
            yield self._edit
            yield self._line
            yield self._status
            with Horizontal(classes="buttons"):
                for verb, word in BUTTONS:
                    key = app.keymap.shown(app.registry[f"question.{verb}"])
                    button = Button(content(f"{word} {key}"), id=verb, compact=True)
                    button.can_focus = False
                    button.active_effect_duration = 0
                    yield button

    def on_mount(self) -> None:
        """Show everything, and count from when it can be read."""
        self._card.border_title = content(title(self.question))
        self.write("")
        self._show_facts()
        self.call_after_refresh(self._begin_reading)

    def _begin_reading(self) -> None:
        self._allowed_from = self.fleet_app.clock.monotonic() + self._read_first

    def on_resize(self) -> None:
        """Share the room anew."""
        self._show_facts()

    def _show_facts(self) -> None:
        app = self.fleet_app
        now = app.clock.time()
        view = app.store.runs.get(self.question.run)
        card_width = min(100, self.size.width * 96 // 100)
        text, lines = facts_content(self.question, view, now, card_width - 4)
        self._facts.update(text)
        room = max(3, self.size.height - 2 - CHROME - lines)
        self.box.styles.max_height = room + 2
        lines_asked = self.question.text.count("\n") + 1
        self._edit.styles.height = min(room + 2, max(4, lines_asked + 3))
        where, style = place(self.question, app.store.questions(now), now)
        self._card.border_subtitle = content(where, style)

    def show(self, store: Store, dirty: Dirty, now: float) -> None:
        """Let the question age; close when it is open no more."""
        waiting = {(q.run, q.id) for q in store.questions(now)}
        key = self.question.run, self.question.id
        if key not in waiting and not self._is_sending and self.fleet_app.screen is self:
            view = store.runs.get(self.question.run)
            is_over = view is None or not view.run.is_open
            why = "its run has ended" if is_over else "it was answered elsewhere, or withdrawn"
            self.fleet_app.toast(f"{self.question.host} asks no more: {why}.", "warning")
            self.dismiss(None)
        elif dirty.numbers or dirty.asked or dirty.runs:
            self._show_facts()

    def say(self, text: str, style: str = "$fleet-muted") -> None:
        """Put a line under what is asked."""
        self._status.update(content(text, style))

    @property
    def why_no_answer(self) -> str:
        """Return why no answer can be begun now; empty when one can."""
        if self._is_sending:
            return "The answer is on its way."
        return "Send or leave what is being written first." if self.writing else ""

    def write(self, writing: Writing) -> None:
        """Open the field for an edit, a reason or an own answer; "" goes back to the answers."""
        self.writing = writing
        for mode in ("edit", "deny", "stop", "own"):
            self.set_class(writing == mode, f"-{mode}")
        self.set_class(bool(writing), "-writing")
        key = self.fleet_app.keymap.shown(self.fleet_app.registry["question.later"])
        later = self.query_one("#later", Button)
        later.label = content(f"{'Back' if writing else 'Later'} {key}")
        send = self.fleet_app.keymap.shown(self.fleet_app.registry["question.send"])
        if writing == "edit":
            whole = self._can_be_edited
            self._edit.text = self.question.text if whole else ""
            self._edit.move_cursor(self._edit.document.end)
            self.set_focus(self._edit)
            self.say(
                f"What stands here runs instead; no rule looks at it. {send} sends it."
                if whole
                else f"Not all of it is known here, so this begins empty. {send} sends it."
            )
        elif writing:
            own = self.box.choices.own_answer if self.box.choices else ""
            self._line.value = own if writing == "own" else ""
            self._line.placeholder = PLACEHOLDERS[writing]
            self.set_focus(self._line)
            self.say(MEANS[writing])
        else:
            self.box.take_focus()
            self.say("The agent waits until it is answered." if not self.box.choices else PICK)

    @property
    def _can_be_edited(self) -> bool:
        return self.question.is_exact and sanitize(self.question.text) == self.question.text

    def allow(self) -> None:
        """Allow the call once, or send what was picked; not before it could be read."""
        now = self.fleet_app.clock.monotonic()
        if self._allowed_from is None or now < self._allowed_from:
            # A key that is held repeats faster than this, and so never gets through.
            self._allowed_from = now + READ_FIRST
            self.say("Read it first: it can be allowed in half a second.", "$fleet-wait")
            return
        if self.box.choices is None:
            self._answer(Allow(), "allowed once")
            return
        answers = self.box.choices.answers()
        if answers is None:
            self.say("There is a question without an answer yet.", "$fleet-wait")
        else:
            self._answer(Choose(answers), "answered")

    def send_written(self) -> None:
        """Send what is being written."""
        if self.writing == "edit":
            if not self._edit.text.strip():
                self.say("There is nothing to run; deny the call instead.", "$fleet-bad")
                return
            self._answer(AllowEdited(self._edit.text), "allowed as edited")
        elif self.writing == "own" and self.box.choices is not None:
            self.box.choices.answer_freely(self._line.value)
            self.write("")
        elif self.writing in ("deny", "stop"):
            stops = self.writing == "stop"
            word = "denied, and stopped" if stops else "denied"
            self._answer(Deny(self._line.value.strip(), stops=stops), word)

    def _answer(self, answer: Answer, word: str) -> None:
        if self._is_sending:
            return
        self._is_sending = True
        self.say("sending …")
        question, app = self.question, self.fleet_app
        app.ask(
            app.control.answer(question.run, question.id, answer),
            lambda _none: self._answered(word),
            self._refused,
        )

    def _answered(self, word: str) -> None:
        app = self.fleet_app
        now = app.clock.time()
        waiting = app.store.questions(now)
        app.store.note_answered(self.question, now)
        app.main.show_status()
        app.frames.tick()
        if app.screen is not self:
            app.toast(f"{self.question.host}: {word}.")
            return
        following = self._beside(1, waiting)
        if following is None:
            self.dismiss(None)
        else:
            app.replace_screen(QuestionScreen(app, following, read_first=READ_NEXT_FIRST))
        app.toast(f"{self.question.host}: {word}.")

    def _refused(self, error: FleetError) -> None:
        self._is_sending = False
        self.say(str(error), "$fleet-bad")

    def _beside(self, step: int, waiting: list[Question]) -> Question | None:
        """Return the question after (or before) this one; None when it is the only one."""
        mine = (self.question.run, self.question.id)
        keys = [(q.run, q.id) for q in waiting]
        others = [q for q, key in zip(waiting, keys, strict=True) if key != mine]
        if not others:
            return None
        at = keys.index(mine) if mine in keys else 0
        return others[(at if step > 0 else at - 1) % len(others)]

    def step(self, step: int) -> None:
        """Show the next or previous question."""
        app = self.fleet_app
        other = self._beside(step, app.store.questions(app.clock.time()))
        if other is None:
            self.say("No other question is open.")
        else:
            app.replace_screen(QuestionScreen(app, other))

    def leave(self) -> None:
        """Give up what is being written, else leave the question open for later."""
        if self.writing:
            self.write("")
        else:
            self.dismiss(None)

    @on(Input.Submitted)
    def _line_entered(self, event: Input.Submitted) -> None:
        event.stop()
        self.fleet_app.perform("question.send")

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.fleet_app.perform(f"question.{event.button.id}")


PICK = "space or a number picks, e writes an own answer; y sends."
PLACEHOLDERS = {
    "deny": "why not; the agent reads it",
    "stop": "why not; the agent reads it",
    "own": "your own answer",
}
MEANS = {
    "deny": "enter denies it, and the agent goes on without.",
    "stop": "enter denies it and stops the run; what it has done so far stays.",
    "own": "enter takes it as the answer.",
}
