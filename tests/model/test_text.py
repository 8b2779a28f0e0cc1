"""Text from other machines is harmless after sanitizing, and recognisable."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_tui.model.text import REPLACEMENT, one_line, sanitize, sanitize_bytes

ALLOWED_CONTROLS = {"\t", "\n"}
REORDERING = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
MARKS = {"\u061c", "\u200e", "\u200f", "\u2028", "\u2029"}
INVISIBLE = {"\u115f", "\u1160", "\u180e", "\u200b", "\u2060", "\u3164", "\ufeff", "\uffa0"}

hostile_text = st.text(
    st.one_of(
        st.sampled_from("\x1b\x07\x9b\x9c[]\\PX^_;?0m\r\n\t\u202e\u2066\udc80ab"),
        st.characters(exclude_categories=()),
    )
)


def is_harmless(char: str) -> bool:
    if char in ALLOWED_CONTROLS:
        return True
    return (
        unicodedata.category(char) not in {"Cc", "Cs", "Zl", "Zp"}
        and unicodedata.bidirectional(char) not in REORDERING
        and char not in MARKS | INVISIBLE
    )


def test_every_character_is_kept_or_replaced() -> None:
    for code in range(0x110000):
        clean = sanitize(chr(code))
        assert clean in {chr(code), REPLACEMENT, "\n"}
        assert is_harmless(clean), hex(code)


@settings(deadline=None, max_examples=500)
@given(hostile_text)
def test_nothing_hostile_is_left(text: str) -> None:
    clean = sanitize(text)
    assert all(map(is_harmless, clean))
    assert sanitize(clean) == clean


@settings(deadline=None, max_examples=500)
@given(st.one_of(st.binary(), hostile_text.map(lambda text: text.encode("utf-8", "replace"))))
def test_bytes_become_clean_utf8(data: bytes) -> None:
    clean = sanitize_bytes(data)
    assert all(map(is_harmless, clean.decode("utf-8")))
    assert sanitize_bytes(clean) == clean


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E)))
def test_plain_text_is_untouched(text: str) -> None:
    assert sanitize(text) is text
    data = text.encode()
    assert sanitize_bytes(data) is data


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]52;c;aGk=\x1b\\text", "text"),
        ("\x1bPq#0\x1b\\sixel", "sixel"),
        ("\x1b(Bascii", "ascii"),
        ("\x1b\x1b[31m[31m", f"{REPLACEMENT}[31m"),
        ("\x1b]0;never ended", f"{REPLACEMENT}]0;never ended"),
        ("\x9b31mC1", f"{REPLACEMENT}31mC1"),
        ("10%\r20%\r\n", "10%\n20%\n"),
        ("admin\u202egnp.exe", f"admin{REPLACEMENT}gnp.exe"),
        ("tab\tstays", "tab\tstays"),
        ("Grüße 👩‍💻 日本語", "Grüße 👩‍💻 日本語"),
    ],
)
def test_known_attacks_and_ordinary_text(raw: str, clean: str) -> None:
    assert sanitize(raw) == clean


@settings(deadline=None)
@given(hostile_text, st.integers(1, 30))
def test_one_line_is_one_short_line(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert len(line) <= limit
    assert "\n" not in line
    assert "\t" not in line
    assert all(map(is_harmless, line))


def test_one_line_says_that_it_was_cut() -> None:
    assert one_line("a b", 3) == "a b"
    assert one_line("abcd", 3) == "ab…"
    assert one_line("\x1b[0m" * 50 + "hidden", 10) == "…"
    assert one_line("\n" * 5_000 + "late", 10) == "late"
