"""Noise on a real terminal: the screen lives, and no control byte is there that is not ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fuzz.show import show
from tests.support.terminal_bytes import foreign

if TYPE_CHECKING:
    from pathlib import Path

STRINGS = 1_000
PATIENCE = 280.0


@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_noise_through_every_widget_and_toast(seed: int, tmp_path: Path) -> None:
    shown = show(STRINGS, seed, tmp_path, PATIENCE)
    assert shown.strings >= STRINGS, shown.last_words
    assert shown.foreign == ()
    assert shown.written > 100_000


@pytest.mark.parametrize(
    "data",
    [
        b"\x1b]52;c;aGk=\x07",
        b"\x1b]0;x\x07",
        b"\x1bc",
        b"a\x08b\x07",
        b"\xc2\x9b31m",
        "\u202e".encode(),
    ],
)
def test_what_is_not_ours_would_be_seen(data: bytes) -> None:
    ours = b"\x1b[31mred\x1b[0m\x1b[12;40H\x1b[?2026h\r\n"
    assert foreign(ours) == []
    assert foreign(ours + data + ours)
