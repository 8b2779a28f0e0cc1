from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.support.program import CHECKOUT
from tests.support.sshd import LOOPBACK, SshServer
from tests.support.unreachable import refused_port

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.support.program import Program

RUN_KEYS = {
    event: set(re.findall(r"`(\w+)`", keys.split(";")[0]))
    for event, keys in re.findall(
        r"^\| `([\w-]+)` \| (`run`.*|`dispatch`.*) \|$",
        (CHECKOUT / "README.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
}
"""What the contract of `--json` promises of each event, as the README has it."""


def statuses(program: Program) -> dict[str, str]:
    """Return host and status of every closing line of the log."""
    done = program.run("log", "--json", "result")
    return {line["host"]: line["status"] for line in done.objects}


def handshake(tmp_path: Path) -> str:
    """Return a command that says `one`, and `two` only when somebody writes to `tmp_path/go`."""
    os.mkfifo(tmp_path / "go")
    return f"echo one; read word < {tmp_path}/go; echo $word"


def say(tmp_path: Path, word: str) -> None:
    (tmp_path / "go").write_text(word + "\n")


def test_lines_stream_in_as_they_are_printed(fleet: Program, tmp_path: Path) -> None:
    command = handshake(tmp_path)
    with fleet.running("run", "web01", "--agent", "shell", "--", command) as run:
        assert run.line() == "one"
        say(tmp_path, "two")
        assert run.line() == "two"
        assert run.end().code == 0


def test_every_host_answers_under_its_name(fleet: Program) -> None:
    done = fleet.run("run", "all", "--agent", "shell", "--", "hostname; sleep 1; date")
    assert done.code == 0
    hosts = [line.split(": ")[0] for line in done.lines]
    assert sorted(hosts) == ["nas", "nas", "web01", "web01", "web02", "web02"]
    assert "3 succeeded" in done.err
    assert statuses(fleet) == dict.fromkeys(("nas", "web01", "web02"), "succeeded")


def test_one_host_answers_without_a_prefix_and_streams_stay_apart(fleet: Program) -> None:
    done = fleet.run("run", "nas", "--agent", "shell", "--", "echo out; echo err >&2; exit 3")
    assert (done.code, done.out) == (1, "out\n")
    assert done.err.splitlines()[0] == "err"
    assert "nas: failed: exit 3" in done.err


def test_json_is_one_object_a_line_with_the_promised_keys(fleet: Program, tmp_path: Path) -> None:
    command = handshake(tmp_path)
    with fleet.running("run", "web01", "--agent", "shell", "--json", "--", command) as run:
        assert run.event("output")["text"] == "one\n"
        say(tmp_path, "two")
        assert run.event("output")["offset"] == 4
        done = run.end()
    assert done.code == 0
    told = [found["event"] for found in done.objects]
    assert RUN_KEYS.keys() >= set(told)
    assert told == ["run-started", "output", "output", "run-finished", "dispatch-finished"]
    for found in done.objects:
        assert RUN_KEYS[found["event"]] | {"event", "time"} == found.keys()
    (end,) = done.events("run-finished")
    assert (end["state"], end["outcome"], end["exit_status"], end["cost_usd"]) == (
        "succeeded",
        "ok",
        0,
        0.0,
    )
    assert done.events("dispatch-finished")[0]["counts"] == {"succeeded": 1}


def test_a_host_that_is_down_makes_exit_4_after_the_others_finished(
    fleet: Program, server: SshServer
) -> None:
    with refused_port() as port:
        client = server.client_config("web01", "web02")
        hosts: list[str | Mapping[str, object]] = ["web01", "web02"]
        hosts.append({"name": "down", "address": LOOPBACK, "port": port})
        fleet.configure(hosts, ssh_config=client.ssh_config)
        done = fleet.run("run", "all", "--agent", "shell", "--json", "--", "echo hi")
    assert done.code == 4
    states = {end["host"]: (end["state"], end["outcome"]) for end in done.events("run-finished")}
    assert states == {
        "web01": ("succeeded", "ok"),
        "web02": ("succeeded", "ok"),
        "down": ("failed", "connect"),
    }
    assert done.events("dispatch-finished")[0]["counts"] == {"failed": 1, "succeeded": 2}
    assert statuses(fleet) == {"web01": "succeeded", "web02": "succeeded", "down": "failed"}


def test_gather_folds_equal_answers(fleet: Program) -> None:
    fleet.config.write_text(fleet.config.read_text() + 'env = { ODD = "yes" }\n')
    done = fleet.run("run", "all", "--agent", "shell", "--gather", "--", "echo ${ODD:-no}; echo x")
    assert done.code == 0
    assert done.lines[0].startswith("── web[01-02] (2) succeeded")
    assert done.lines[1:3] == ["no", "x"]
    odd = "\n".join(done.lines[3:])
    assert "── nas (1) succeeded" in odd
    assert "-no" in odd
    assert "+yes" in odd


def test_a_file_goes_to_standard_input_as_it_is(fleet: Program, tmp_path: Path) -> None:
    data = bytes(range(256)) * 4096
    (tmp_path / "in").write_bytes(data)
    done = fleet.run(
        "run", "web01", "--agent", "shell", "--stdin", str(tmp_path / "in"), "--", "cksum"
    )
    expected = subprocess.run(["cksum"], input=data, capture_output=True, check=True).stdout
    assert done.out.encode() == expected
    piped = fleet.run("run", "web01", "--agent=shell", "--stdin", "-", "--", "cksum", stdin=data)
    assert piped.out.encode() == expected
    absent = fleet.run("run", "web01", "--agent", "shell", "--stdin", "/nowhere", "--", "cat")
    assert absent.code == 2
    assert "No such file" in absent.err


def test_timeout_ends_the_run_and_what_it_started(fleet: Program, tmp_path: Path) -> None:
    command = f"sh -c 'echo $$ > {tmp_path}/pid; sleep 600'"
    done = fleet.run("run", "web01", "--agent", "shell", "--timeout", "1", "--json", "--", command)
    assert done.code == 1
    (end,) = done.events("run-finished")
    assert (end["state"], end["outcome"]) == ("timed-out", "killed")
    assert_gone(int((tmp_path / "pid").read_text()))


def assert_gone(pid: int) -> None:
    """Assert that a process is over (or waits to be reaped)."""
    stat = f"/proc/{pid}/stat"
    if os.path.exists(stat):
        with open(stat, encoding="utf-8") as file:
            assert file.read().rsplit(") ", 1)[1][0] in "ZX"


def test_ctrl_c_ends_what_runs_there_and_closes_the_log(fleet: Program, tmp_path: Path) -> None:
    command = f"echo $$ >> {tmp_path}/pids; echo up; sleep 600"
    with fleet.running("run", "web01,web02", "--agent", "shell", "--", command) as run:
        assert {run.line(), run.line()} == {"web01: up", "web02: up"}
        run.signal(signal.SIGINT)
        assert run.end().code == 130
    for pid in (tmp_path / "pids").read_text().split():
        assert_gone(int(pid))
    assert statuses(fleet) == {"web01": "cancelled", "web02": "cancelled"}
    assert fleet.run("log", "--verify").code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["run", "web01", "--agent", "shell"], 2, "no prompt"),
        (["run", "web01", "--agent", "shell", "--", " "], 2, "prompt is empty"),
        (["run", "web01", "--agent", "nobody", "--", "x"], 2, "invalid choice"),
        (["run", "web01", "--timeout", "-1", "--", "x"], 2, "positive number"),
        (["run", "web[01", "--agent", "shell", "--", "x"], 2, "position"),
        (["run", "mars", "--agent", "shell", "--", "x"], 3, "mars"),
        (["run", "web01", "--agent", "shell", "--mode", "read", "--", "x"], 3, "cannot be held"),
        (["run", "web01", "--agent", "claude", "--mode", "unrestricted", "--", "x"], 3, "named"),
        (["--read-only", "run", "web01", "--agent", "shell", "--", "x"], 3, "read-only"),
        (["frobnicate"], 2, "frobnicate"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_a_status(
    arguments: list[str], code: int, said: str, fleet: Program
) -> None:
    done = fleet.run(*arguments)
    assert done.code == code
    assert done.out == ""
    assert said in done.err
    assert len(done.err.splitlines()) == 1
    refusals = fleet.run("log", "--json", "refused").objects
    assert len(refusals) == (1 if code == 3 else 0)
    assert fleet.run("log", "dispatch").out == ""


def test_a_reader_that_goes_away_is_no_bug(fleet: Program) -> None:
    command = "seq 100000; sleep 600"
    with fleet.spawned("run", "web01", "--agent", "shell", "--", command) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"1\n"
        process.stdout.close()
        assert process.wait(60) == 1
        assert process.stderr.read() == b""
    assert statuses(fleet) == {"web01": "cancelled"}


def test_no_configuration_is_told_with_the_way_on(program: Program) -> None:
    program.env = {"FLEET_CONFIG": ""}
    done = program.run("run", "all", "--", "x")
    assert done.code == 2
    assert "fleet-tui init" in done.err


def test_secrets_in_a_prompt_stay_out_of_the_log(fleet: Program) -> None:
    secret = "sk-ant-api03-AbCdEfGhIjKlMnOpQrStUvWxYz0123456789"
    done = fleet.run("run", "web01", "--agent", "shell", "--", f"KEY={secret}; echo ${{#KEY}}")
    assert done.lines == [str(len(secret))]
    assert secret not in fleet.log.read_text()
    assert json.dumps(secret)[1:-1] not in fleet.run("log", "--json").out
