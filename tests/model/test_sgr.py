"""Colours of output: kept as data, and nothing else with them."""

from __future__ import annotations

import random
import re

import pytest

from fleet_tui.model.sgr import MOST_CHANGES, PLAIN, Pen, drawn, split
from fleet_tui.model.text import sanitize, sanitize_coloured

ANY_SEQUENCE = re.compile(rb"\x1b(?!\[[0-9;:]{0,64}m)")


@pytest.mark.parametrize(
    ("parameters", "pen"),
    [
        ("", PLAIN),
        ("0", PLAIN),
        ("1;31", Pen(ink=1, bold=True)),
        ("92;41", Pen(ink=10, paper=1)),
        ("38;5;208", Pen(ink=208)),
        ("48;2;1;2;3", Pen(paper=(1, 2, 3))),
        ("38:5:7", Pen(ink=7)),
        ("4;7;9;3;2", Pen(underline=True, reverse=True, strike=True, italic=True, dim=True)),
        ("5;8;25;28", PLAIN),
        ("38;5;999;1", Pen(bold=True)),
        ("38;2;1", PLAIN),
        ("38;9;1", PLAIN),
        ("1;39;49;22", PLAIN),
        ("99999999999999999999", PLAIN),
    ],
)
def test_what_a_sequence_draws(parameters: str, pen: Pen) -> None:
    assert drawn(PLAIN, parameters) == pen


def test_text_and_its_colours_are_told_apart() -> None:
    text = "plain \x1b[31mred\x1b[1m\x1b[32mgreen\x1b[0m end\x1b[m"
    assert split(text) == (
        "plain redgreen end",
        ((6, Pen(ink=1)), (9, Pen(ink=2, bold=True)), (14, PLAIN)),
    )


def test_one_line_has_so_many_colours_and_keeps_its_text() -> None:
    text = "".join(f"\x1b[3{n % 8}mx" for n in range(10_000))
    plain, colours = split(text)
    assert plain == "x" * 10_000
    assert len(colours) == MOST_CHANGES


@pytest.mark.parametrize(
    ("data", "kept"),
    [
        (b"\x1b[31mred\x1b[0m", b"\x1b[31mred\x1b[0m"),
        (b"\x1b]0;title\x07\x1b[2Jx\x1b[1;1H\x1b[7m!", b"x\x1b[7m!"),
        (b"\x1b\x1b[2J[31mx", b"\x1b[31mx"),
        (b"\x1b[31", "\N{REPLACEMENT CHARACTER}[31".encode()),
        (b"\x1b[>4;1m\x1b[?25l\x1b[3 mx", b"x"),
        ("\x9b31m".encode(), "\N{REPLACEMENT CHARACTER}31m".encode()),
    ],
)
def test_only_what_colours_is_kept(data: bytes, kept: bytes) -> None:
    assert sanitize_coloured(data) == kept


def test_random_bytes_leave_nothing_but_colours() -> None:
    chance = random.Random(3)
    alphabet = b"\x1b\x1b\x1b[[]0;38mmHJ?>:\x07\x9b\xc2 ab\r\n\x00"
    for _ in range(20_000):
        data = bytes(chance.choice(alphabet) for _ in range(chance.randrange(40)))
        kept = sanitize_coloured(data)
        assert ANY_SEQUENCE.search(kept) is None
        plain, _ = split(kept.decode())
        assert sanitize(plain) == plain
        assert sanitize_coloured(kept) == kept
