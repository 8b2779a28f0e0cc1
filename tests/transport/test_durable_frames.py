"""Our lines among the run's bytes."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from fleet_tui.transport.durable_frames import NOISE_LIMIT, MarkedStream

MARK = b"@mark-1"
_tricky = st.lists(st.sampled_from([b"@", b"@mark-", b"@mark", b"1", b"\n", b"x", b"\0\xff", b""]))


def _split(data: bytes, cuts: list[int], *, once: bool = False) -> tuple[bytes, list[str], bytes]:
    got = bytearray()
    lines: list[str] = []
    stream = MarkedStream(MARK, got.extend, lines.append, marks_once=once)
    edges = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    for start, end in itertools.pairwise(edges):
        stream.feed(data[start:end])
    stream.flush()
    return bytes(got), lines, stream.noise


def _body(parts: list[bytes]) -> bytes:
    return b"".join(parts).replace(MARK, b"@mark-2")


@given(_tricky, _tricky, _tricky, st.lists(st.integers(0, 200)))
def test_any_cut_gives_the_same(
    noise: list[bytes], first: list[bytes], second: list[bytes], cuts: list[int]
) -> None:
    before, one, two = _body(noise), _body(first), _body(second)
    whole = before + MARK + b" head new 0\n" + one + MARK + b" end 1 2 x\n" + two
    assert _split(whole, cuts) == (one + two, ["head new 0", "end 1 2 x"], before)


@given(_tricky, st.lists(st.integers(0, 200)))
def test_after_the_only_mark_all_is_data(parts: list[bytes], cuts: list[int]) -> None:
    data = b"".join(parts)
    assert _split(b"motd\n" + MARK + b"\n" + data, cuts, once=True) == (data, [""], b"motd\n")


def test_a_mark_without_its_newline_is_not_handed_over() -> None:
    got, lines, _ = _split(MARK + b"\nabc" + MARK + b" end", [])
    assert (got, lines) == (b"abc", [""])


def test_noise_is_bounded() -> None:
    _, _, noise = _split(b"x" * 100_000, [])
    assert len(noise) == NOISE_LIMIT
