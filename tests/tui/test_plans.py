"""What is brought into the prompt: a file, the clipboard, a hand-off document."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from fleet_tui.model.threads import DOCUMENT, INCLUDE, WaitingDocument
from fleet_tui.tui import plans
from fleet_tui.tui.requests import DraftProblem
from fleet_tui.tui.screens.composer import ComposerScreen
from fleet_tui.tui.screens.plan import PlanScreen
from tests.tui.desk import at_desk
from tests.tui.fake_control import FakeControl
from tests.tui.fixed_clock import NOW

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_is_read_clean(tmp_path: Path) -> None:
    path = tmp_path / "plan.md"
    path.write_bytes(b"\n1. mend \x1b[31mit\x07\r\n2. test\n")
    assert plans.read_file(f" {path} ") == "1. mend it\N{REPLACEMENT CHARACTER}\n2. test"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"x" * (plans.MOST_BYTES + 1), "larger than 256 kB"),
        (b"\0ELF", "is no text"),
        (b" \n", "is empty"),
    ],
    ids=["large", "binary", "empty"],
)
def test_what_is_no_plan_is_refused(tmp_path: Path, data: bytes, said: str) -> None:
    path = tmp_path / "plan.md"
    path.write_bytes(data)
    with pytest.raises(DraftProblem, match=said):
        plans.read_file(str(path))


def test_what_is_no_file_is_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name, said in (("pipe", "is no file"), ("none", "No such file"), (".", "directory")):
        with pytest.raises(DraftProblem, match=said):
            plans.read_file(str(tmp_path / name))


def test_the_clipboard_is_what_a_program_prints(tmp_path: Path) -> None:
    program = tmp_path / "xclip"
    program.write_text("#!/bin/sh\nprintf 'from elsewhere'\n")
    program.chmod(0o755)
    here = {"PATH": f"{tmp_path}:/bin", "DISPLAY": ":0"}
    assert plans.read_clipboard(here) == "from elsewhere"
    program.write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(DraftProblem, match="is the clipboard empty"):
        plans.read_clipboard(here)
    with pytest.raises(DraftProblem, match="paste into the prompt"):
        plans.read_clipboard({"PATH": str(tmp_path)})


async def test_a_plan_comes_behind_what_is_written(tmp_path: Path) -> None:
    path = tmp_path / "plan.md"
    path.write_text("1. [bold]mend[/bold]\n2. test\n")
    control = FakeControl()
    control.set_fleet()
    async with at_desk(control) as desk:
        desk.app.draft.target, desk.app.draft.prompt = "nas1", "Do this:"
        await desk.press("d", "f8")
        assert desk.is_on(PlanScreen)
        await desk.press("enter")
        assert "Name a file" in desk.text()
        await desk.write(str(tmp_path / "none"))
        await desk.press("enter")
        assert "No such file" in desk.text()
        for _ in "none":
            await desk.strike("backspace")
        await desk.write("plan.md")
        await desk.press("enter")
        assert desk.is_on(ComposerScreen)
        assert desk.app.draft.prompt == "Do this:\n\n1. [bold]mend[/bold]\n2. test"


async def test_a_document_that_waits_is_offered_once(tmp_path: Path) -> None:
    control = FakeControl()
    control.set_fleet()
    waiting = WaitingDocument("nas1", "/srv/app", DOCUMENT, "s", "web01", NOW)
    control.threads.documents = (waiting,)
    async with at_desk(control, (80, 24)) as desk:
        desk.app.draft.target, desk.app.draft.prompt = "nas1", "go on"
        await desk.press("d")
        assert f"{DOCUMENT} from web01 waits on nas1" in desk.text()
        await desk.press("f9")
        assert desk.app.draft.prompt == f"{INCLUDE}\n\ngo on"
        assert "waits on nas1" not in desk.text()
        await desk.press("escape")
        desk.app.draft.target, desk.app.draft.prompt = "web01", "go on"
        await desk.press("d")
        assert "waits on" not in desk.text()
