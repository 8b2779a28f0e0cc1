"""Answering what agents ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.tui.actions import Action

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_tui.tui.app import FleetApp
    from fleet_tui.tui.screens.question import QuestionScreen


def _card(app: FleetApp) -> QuestionScreen | None:
    from fleet_tui.tui.screens.question import QuestionScreen

    return app.screen if isinstance(app.screen, QuestionScreen) else None


def _on_card(act: Callable[[QuestionScreen], object]) -> Callable[[FleetApp, str], None]:
    def run(app: FleetApp, _argument: str) -> None:
        card = _card(app)
        if card is not None:
            act(card)

    return run


def open_oldest(app: FleetApp, _argument: str) -> None:
    """Show the card of the question that has waited longest."""
    waiting = app.store.questions(app.clock.time())
    open_run(app, waiting[0].run)


def open_run(app: FleetApp, run_id: str) -> bool:
    """Show the card of a run's oldest question; False when it has none."""
    waiting = app.store.questions(app.clock.time())
    found = next((question for question in waiting if question.run == run_id), None)
    if found is None:
        return False
    from fleet_tui.tui.screens.question import QuestionScreen

    card = _card(app)
    if card is None:
        app.open_screen(QuestionScreen(app, found))
    elif card.question != found:
        app.replace_screen(QuestionScreen(app, found))
    return True


def _none_open(app: FleetApp) -> str:
    card = _card(app)
    if card is not None and card.why_no_answer:
        return card.why_no_answer
    return "" if app.store.questions(app.clock.time()) else "No agent asks anything now."


def _busy(app: FleetApp) -> str:
    card = _card(app)
    return card.why_no_answer if card is not None else "No question is shown."


def _not_writing(app: FleetApp) -> str:
    card = _card(app)
    return "" if card is not None and card.writing else "Nothing is being written."


def _edit(card: QuestionScreen) -> None:
    card.write("own" if card.box.choices is not None else "edit")


ACTIONS = (
    Action(
        "question.open",
        "The oldest question of an agent",
        ("!", "f3"),
        "anywhere",
        open_oldest,
        why_disabled=_none_open,
        command="questions",
    ),
    Action(
        "question.allow",
        "Allow it once; send the answers picked",
        ("y",),
        "question",
        _on_card(lambda card: card.allow()),
        danger="ask",
        needs_write=True,
        why_disabled=_busy,
    ),
    Action(
        "question.edit",
        "Allow something else instead; an own answer",
        ("e",),
        "question",
        _on_card(_edit),
        danger="ask",
        needs_write=True,
        why_disabled=_busy,
    ),
    Action(
        "question.deny",
        "Deny it with a reason; the agent goes on",
        ("n",),
        "question",
        _on_card(lambda card: card.write("deny")),
        danger="ask",
        needs_write=True,
        why_disabled=_busy,
    ),
    Action(
        "question.stop",
        "Deny it and stop the run",
        ("x",),
        "question",
        _on_card(lambda card: card.write("stop")),
        danger="ask",
        needs_write=True,
        why_disabled=_busy,
    ),
    Action(
        "question.send",
        "Send what is written",
        ("f5", "ctrl+r", "alt+enter"),
        "question",
        _on_card(lambda card: card.send_written()),
        needs_write=True,
        why_disabled=_not_writing,
    ),
    Action(
        "question.next",
        "Next question",
        ("]", "right"),
        "question",
        _on_card(lambda card: card.step(1)),
        why_disabled=_busy,
    ),
    Action(
        "question.previous",
        "Previous question",
        ("[", "left"),
        "question",
        _on_card(lambda card: card.step(-1)),
        why_disabled=_busy,
    ),
    Action(
        "question.down",
        "Scroll down",
        ("j", "down"),
        "question",
        _on_card(lambda card: card.box.scroll_by(1)),
    ),
    Action(
        "question.up",
        "Scroll up",
        ("k", "up"),
        "question",
        _on_card(lambda card: card.box.scroll_by(-1)),
    ),
    Action(
        "question.page-down",
        "A page down",
        ("pagedown", "space"),
        "question",
        _on_card(lambda card: card.box.scroll_by(card.box.size.height - 1)),
    ),
    Action(
        "question.page-up",
        "A page up",
        ("pageup",),
        "question",
        _on_card(lambda card: card.box.scroll_by(1 - card.box.size.height)),
    ),
    Action(
        "question.later",
        "Leave what is written; answer later",
        ("escape",),
        "question",
        _on_card(lambda card: card.leave()),
    ),
)
