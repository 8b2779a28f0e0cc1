"""Whose process group a marked command's first line names, and when nobody's is taken for it."""

from __future__ import annotations

import subprocess

import pytest

from fleet_tui.transport.root_kill import MarkedCapture, group_of, marked


def test_a_marked_command_names_its_own_process_before_it_begins() -> None:
    program = subprocess.Popen(
        ["/bin/sh", "-c", marked("echo said; cat")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    out, _ = program.communicate(b"given")
    capture = MarkedCapture(100)
    for byte in out:
        capture.stdout_received(bytes([byte]))
    assert capture.group == program.pid
    assert capture.stdout == b"said\ngiven"


@pytest.mark.parametrize(
    "line",
    [b"", b"1", b"4711", b"fleet-group ", b"fleet-group 0", b"fleet-group 1", b"fleet-group -1",
     b"fleet-group 4711x", b"x fleet-group 4711", b"fleet-group \xd9\xa4"],
)  # fmt: skip
def test_nothing_else_is_taken_for_a_process_group(line: bytes) -> None:
    assert group_of(line) is None
    capture = MarkedCapture(1000)
    capture.stdout_received(line + b"\nrest" * 20)
    assert capture.group is None
    assert capture.stdout == line + b"\nrest" * 20
