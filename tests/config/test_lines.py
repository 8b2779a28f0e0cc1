"""Every key of a document is found on the line where it stands."""

import tomllib

import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_tui.config.lines import KeyPath, locate

DOCUMENT = '''\
# comment [x] = 1
title = "a # b"   # tail
text = """
[not.a.header]
key = 1
four quotes"""" # after
path = 'C:\\'
dotted . "quoted.key".'lit' = 1

[fleet]
name = "x"
list = [
  1, # one
  [2, "]"],
  { a = 1, b = { c = ["},"] } },
]

[[host]]
name = "a"
env = { A = "1", "B C" = "2" }

[[host]]
name = "b"

[host.env]
D = \'\'\'
x\'\'\'
E = "\\"="

[[host.sub]]
k = 1
[[host.sub]]
k = 2
["a\\u00e9".b]
last = 1979-05-27T07:32:00Z'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("title",), 2),
        (("text",), 3),
        (("path",), 7),
        (("dotted", "quoted.key", "lit"), 8),
        (("fleet",), 10),
        (("fleet", "name"), 11),
        (("fleet", "list"), 12),
        (("fleet", "list", 0), 13),
        (("fleet", "list", 1, 1), 14),
        (("fleet", "list", 2, "b", "c", 0), 15),
        (("host",), 18),
        (("host", 0), 18),
        (("host", 0, "env", "B C"), 20),
        (("host", 1), 22),
        (("host", 1, "name"), 23),
        (("host", 1, "env"), 25),
        (("host", 1, "env", "D"), 26),
        (("host", 1, "env", "E"), 28),
        (("host", 1, "sub", 0, "k"), 31),
        (("host", 1, "sub", 1, "k"), 33),
        (("aé", "b", "last"), 35),
        (("host", 1, "missing"), 22),
        (("fleet", "missing", "deeper"), 10),
        (("missing",), None),
        ((), None),
    ],
)
def test_finds_the_line(path: KeyPath, line: int | None) -> None:
    tomllib.loads(DOCUMENT)
    assert locate(DOCUMENT).of(path) == line


def test_line_ends_of_windows_count_once() -> None:
    assert locate("a = 1\r\n\r\nb = 2\r\n").of(("b",)) == 3


keys = st.one_of(st.from_regex(r"[a-z]{1,3}", fullmatch=True), st.text(max_size=4))
leaves = st.one_of(
    st.integers(-9, 9), st.booleans(), st.floats(allow_nan=False), st.dates(), st.text()
)
tables = st.recursive(
    st.dictionaries(keys, leaves, max_size=3),
    lambda inner: st.dictionaries(
        keys,
        st.one_of(leaves, inner, st.lists(st.one_of(leaves, inner), max_size=3)),
        max_size=4,
    ),
    max_leaves=10,
)


def paths_of(value: object, path: KeyPath = ()) -> list[KeyPath]:
    found = [path] if path else []
    if isinstance(value, dict):
        for key, inner in value.items():
            found += paths_of(inner, (*path, key))
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            found += paths_of(inner, (*path, position))
    return found


@settings(deadline=None, max_examples=400)
@given(tables, st.booleans())
def test_all_that_tomllib_reads_is_found_and_in_file_order(
    document: dict[str, object], multiline: bool
) -> None:
    text = tomli_w.dumps(document, multiline_strings=multiline)
    parsed = tomllib.loads(text)
    index = locate(text)
    for path in paths_of(parsed):
        own_line = index._lines.get(path)
        assert own_line is not None, path
        key = path[-1]
        if isinstance(key, str) and key.isascii() and key.isalpha():
            assert key in text.split("\n")[own_line - 1]


@settings(deadline=None, max_examples=200)
@given(st.lists(tables, min_size=1, max_size=4))
def test_entries_of_a_list_of_tables_are_told_apart(entries: list[dict[str, object]]) -> None:
    pieces = [
        "[[e]]\n" + tomli_w.dumps({"marker": {"v": entry}}).replace("[marker", "[e.marker")
        for entry in entries
    ]
    text = "\n".join(pieces)
    tomllib.loads(text)
    line = 1
    for position, piece in enumerate(pieces):
        assert locate(text).of(("e", position)) == line
        line += piece.count("\n") + 1
