from __future__ import annotations

import asyncio
import subprocess
from typing import TYPE_CHECKING

import pytest

from fleet_tui.dispatch.ladder import Patience
from fleet_tui.model.config import Defaults
from fleet_tui.model.errors import FleetError, Unreachable
from fleet_tui.model.events import OutputArrived, RunChanged
from fleet_tui.model.host import Host
from fleet_tui.model.run import exit_code_for
from fleet_tui.transport.base import ExitStatus
from tests.dispatch.running import Bench
from tests.support.fakes import (
    ScriptedProcess,
    dies_of,
    ignores_everything,
    obeys,
    prints,
    vanishes,
)

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_tui.model.errors import ConnectFault
    from fleet_tui.model.run import Outcome

IMPATIENT = Patience(0.01, 0.01, 30.0)
"""Asks and insists in passing, then waits for what was killed."""


class FastClock:
    """A clock on which a minute passes at every look."""

    def __init__(self) -> None:
        self.now = 1000.0

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        self.now += 60.0
        return self.now


class HandClock:
    """A clock that is set by hand, and tells when it was looked at."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.was_read = asyncio.Event()

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        self.was_read.set()
        return self.now


async def test_a_command_that_ends_well(tmp_path: Path) -> None:
    bench = Bench(tmp_path, prints(b"one\ntwo\n", errors=b"oops\n"))
    task = bench.task("echo")
    run, answer = await task.execute()
    assert (run.state, run.outcome, run.exit_status) == ("succeeded", "ok", 0)
    assert (run.out_bytes, run.err_bytes, run.cost_usd, answer) == (8, 5, 0.0, "")
    assert [event.run.state for event in bench.heard if isinstance(event, RunChanged)] == [
        "connecting",
        "running",
    ]
    assert b"".join(e.data for e in bench.heard if isinstance(e, OutputArrived)) == (
        b"one\ntwo\noops\n"
    )
    assert bench.shown(task) == ["one", "two", "oops"]


async def test_a_run_is_running_before_its_first_byte_is_told(tmp_path: Path) -> None:
    bench = Bench(tmp_path, prints(b"late\n"))
    bench.pool.on_start = lambda process: process.sink.stdout_received(b"early\n")
    run = await bench.run()
    told = [e.run.state if isinstance(e, RunChanged) else type(e).__name__ for e in bench.heard]
    assert told == ["connecting", "running", "OutputArrived", "OutputArrived"]
    assert run.state == "succeeded"


async def test_a_command_that_fails_says_its_exit_status(tmp_path: Path) -> None:
    run = await Bench(tmp_path, prints(b"", code=3)).run("false")
    assert (run.state, run.outcome, run.exit_status) == ("failed", "error", 3)
    assert run.reason == "exit 3"


async def test_contact_lost_in_the_middle_is_neither_success_nor_failure(tmp_path: Path) -> None:
    run = await Bench(tmp_path, vanishes).run()
    assert (run.state, run.outcome, run.exit_status) == ("lost", "network", None)
    assert run.reason == "no answer to keepalive; the run may still go on there"
    assert exit_code_for([run]) == 4


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ("refused", "connect"),
        ("auth", "connect"),
        ("silent", "connect"),
        ("hostkey-unknown", "host-key"),
        ("hostkey-changed", "host-key"),
        ("hostkey-revoked", "host-key"),
    ],
)
async def test_a_host_that_cannot_be_reached_says_why_and_what_mends_it(
    fault: ConnectFault, outcome: Outcome, tmp_path: Path
) -> None:
    bench = Bench(tmp_path)
    bench.pool.errors["web"] = Unreachable("no way in", host="web", fault=fault, mend="open it")
    task = bench.task()
    run, _ = await task.execute()
    assert (run.state, run.outcome, run.reason, run.mend) == (
        "failed",
        outcome,
        "no way in",
        "open it",
    )
    assert run.started_at is None
    assert exit_code_for([run]) == 4
    assert bench.shown(task) == ["no way in (open it)"]


async def test_an_agent_that_is_not_there_is_not_started(tmp_path: Path) -> None:
    class Nowhere(Bench):
        async def _find(self, connection: object, agent: object) -> str:
            raise FleetError("claude was not found on web", mend="install it there")

    bench = Nowhere(tmp_path, prints(b""))
    run = await bench.run("hello", "claude")
    assert (run.state, run.outcome, run.mend) == ("failed", "agent-missing", "install it there")
    assert run.cost_usd == 0.0
    assert bench.pool.started == []


async def test_a_path_that_proves_wrong_is_forgotten(tmp_path: Path) -> None:
    bench = Bench(tmp_path, prints(b"", 127, errors=b"sh: /opt/claude: not found\n"))
    run = await bench.run("hello", "claude")
    assert (run.state, run.outcome) == ("failed", "agent-missing")
    assert bench.forgotten == ["web"]


async def test_a_cancelled_run_is_asked_once_when_it_obeys(tmp_path: Path) -> None:
    bench = Bench(tmp_path, obeys)
    task = bench.task()
    bench.cancel_on_start(task)
    run, _ = await task.execute()
    assert (run.state, run.outcome, run.exit_signal) == ("cancelled", "killed", "TERM")
    assert bench.pool.started[0].received == ["TERM"]
    assert run.reason == "cancelled by the operator"


async def test_one_that_does_not_listen_is_insisted_on_and_killed(tmp_path: Path) -> None:
    bench = Bench(tmp_path, dies_of("KILL"), patience=IMPATIENT)
    task = bench.task("hello", "claude")
    bench.cancel_on_start(task)
    run, _ = await task.execute()
    assert (run.state, run.exit_signal) == ("cancelled", "KILL")
    assert bench.pool.started[0].received == ["INT", "TERM", "KILL"]


async def test_one_that_cannot_be_killed_is_given_up_and_says_so(tmp_path: Path) -> None:
    bench = Bench(tmp_path, ignores_everything, patience=Patience(0.0, 0.0, 0.0))
    task = bench.task()
    bench.cancel_on_start(task)
    run, _ = await task.execute()
    assert run.state == "cancelled"
    assert run.reason.endswith("(it did not answer; it may still run)")
    assert bench.pool.started[0].was_aborted


async def test_a_run_cancelled_while_it_connects_never_starts(tmp_path: Path) -> None:
    bench = Bench(tmp_path, prints(b""))
    bench.pool.hanging.add("web")
    task = bench.task()
    ending = asyncio.create_task(task.execute())
    await bench.pool.asked.get()
    assert task.request_stop("cancelled")
    run, _ = await ending
    assert (run.state, run.started_at, run.cost_usd) == ("cancelled", None, 0.0)
    assert bench.pool.started == []


async def test_a_run_cancelled_before_its_turn_asks_for_no_connection(tmp_path: Path) -> None:
    bench = Bench(tmp_path, prints(b""))
    task = bench.task()
    task.request_stop("cancelled")
    run, _ = await task.execute()
    assert run.state == "cancelled"
    assert bench.pool.asked.empty()


async def test_only_the_first_reason_to_stop_counts(tmp_path: Path) -> None:
    bench = Bench(tmp_path, obeys)
    task = bench.task()
    assert task.request_stop("cancelled")
    assert not task.request_stop("timed-out")
    run, _ = await task.execute()
    assert run.state == "cancelled"
    assert not task.request_stop("cancelled")


async def test_a_run_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    run = await Bench(tmp_path, obeys).run(timeout_seconds=0.01)
    assert (run.state, run.outcome) == ("timed-out", "killed")
    assert run.reason == "not finished after 0.01 s"
    assert exit_code_for([run]) == 1


async def test_a_run_that_says_nothing_for_too_long_has_stalled(tmp_path: Path) -> None:
    bench = Bench(
        tmp_path, obeys, defaults=Defaults(timeout=None, stall_after=0.01), clock=FastClock()
    )
    run = await bench.run()
    assert (run.state, run.outcome) == ("timed-out", "stalled")
    assert run.reason == "silent for 0.01 s"


async def test_output_keeps_a_run_from_stalling(tmp_path: Path) -> None:
    clock = HandClock()

    async def talks(process: ScriptedProcess) -> ExitStatus:
        for _ in range(3):
            clock.now += 60.0
            process.sink.stdout_received(b".")
            clock.was_read.clear()
            await clock.was_read.wait()  # the watch has looked, and let it live
        return ExitStatus(code=0)

    defaults = Defaults(timeout=None, stall_after=0.01)
    run = await Bench(tmp_path, talks, defaults=defaults, clock=clock).run()
    assert (run.state, run.out_bytes) == ("succeeded", 3)


async def test_an_end_that_comes_with_the_request_to_stop_keeps_its_own_verdict(
    tmp_path: Path,
) -> None:
    bench = Bench(tmp_path, prints(b"done\n"))
    task = bench.task()
    run, _ = await task.execute()
    assert not task.request_stop("cancelled")
    assert run.state == "succeeded"


async def test_input_folder_and_environment_reach_the_command(tmp_path: Path) -> None:
    folder = tmp_path / "my work"
    folder.mkdir()
    host = Host("web", durable=False, workdir="~/my work", env={"NAME": "it's $HOME!"})
    bench = Bench(tmp_path, prints(b""), host=host)
    await bench.run('pwd; echo "$NAME"; cat', stdin=b"\x00\xffinput")
    (process,) = bench.pool.started
    done = subprocess.run(  # noqa: ASYNC221 - a shell of milliseconds
        ["/bin/sh", "-c", process.line],
        input=process.stdin,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "SHELL": "/bin/sh"},
        capture_output=True,
        check=True,
    )
    assert done.stdout == f"{folder}\nit's $HOME!\n".encode() + b"\x00\xffinput"


async def test_an_agents_prompt_goes_to_its_standard_input_only(tmp_path: Path) -> None:
    secret = "a prompt that `ps` must not show"
    bench = Bench(tmp_path, prints(b""))
    await bench.run(secret, "claude", stdin=b"more")
    (process,) = bench.pool.started
    assert secret not in process.line
    assert process.stdin is not None
    assert secret.encode() in process.stdin
    assert b"more" in process.stdin


async def test_a_windows_host_gets_no_posix_line(tmp_path: Path) -> None:
    bench = Bench(tmp_path, prints(b""), host=Host("web", shell="powershell"))
    await bench.run("Get-Date")
    assert bench.pool.started[0].line.startswith("powershell.exe ")


async def test_a_command_that_cannot_be_written_down_is_a_usage_error(tmp_path: Path) -> None:
    host = Host("web", durable=False, env={"NOT A NAME": "1"})
    run = await Bench(tmp_path, prints(b""), host=host).run()
    assert (run.state, run.outcome) == ("failed", "usage")
    assert "environment variable" in run.reason
