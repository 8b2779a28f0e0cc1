from __future__ import annotations

import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fleet_tui.journal.view import LineAssembler, tagged_lines
from fleet_tui.model.text import sanitize

PIECES = st.sampled_from(
    [b"plain", b"\n", b"\r\n", b"\r", "é€🙂".encode(), b"\xff", b"\x1b[31m", b"\t", b"x" * 40, b""]
)
STREAMS = st.lists(PIECES, max_size=30).map(b"".join)


def cut(data: bytes, at: list[int]) -> list[bytes]:
    borders = sorted({0, len(data), *(position % (len(data) + 1) for position in at)})
    return [data[a:b] for a, b in itertools.pairwise(borders)] or [b""]


def assemble(chunks: list[bytes], limit: int = 1 << 16) -> list[str]:
    assembler = LineAssembler(b"o", limit)
    fed = [assembler.feed(chunk) for chunk in chunks]
    assert assembler.held_bytes <= limit + sum(map(len, chunks))
    fed.append(assembler.finish())
    view = b"".join(lines for lines, _ in fed)
    assert sum(count for _, count in fed) == view.count(b"\n")
    lines = view.decode().split("\n")
    assert lines.pop() == ""
    assert all(line.startswith("o") for line in lines)
    return [line[1:] for line in lines]


@given(STREAMS, st.lists(st.integers(0, 1000)))
@example(b"a\r\nb", [2])
@example("é\n".encode(), [1])
@example(b"\r\r\n\r", [1, 2, 3])
def test_chunks_make_the_same_lines_wherever_they_are_cut(data: bytes, at: list[int]) -> None:
    expected = sanitize(data.decode("utf-8", "replace")).split("\n")
    if expected[-1] == "":
        expected.pop()
    if b"\x1b" in data:  # a sequence is only recognised within a line
        assert assemble(cut(data, at)) == assemble([data])
    else:
        assert assemble(cut(data, at)) == expected


@given(STREAMS, st.lists(st.integers(0, 1000)))
def test_a_long_line_is_cut_the_same_wherever_chunks_are(data: bytes, at: list[int]) -> None:
    assert assemble(cut(data, at), 16) == assemble([data], 16)


@given(st.binary(), st.lists(st.integers(0, 1000)))
def test_no_hostile_character_gets_through(data: bytes, at: list[int]) -> None:
    for line in assemble(cut(data, at)):
        assert sanitize(line) == line
        assert "\x1b" not in line


def test_a_long_line_says_how_much_is_missing() -> None:
    (line,) = assemble([b"a" * 70_000, b"b" * 70_000 + b"\n"])
    assert line == "a" * 65_536 + " … [74,464 bytes cut]"


def test_a_long_line_in_one_chunk_is_cut_like_one_in_many() -> None:
    data = b"short\n" + b"a" * 30 + b"\r\nnext\n"
    expected = ["short", "a" * 16 + " … [14 bytes cut]", "next"]
    assert assemble([data], 16) == expected
    assert assemble([data[i : i + 1] for i in range(len(data))], 16) == expected


def test_a_cut_never_leaves_half_a_character() -> None:
    (line,) = assemble([b"a" * 15 + "€uro".encode() + b"\n"], 16)
    assert line == "a" * 15 + " … [6 bytes cut]"


def test_every_state_of_a_progress_bar_is_a_line() -> None:
    assembler = LineAssembler(b"o")
    assert assembler.feed(b"10%\r20%") == (b"o10%\n", 1)
    assert assembler.tail == "20%"
    assert assembler.feed(b"\r") == (b"", 0)
    assert assembler.feed(b"\ndone") == (b"o20%\n", 1)
    assert assembler.finish() == (b"odone\n", 1)
    assert assembler.finish() == (b"", 0)


def test_the_unfinished_line_is_safe_and_short() -> None:
    assembler = LineAssembler(b"e")
    assembler.feed(b"\x1b[2Jab\x07" + b"x" * 10_000)
    assert assembler.tail.startswith("ab\N{REPLACEMENT CHARACTER}xx")
    assert assembler.tail.endswith("x…")
    assert len(assembler.tail) < 4100
    assert assembler.held_bytes == 10_007


def test_memory_stays_flat_in_an_endless_line() -> None:
    assembler = LineAssembler(b"o", 1000)
    for _ in range(100):
        assert assembler.feed(b"z" * 10_000) == (b"", 0)
    assert len(assembler._held) == 1000
    assert assembler.held_bytes == 1_000_000


@pytest.mark.parametrize(
    ("body", "expected"),
    [(b"a\nb\n", (b"ma\nmb\n", 2)), (b"\n", (b"m\n", 1)), (b"a\r\n\r\n", (b"ma\nm\n", 2))],
)
def test_tagged_lines(body: bytes, expected: tuple[bytes, int]) -> None:
    assert tagged_lines(b"m", body) == expected
