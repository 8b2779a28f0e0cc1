"""Writing a task, new or waiting: its options between `+++` lines, then what is to be done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.containers import Vertical

from fleet_tui.tui.safe import clean_block, content
from fleet_tui.tui.screens.prompt_screen import PromptScreen

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from fleet_tui.tui.app import FleetApp

NEW = """\
+++
# target = "@web"
# needs = ["gpu"]
# mode = "read"
# priority = 0
+++
"""


class TaskFormScreen(PromptScreen):
    """Puts a task on the queue, or a changed text in its place."""

    def __init__(self, app: FleetApp, name: str = "", text: str = NEW) -> None:
        self._draft = f"task/{name}"
        super().__init__(app, app.resume_drafts.get(self._draft, clean_block(text)))
        self.task_name = name

    def compose(self) -> ComposeResult:
        """Yield the text and the buttons."""
        with Vertical(classes="dialog") as box:
            box.border_title = content(f"Change {self.task_name}" if self.task_name else "New task")
            yield from self.prompt_rows("task")

    def on_mount(self) -> None:
        """Begin at the end of the text."""
        self.set_focus(self.prompt)
        self.prompt.move_cursor(self.prompt.document.end)
        told = (
            "A signature it has is gone with the change."
            if self.task_name
            else ("Options stand between the +++ lines; below them is what is to be done.")
        )
        self.say(told, "$fleet-muted")

    def send(self) -> None:
        """Put it on the queue."""
        queue, text = self.fleet_app.control.queue, self.prompt.text
        if not text.strip():
            self.say("the task is empty", "$fleet-bad")
            return
        if self.task_name:
            name = self.task_name
            self.ask_once(lambda: queue.edit(name, text), lambda _none: self.sent(name))
        else:
            self.ask_once(lambda: queue.add(text), self.sent)

    def sent(self, name: str) -> None:
        """Forget the draft, and say that it is on the queue."""
        self.fleet_app.resume_drafts.pop(self._draft, None)
        if self.fleet_app.screen is self:
            self.dismiss(None)
        self.fleet_app.toast(f"{name} is on the queue.")

    def close_with_draft(self) -> None:
        """Close; what is written is there the next time."""
        self.fleet_app.resume_drafts[self._draft] = self.prompt.text
        self.dismiss(None)
