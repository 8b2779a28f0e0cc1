"""What is sent to a host can be read back, whatever is in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_tui.transport import durable_script
from fleet_tui.transport.durable_lines import LAUNCH, ProgramCall, launch_order, read_line
from fleet_tui.transport.shell import sh_line

_texts = st.text(
    st.one_of(
        st.characters(codec="utf-8", exclude_characters="\0"),
        st.sampled_from("'\\!\n\"$` 0"),
    ),
    max_size=80,
)


@given(_texts, _texts, st.sampled_from(["-", "open", "4096"]))
def test_a_launch_is_read_back_as_it_was_meant(meta: str, line: str, stdin: str) -> None:
    sent = durable_script.launch_line("r-1", "@m", epoch=7, stdin=stdin, meta=meta, line=line)
    call = read_line(sent)
    assert call is not None
    assert call.name == LAUNCH
    order = launch_order(call.args)
    assert (order.run, order.mark, order.epoch, order.stdin) == ("r-1", "@m", 7, stdin)
    assert (order.meta, order.line) == (meta, line)


@pytest.mark.parametrize("name", sorted(durable_script.PROGRAMS))
def test_every_program_is_known_by_its_line(name: str) -> None:
    sent = durable_script.program_line(name, "r-1", "@m", "0", "it's 12")
    assert read_line(sent) == ProgramCall(name, ("r-1", "@m", "0", "it's 12"))
    assert read_line(durable_script.program_line(name)) == ProgramCall(name, ())


def test_the_shell_is_part_of_the_line() -> None:
    sent = durable_script.program_line("follow", "r-1", "@m", shell="/opt/my shell")
    assert read_line(sent) is None
    call = read_line(sent, shell="/opt/my shell")
    assert call is not None
    assert call.name == "follow"


@pytest.mark.parametrize(
    "line",
    ["", "uptime", sh_line("echo 'fleet-run' \\! x"), "exec /bin/sh -c 'x' fleet-run \\! r-1 @m"],
)
def test_other_lines_are_left_alone(line: str) -> None:
    assert read_line(line) is None
