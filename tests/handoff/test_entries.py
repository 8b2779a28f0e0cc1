"""Lines of transcripts, the names of their folders, and what is read of a file at most."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_tui.handoff.entries import BrokenLine, Entry, read_entry
from fleet_tui.handoff.places import slug_of
from fleet_tui.handoff.slices import Purse, last_lines, lines_of
from fleet_tui.transport.local_files import LocalFiles
from tests.handoff.planted import claude_lines

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("folder", "slug"),
    [
        ("/srv/work2", "-srv-work2"),
        ("/home/o/my_proj.x y", "-home-o-my-proj-x-y"),
        ("/srv/ä/\N{ROCKET}", "-srv-----"),
        (
            f"/work/tmp/ho/p/{'a' * 120}/{'b' * 120}",
            f"-work-tmp-ho-p-{'a' * 120}-{'b' * 64}-33ikcx",
        ),
    ],
)
def test_the_folder_of_a_folder(folder: str, slug: str) -> None:
    """As Claude Code 2.1.329 named them on disk."""
    assert slug_of(folder) == slug


def entry(line: object) -> Entry:
    return read_entry("claude", json.dumps(line).encode())


def test_who_said_what() -> None:
    blocks = [
        {"type": "thinking", "thinking": "hm"},
        {"type": "text", "text": "I \x1b[31mlook\x07"},
        {"type": "tool_use", "name": "Edit", "input": {"file_path": "/srv/app/a.py"}},
    ]
    _, user, agent, result = claude_lines(
        ("user", "mend it"),
        ("assistant", blocks),
        ("user", [{"type": "tool_result", "content": [{"type": "text", "text": "done"}]}]),
    )
    assert [(s.speaker, s.text) for s in entry(user).said] == [("user", "mend it")]
    found = entry(agent)
    assert [(s.speaker, s.text) for s in found.said] == [
        ("assistant", "I look\N{REPLACEMENT CHARACTER}"),
        ("tool", "Edit /srv/app/a.py"),
    ]
    assert found.touched == ("/srv/app/a.py",)
    assert (found.folder, found.branch) == ("/srv/app", "main")
    assert [(s.speaker, s.text) for s in entry(result).said] == [("result", "done")]


def test_a_patch_of_codex_names_its_files() -> None:
    patch = "*** Begin Patch\n*** Update File: src/a.py\n*** Add File: b.py\n"
    payload = {"type": "custom_tool_call", "name": "apply_patch", "input": patch}
    line = json.dumps({"type": "response_item", "payload": payload}).encode()
    assert read_entry("codex", line).touched == ("src/a.py", "b.py")


@pytest.mark.parametrize("line", [b"{", b"[]", b"\xff", b'"x"', b"[" * 100_000])
def test_a_broken_line_is_named_as_such(line: bytes) -> None:
    with pytest.raises(BrokenLine):
        read_entry("claude", line)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "message", "content", "payload", "role", "input", "text", "git"]
            ),
            inner | st.sampled_from(["user", "assistant", "tool_use", "message", "response_item"]),
            max_size=5,
        )
    ),
)


@given(JSON)
def test_nothing_an_agent_may_write_breaks_the_reader(document: object) -> None:
    line = json.dumps({"type": "user", "message": document}).encode()
    read_entry("claude", line)
    read_entry("codex", json.dumps({"type": "response_item", "payload": document}).encode())


async def lines(path: Path, purse: Purse, size: int) -> list[bytes]:
    return [line async for line in lines_of(LocalFiles(), str(path), purse, slice_size=size)]


@pytest.mark.parametrize("size", [1, 3, 7, 100])
async def test_lines_come_whole_whatever_the_slices(tmp_path: Path, size: int) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"one\n\nthree\nrest")
    purse = Purse(1000)
    assert await lines(path, purse, size) == [b"one", b"", b"three", b"rest"]
    assert purse.left == 1000 - 15
    assert not purse.is_spent


async def test_an_empty_purse_ends_the_reading(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"one\ntwo\nthree\n")
    purse = Purse(6)
    assert await lines(path, purse, 4) == [b"one"]
    assert purse.is_spent


async def test_a_line_without_end_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fleet_tui.handoff.slices.LONGEST_LINE", 10)
    path = tmp_path / "x"
    path.write_bytes(b"a" * 50 + b"\nshort\n")
    assert await lines(path, Purse(1000), 8) == [b"", b"short"]


async def test_the_end_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"one\ntwo\nthree\n")
    assert await last_lines(LocalFiles(), str(path), 14, 9) == ([b"three"], True)
    assert await last_lines(LocalFiles(), str(path), 14, 99) == ([b"one", b"two", b"three"], False)
