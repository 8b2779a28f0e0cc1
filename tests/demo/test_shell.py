from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from fleet_tui.transport.shell import posix_line, powershell_line
from tests.demo.login import login, run

if TYPE_CHECKING:
    from fleet_tui.demo import DemoFleet


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("echo one; echo two", "one\ntwo\n"),
        ("false || echo saved && echo more", "saved\nmore\n"),
        ("true && echo yes", "yes\n"),
        ("false && echo no; echo after", "after\n"),
        ("for i in $(seq 3); do echo n$i; done", "n1\nn2\nn3\n"),
        ("for w in a 'b c'; do echo [$w]; done | wc -l", "2\n"),
        ("echo '$HOME' \"$HOME\" ~", "$HOME /home/fleet /home/fleet\n"),
        ("echo $USER $HOSTNAME", "fleet web02\n"),
        ("printf '%s-%d\\n' a 1 b 2", "a-1\nb-2\n"),
        ("seq 5 | tail -n 2 | sort -r", "5\n4\n"),
        ("yes | head -3", "y\ny\ny\n"),
        ("seq 20 | grep -c 1", "11\n"),
        ("printf 'b\\na\\nb\\n' | sort | uniq -c", "      1 a\n      2 b\n"),
        ("env A=1 B=2 sh -c 'echo $A$B'", "12\n"),
        ("cd app && pwd", "/home/fleet/app\n"),
        ("uname -s", "Linux\n"),
        ("echo a b # a comment", "a b\n"),
        ("false; echo $?", "1\n"),
        ("foo 2>/dev/null; echo $?", "127\n"),
        ("foo 2>&1 | wc -l", "1\n"),
        ("cat < /etc/hostname", "web02\n"),
        ("echo `hostname`", "web02\n"),
        ("cd app && git log --oneline | head -n 1", None),
        ("command -v claude", "/home/fleet/.local/bin/claude\n"),
        ("whoami | cat", "fleet\n"),
        ("echo hello | grep -v o", ""),
    ],
)
async def test_a_command_line_does_what_a_shell_would(
    demo: DemoFleet, line: str, expected: str | None
) -> None:
    _, out, err = await run(demo, "web02", line)
    assert err == ""
    if expected is None:
        assert out.startswith("9f31c07 ")
    else:
        assert out == expected


@pytest.mark.parametrize(
    ("line", "status", "complaint"),
    [
        ("foo", 127, "sh: 1: foo: not found (demo host)"),
        ("exit 7", 7, ""),
        ("false", 1, ""),
        ("cd nowhere", 2, "can't cd to nowhere"),
        ("echo 'open", 2, "Unterminated quoted string"),
        ("if true; then echo; fi", 2, "not part of the demo shell"),
        ("sleep 1 &", 2, "background jobs"),
        ("echo x > /tmp/file", 2, "Read-only file system"),
        ("cat /etc/shadow", 1, "No such file"),
        ("ls /nowhere", 2, "cannot access"),
        ("while true; do true; done", 1, "stopped after 100000 commands"),
        ("for x in $(seq 3); do echo $x", 2, '"done" expected'),
        ("systemctl is-active orders", 0, ""),
        ("echo a | grep b", 1, ""),
    ],
)
async def test_failures_have_the_status_and_words_of_a_shell(
    demo: DemoFleet, line: str, status: int, complaint: str
) -> None:
    code, _, err = await run(demo, "web02", line)
    assert code == status
    assert complaint in err
    assert bool(err) is bool(complaint)


async def test_output_streams_while_the_command_runs(demo: DemoFleet) -> None:
    async with login(demo, "web02") as connection:
        process = await connection.create_process("echo first; sleep 600; echo last")
        assert await process.stdout.readline() == b"first\n"
        process.send_signal("TERM")
        done = await process.wait()
    assert done.exit_signal is not None
    assert done.exit_signal[0] == "TERM"
    assert done.stdout == b""


@pytest.mark.parametrize("name", ["INT", "TERM", "HUP", "KILL"])
async def test_a_signal_ends_a_command(demo: DemoFleet, name: str) -> None:
    async with login(demo, "web02") as connection:
        process = await connection.create_process("echo up; sleep 600")
        await process.stdout.readline()
        process.send_signal(name)
        done = await process.wait()
    assert done.exit_signal is not None
    assert done.exit_signal[0] == name


async def test_a_flood_is_bounded_and_complete(demo: DemoFleet) -> None:
    _, out, _ = await run(demo, "web02", "yes flood")
    assert out == "flood\n" * 200_000


async def test_what_the_program_sends_for_an_awkward_script_is_understood(demo: DemoFleet) -> None:
    script = "echo \"it's $USER!\"; printf 'a\\tb\\n'"
    line = posix_line(script=script, cwd="~/app", env={"FLEET": "x y"})
    status, out, err = await run(demo, "web02", line)
    assert (status, out, err) == (0, "it's fleet!\na\tb\n", "")


async def test_the_windows_host_reads_encoded_powershell(demo: DemoFleet) -> None:
    line = powershell_line(script="hostname", cwd="app", env={"FLEET": "it's"})
    assert await run(demo, "desk-win", line) == (0, "desk-win\n", "")
    line = powershell_line(argv=("echo", "it's", "a $b"))
    assert (await run(demo, "desk-win", line))[1] == "it's a $b\n"
    broken = base64.b64encode(b"\xff").decode()
    status, _, _ = await run(demo, "desk-win", f"powershell.exe -EncodedCommand {broken}")
    assert status == 127


async def test_the_drift_command_of_a_host_gets_the_expected_answer(demo: DemoFleet) -> None:
    assert await run(demo, "nas01", "cat /etc/version") == (0, "DSM 7.2\n", "")


async def test_hosts_differ_where_machines_differ(demo: DemoFleet) -> None:
    kernels = {name: (await run(demo, name, "uname -r"))[1] for name in ("web01", "web02", "web03")}
    assert kernels["web01"] == kernels["web03"]
    assert demo.odd == "web02"
    assert kernels["web02"] != kernels["web01"]
    status, out, _ = await run(demo, "web02", "systemctl is-active postfix")
    assert (status, out) == (3, "failed\n")
