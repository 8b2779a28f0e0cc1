"""What a task's file says, and the line that is told when it says something wrong."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_tui.model.errors import UsageError
from fleet_tui.model.task import (
    MAX_NAME_BYTES,
    MAX_TASK_BYTES,
    TaskOptions,
    TaskTextError,
    check_new_name,
    name_from,
    unfit_name,
)
from fleet_tui.queue.frontmatter import OPTION_NAMES, parse_task, title_of


def problem(text: bytes | str) -> TaskTextError:
    data = text.encode() if isinstance(text, str) else text
    with pytest.raises(TaskTextError) as caught:
        parse_task("fix", data)
    assert "\n" not in str(caught.value)
    return caught.value


def test_a_task_needs_no_front_matter() -> None:
    task = parse_task("fix", b"# Fix the tests\n\n+++ is no option here\n")
    assert task.options == TaskOptions()
    assert task.prompt == "# Fix the tests\n\n+++ is no option here"
    assert title_of(task) == "Fix the tests +++ is no option here"


def test_every_option_is_read() -> None:
    text = """+++
id = "t-1"
target = "@desk!nas1"
host = "nas1"
group = "@desk"
agent = "claude"
mode = "write"
model = "opus"
needs = ["gpu"]
tags = ["nightly", "docs"]
priority = 7
not_before = 2026-05-18T22:00:00Z
expires = "2026-05-19T06:00:00+00:00"
depends_on = ["build.md", "lint"]
budget = 1.5
timeout = "30m"
max_attempts = 2
workdir = "~/src"
+++
Do it.
"""
    assert parse_task("fix", text.encode()).options == TaskOptions(
        id="t-1",
        target="@desk!nas1",
        host="nas1",
        group="desk",
        agent="claude",
        mode="write",
        model="opus",
        needs=("gpu",),
        tags=("nightly", "docs"),
        priority=7,
        not_before=datetime(2026, 5, 18, 22, tzinfo=UTC).timestamp(),
        expires=datetime(2026, 5, 19, 6, tzinfo=UTC).timestamp(),
        depends_on=("build", "lint"),
        budget_usd=1.5,
        timeout_seconds=1800.0,
        max_attempts=2,
        workdir="~/src",
    )
    assert all(f"{name} = " in text for name in OPTION_NAMES)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('+++\nmode = "read"\nDo it.\n', 3, "not closed by a line +++"),
        ("+++\npriority = 1\nmode = read\n+++\nx", 3, "no TOML"),
        ("+++\npriority = 1\n\nprioritty = 2\n+++\nx", 4, "did you mean `priority`?"),
        ('+++\nmode = "unrestricted"\n+++\nx', 2, "only ever typed by hand"),
        ("+++\nbudget = true\n+++\nx", 2, "US dollars"),
        ("+++\n\n\npriority = 1000\n+++\nx", 4, "-100 to 100"),
        ('+++\ntimeout = "soon"\n+++\nx', 2, "duration"),
        ('+++\nnot_before = "tonight"\n+++\nx', 2, "a time like"),
        ('+++\ndepends_on = ["../x"]\n+++\nx', 2, "names of tasks"),
        ('+++\ntags = ["\\u001b[2J"]\n+++\nx', 2, "control characters"),
        ("one\ntwo \xff\n", None, ""),
    ],
)
def test_a_mistake_is_named_with_its_line(text: str, line: int | None, words: str) -> None:
    if line is None:
        error = problem(text.encode("latin-1"))
        assert (error.line, error.what) == (2, "not UTF-8 text")
        return
    error = problem(text)
    assert error.line == line
    assert words in str(error)
    assert str(error).startswith(f"fix.md:{line}: ")


def test_a_task_without_text_or_with_too_much_is_refused() -> None:
    assert "no text" in str(problem(b""))
    assert "no text" in str(problem(b"+++\npriority = 1\n+++\n \n"))
    assert "too long" in str(problem(b"x" * (MAX_TASK_BYTES + 1)))
    assert "zero byte" in str(problem(b"one\n\x00\x00\x00"))


@given(st.binary(max_size=300))
def test_no_bytes_are_fatal(data: bytes) -> None:
    for text in (data, b"+++\n" + data + b"\n+++\nx"):
        with contextlib.suppress(TaskTextError):
            assert parse_task("fix", text).text == text


@pytest.mark.parametrize("name", ["-rf", "a b\n", "x" * 300, "../x", "", ".hidden", "a/b", "é"])
def test_names_that_we_do_not_make(name: str) -> None:
    with pytest.raises(UsageError):
        check_new_name(name)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("-rf", ""),
        ("a b", ""),
        ("Büro", ""),
        ("a b\n", "control"),
        ("../x", "dot"),
        ("x/../y", "slash"),
        ("x" * (MAX_NAME_BYTES + 1), "longer"),
        ("\udcff", "UTF-8"),
    ],
)
def test_names_that_somebody_puts_there(name: str, why: str) -> None:
    assert why in unfit_name(name)
    assert bool(unfit_name(name)) == bool(why)


def test_a_name_is_made_of_the_first_words() -> None:
    assert name_from("# Fix the *flaky* tests\nnow") == "fix-the-flaky-tests"
    assert check_new_name(name_from("../../etc/passwd")) == "etc-passwd"
    assert name_from("日本語") == ""
