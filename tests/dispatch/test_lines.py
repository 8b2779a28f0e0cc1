from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from fleet_tui.dispatch import recorder
from fleet_tui.dispatch.recorder import Lines

TEXT = st.lists(st.sampled_from([b"a", b"\n", b"bc", b"", b"\n\n"]), max_size=40)


@given(TEXT)
def test_lines_do_not_depend_on_how_the_stream_was_cut(chunks: list[bytes]) -> None:
    lines = Lines()
    taken = [line for chunk in chunks for line in lines.take(chunk)] + lines.flush()
    expected = b"".join(chunks).split(b"\n")
    if expected[-1] == b"":
        expected.pop()
    assert taken == expected


def test_a_line_without_end_is_dropped_and_the_next_one_read() -> None:
    lines = Lines()
    block = b"x" * (recorder.LONGEST_LINE // 2 + 1)
    assert lines.take(block) == []
    assert lines.take(block) == []
    assert lines.take(block) == []
    assert lines.take(b"end\nnext\n") == [b"next"]
