"""Copying: by a program of this machine or through the terminal, and said either way."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from fleet_tui.tui import clipboard, textual_seams
from tests.tui.desk import at_desk
from tests.tui.fake_control import FakeControl

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_tui.model.config import Clipboard


def program(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def copying(way: Clipboard) -> FakeControl:
    control = FakeControl()
    control.config = replace(control.config, clipboard=way)
    control.set_fleet()
    return control


@pytest.mark.parametrize(
    ("way", "environment", "found"),
    [
        ("off", {}, "off"),
        ("osc52-tmux", {}, "osc52-tmux"),
        ("auto", {}, "osc52"),
        ("auto", {"TMUX": "/tmp/t,1,0"}, "auto"),
        ("auto", {"DISPLAY": ":0", "PATH": "here"}, "native"),
        ("auto", {"PATH": "here"}, "osc52"),
        ("auto", {"DISPLAY": ":0", "PATH": "here", "SSH_CONNECTION": "a"}, "osc52"),
    ],
)
def test_the_way_that_is_chosen(
    way: Clipboard, environment: dict[str, str], found: str, tmp_path: Path
) -> None:
    program(tmp_path, "xclip", "cat")
    given = {**environment, "PATH": str(tmp_path) if "PATH" in environment else ""}
    assert clipboard.chosen(way, given) == found


def test_what_a_terminal_is_sent() -> None:
    payload = base64.b64encode("é[31m".encode()).decode()
    plain = f"\x1b]52;c;{payload}\x07"
    wrapped = f"\x1bPtmux;\x1b{plain}\x1b\\"
    assert clipboard.sequences("osc52", "é[31m") == plain
    assert clipboard.sequences("osc52-tmux", "é[31m") == wrapped
    assert clipboard.sequences("auto", "é[31m") == plain + wrapped


async def test_a_program_gets_the_text_on_its_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, "wl-copy", f'echo "$#" > {tmp_path}/count; cat > {tmp_path}/copied')
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("WAYLAND_DISPLAY", "w-0")
    async with at_desk(copying("native")) as desk:
        await desk.press("y")
        assert desk.toasts()[-1] == "Copied cc-pc (5 characters) with wl-copy."
        assert (tmp_path / "copied").read_text() == "cc-pc"
        assert (tmp_path / "count").read_text() == "0\n"
        program(tmp_path, "wl-copy", "exit 3")
        await desk.press("y")
        assert desk.toasts()[-1] == "Nothing was copied: wl-copy ended with status 3."
        (tmp_path / "wl-copy").unlink()
        monkeypatch.delenv("DISPLAY", raising=False)
        await desk.press("y")
        assert "none of pbcopy, wl-copy, xclip, xsel, clip.exe" in desk.toasts()[-1]


async def test_the_terminal_is_asked_and_what_was_copied_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with at_desk(copying("osc52")) as desk:
        sent: list[str] = []
        monkeypatch.setattr(
            textual_seams, "send_to_terminal", lambda _app, sequence: sent.append(sequence)
        )
        await desk.press("space", "space", "y")
        assert sent == [clipboard.sequences("osc52", "cc-pc,hs-pc")]
        assert desk.toasts()[-1] == ("Copied cc-pc and hs-pc (11 characters) through the terminal.")


async def test_copying_can_be_off() -> None:
    async with at_desk(copying("off")) as desk:
        await desk.press("y")
        assert "clipboard is off" in desk.toasts()[-1]
