"""Text from elsewhere: whatever it holds, the screen lives and the terminal obeys only us."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from typing import TYPE_CHECKING, get_args

import pytest

from fleet_tui.model.control import GatheredGroup
from fleet_tui.model.host import Host
from fleet_tui.model.question import Choice, Option
from fleet_tui.model.snapshot import LineTag
from fleet_tui.tui import keynames
from fleet_tui.tui.catalogue import REGISTRY
from fleet_tui.tui.safe import clean, clean_block
from tests.tui.desk import at_desk
from tests.tui.fake_control import FakeControl
from tests.tui.scene import recorded

if TYPE_CHECKING:
    from tests.tui.desk import Desk

HOSTILE = (
    "[/foo] [bold",
    "[@click=app.quit]x[/]",
    "\x1b]52;c;aGk=\x07 \x1b[2J\x1b[31mred",
    "\x9b31m \x85 \x90",
    "\u202egnp.exe \u2066a\u2069 \u200b",
    "tab\tnew\nline\rback\x00\x7f",
    "\ud800 lone",
    "全角文字" * 40,
    "e\u0301" * 50,
    "x" * 5_000,
)
FORBIDDEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def hostile_fleet(text: str) -> FakeControl:
    control = FakeControl([Host(text, groups=(text,)), Host("plain")])
    control.set_fleet(name=text, this_host=text, notes=(text,))
    control.host_up(text)
    control.host_down("plain", "other", text, text)
    control.host_up("plain")
    dispatch = control.start([text, "plain"], text, text)
    control.move(dispatch, text, "running", text)
    control.say(dispatch, text, *[(tag, text) for tag in get_args(LineTag)])
    control.tail(dispatch, text, "t", text)
    control.move(dispatch, "plain", "failed", text, reason=text, mend=text)
    control.ask(
        dispatch, text, text, tool=text, why=text, path=text, cwd=text,
        description=text, details=text, is_exact=False,
    )  # fmt: skip
    options = (Option(text, text), Option("plain"))
    control.ask(
        dispatch, text, text, tool=text, kind="choice", choices=(Choice(text, text, options),)
    )
    control.notice("error", text, text, text)
    control.groups = (GatheredGroup(("r",), text, "failed", (text,), difference=("+" + text,)),)
    control.history = (text,)
    control.audit.lines = [text]
    return control


def assert_safe(desk: Desk) -> None:
    assert not FORBIDDEN.search(desk.text())
    for toast in desk.toasts():
        assert not FORBIDDEN.search(toast)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
async def test_every_widget_survives(text: str) -> None:
    async with at_desk(hostile_fleet(text)) as desk:
        assert_safe(desk)
        for keys in (
            ("1", "enter"),
            ("escape", "4", "y"),
            ("5", "c", "t", "w", "right"),
            ("g",),
            ("escape", "l"),
            ("escape", "o"),
            ("escape", "x"),
            ("escape", "d", "up"),
            ("f4",),
            ("escape", "escape", "!", "pagedown", "e"),
            ("escape", "n", "escape", "]", "space", "e"),
            ("escape", "escape", "f1"),
            ("escape", "f2"),
        ):
            await desk.press(*keys)
            assert_safe(desk)
        assert desk.app.is_running
        assert "answer" not in [name for name, _ in desk.control.calls]


def test_random_text_is_made_safe() -> None:
    random.seed(7)
    for _ in range(2_000):
        text = "".join(chr(random.randrange(0x3000)) for _ in range(40))
        assert not FORBIDDEN.search(clean(text))
        assert not FORBIDDEN.search(clean_block(text))


async def test_random_lines_scroll_by() -> None:
    random.seed(11)
    control = FakeControl()
    dispatch = control.start(["nas1"], "noise")
    async with at_desk(control) as desk:
        for _ in range(10):
            noise = [
                "".join(chr(random.randrange(0x2500)) for _ in range(random.randrange(300)))
                for _ in range(200)
            ]
            control.say(dispatch, "nas1", *[("o", line) for line in noise])
            view = control.run_on(dispatch, "nas1")
            control.set_run(replace(view, doing=noise[0]))
            await desk.settle()
            assert_safe(desk)


@pytest.mark.parametrize("seed", [1, 2])
async def test_random_keys_on_a_changing_terminal_end_nothing(seed: int) -> None:
    chance = random.Random(seed)
    keys = sorted({name for a in REGISTRY for name in a.keys if a.id != "app.quit"} | set("abc019"))
    names = [keynames.canonical(key) if len(key) == 1 else key for key in keys]
    async with at_desk(recorded()) as desk:
        for number in range(120):
            await desk.strike(chance.choice([*names, "enter", "escape", "backspace"]))
            if number % 20 == 0:
                await desk.pilot.resize_terminal(
                    chance.choice([20, 80, 160]), chance.choice([5, 40])
                )
                await desk.settle()
                assert_safe(desk)
        assert desk.app.is_running
