"""The operator is reached for when looking elsewhere, and only for what was asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from fleet_tui.model.config import Attention
from fleet_tui.tui import textual_seams
from fleet_tui.tui.attention import POP_TITLE, PUSH_TITLE, desktop_sequence, title_sequence
from tests.tui.desk import Desk, at_desk
from tests.tui.fake_control import FakeControl

if TYPE_CHECKING:
    from textual.app import App

WANTED = Attention(
    bell=("run-failed",), title=("run-failed", "run-finished"), desktop=("question-asked",)
)


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    sequences: list[str] = []

    def keep(_app: App[None], sequence: str) -> None:
        sequences.append(sequence)

    monkeypatch.setattr(textual_seams, "write_to_terminal", keep)
    monkeypatch.setenv("TERM", "xterm")
    for name in ("TMUX", "VTE_VERSION", "KONSOLE_VERSION"):
        monkeypatch.delenv(name, raising=False)
    return sequences


def control_wanting(wanted: Attention) -> FakeControl:
    control = FakeControl()
    control.config = replace(control.config, attention=wanted)
    return control


async def tell(desk: Desk, event: str, text: str = "it is over") -> None:
    desk.control.notice("error", event, "nas1", text)
    await desk.settle()


async def test_nothing_reaches_out_while_the_terminal_has_the_focus(written: list[str]) -> None:
    async with at_desk(control_wanting(WANTED)) as desk:
        await tell(desk, "run-failed")
        assert written == []


async def test_nothing_reaches_out_that_was_not_asked_for(written: list[str]) -> None:
    async with at_desk(control_wanting(Attention())) as desk:
        desk.app.app_focus = False
        await tell(desk, "run-failed")
        assert written == []


async def test_bell_and_title_come_once_and_the_title_is_given_back(written: list[str]) -> None:
    async with at_desk(control_wanting(WANTED)) as desk:
        desk.app.app_focus = False
        await tell(desk, "run-finished")
        assert written == [PUSH_TITLE + title_sequence("nas1: it is over")]
        desk.control.notice("error", "run-failed", "nas1", "one")
        await tell(desk, "run-failed", "two")
        assert written[1:] == [title_sequence("nas1: two") + "\a"]
        desk.app.app_focus = True
        await desk.settle()
        assert written[2:] == [POP_TITLE]
    assert written[2:] == [POP_TITLE]


async def test_a_question_is_a_desktop_notification(written: list[str]) -> None:
    async with at_desk(control_wanting(WANTED)) as desk:
        desk.app.app_focus = False
        await tell(desk, "question-asked", "may I?")
        assert written == ["\x1b]9;fleet-tui: nas1: may I?\a"]


@pytest.mark.parametrize(
    ("env", "sequence"),
    [
        ({"TERM": "xterm-kitty"}, "\x1b]9;fleet-tui: hello\a"),
        ({"TERM": "foot"}, "\x1b]777;notify;fleet-tui;hello\a"),
        ({"TERM": "xterm", "VTE_VERSION": "7600"}, "\x1b]777;notify;fleet-tui;hello\a"),
        ({"TERM": "tmux", "TMUX": "x"}, "\x1bPtmux;\x1b\x1b]9;fleet-tui: hello\a\x1b\\"),
    ],
)
def test_each_terminal_is_asked_in_its_own_words(env: dict[str, str], sequence: str) -> None:
    assert desktop_sequence("hello", env) == sequence


def test_no_byte_of_a_host_can_end_the_sequence() -> None:
    for sequence in (desktop_sequence("a\a\x1b]52;c;x\x9c\n", {}), title_sequence("a\a\x1b]0;b")):
        assert sequence.count("\x1b") == 1
        assert sequence.count("\a") == 1
        assert sequence.endswith("\a")
        assert "\x9c" not in sequence
