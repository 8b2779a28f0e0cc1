from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from fleet_tui.dispatch.ladder import Patience
from fleet_tui.journal import read
from fleet_tui.model.config import Budget, Defaults
from fleet_tui.model.errors import EmptyTarget, JournalError, Refused, Unreachable, UsageError
from fleet_tui.model.events import DispatchFinished, DispatchStarted, NoticeRaised, RunFinished
from fleet_tui.model.run import exit_code_for
from tests.support.fakes import (
    ScriptedProcess,
    dies_of,
    ignores_everything,
    obeys,
    prints,
    vanishes,
    waits_for,
)
from tests.support.stage import Stage, fleet_file, staged

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_tui.journal import LogLine
    from fleet_tui.model.run import Run

SECRET = "sk-ant-api03-AbCdEfGhIjKlMnOpQrStUvWxYz0123456789"


def closing_lines(lines: list[LogLine]) -> Counter[str]:
    """Return how many closing lines each run has."""
    return Counter(line.text("run") for line in lines if line.event in ("result", "refused"))


def assert_whole(stage: Stage) -> None:
    """Assert that every dispatch in the log has exactly one end, and that the chain holds."""
    begun = [line.text("run") for line in stage.log("dispatch")]
    assert len(set(begun)) == len(begun)
    assert closing_lines(stage.log()) == Counter(begun)
    assert stage.chain_holds()


async def test_the_dispatch_is_on_disk_before_anything_is_started(tmp_path: Path) -> None:
    names = [f"web{n:02}" for n in range(20)]
    seen: dict[str, list[str]] = {}

    def look(process: ScriptedProcess) -> None:
        lines = read(tmp_path / "fleet.log")
        seen[process.host] = [line.text("host") for line in lines if line.event == "dispatch"]

    config = fleet_file(tmp_path, names)
    async with staged(config, dict.fromkeys(names, prints(b"ok\n"))) as stage:
        stage.pool.on_start = look
        await stage.run()
        assert stage.fleet.log.fsyncs <= 2
    assert seen == dict.fromkeys(names, names)


async def test_a_hundred_hosts_cost_three_fsyncs_at_most(tmp_path: Path) -> None:
    names = [f"web{n:03}" for n in range(100)]
    config = fleet_file(tmp_path, names)
    async with staged(config, dict.fromkeys(names, prints(b"ok\n"))) as stage:
        before = stage.fleet.log.fsyncs
        runs = await stage.run()
        assert stage.fleet.log.fsyncs - before <= 3
        assert len(runs) == 100
        assert_whole(stage)


async def test_every_way_to_end_is_closed_exactly_once(tmp_path: Path) -> None:
    scripts = {
        "ok": prints(b"fine\n"),
        "failed": prints(b"", 3),
        "lost": vanishes,
        "obeys": obeys,
        "stubborn": dies_of("KILL"),
        "undead": ignores_everything,
    }
    config = fleet_file(tmp_path, [*scripts, "refused", "changed", "hangs"])
    patience = Patience(0.01, 0.01, 0.2)
    async with staged(config, scripts, patience=patience) as stage:
        stage.pool.hanging.add("hangs")
        stage.pool.errors["changed"] = Unreachable(
            "its host key has CHANGED", host="changed", fault="hostkey-changed"
        )
        live = await stage.start()
        quick = {"ok", "failed", "lost", "refused", "changed"}
        for name in quick:
            await stage.until(
                lambda event, name=name: isinstance(event, RunFinished) and event.run.host == name  # type: ignore[misc]
            )
        waiting = [id for id, task in live.tasks.items() if task.run.is_open]
        assert await stage.fleet.cancel(waiting) == 4
        runs = {run.host: run for run in await live.finished}
        assert {host: run.state for host, run in runs.items()} == {
            "ok": "succeeded",
            "failed": "failed",
            "lost": "lost",
            "obeys": "cancelled",
            "stubborn": "cancelled",
            "undead": "cancelled",
            "refused": "failed",
            "changed": "failed",
            "hangs": "cancelled",
        }
        assert exit_code_for(runs.values()) == 4
        assert_whole(stage)
        in_log = {line.text("host"): line.text("status") for line in stage.log("result")}
        assert in_log == {host: run.state for host, run in runs.items()}
        in_store = stage.fleet.store.runs_of(live.dispatch.id)
        assert {run.host: run for run in in_store} == runs


async def test_timeouts_and_missing_agents_are_closed_too(tmp_path: Path) -> None:
    config = fleet_file(tmp_path, ["slow"])
    async with staged(config, {"slow": obeys}) as stage:
        (run,) = await stage.run(timeout_seconds=0.01)
        assert run.state == "timed-out"
        (run,) = await stage.run(prompt="hello", agent="codex")
        assert (run.state, run.outcome) == ("failed", "agent-missing")
        assert_whole(stage)


async def test_one_bad_host_does_not_hold_up_the_others(tmp_path: Path) -> None:
    gate = asyncio.Event()
    scripts = {"slow": waits_for(gate), "quick": prints(b"done\n")}
    async with staged(fleet_file(tmp_path, scripts), scripts) as stage:
        live = await stage.start()
        done = await stage.until(lambda event: isinstance(event, RunFinished))
        assert isinstance(done, RunFinished)
        assert done.run.host == "quick"
        assert [line.text("host") for line in stage.log("result")] == ["quick"]
        gate.set()
        await live.finished


async def test_the_bus_tells_begin_and_end_in_order(tmp_path: Path) -> None:
    scripts = {"a": prints(b"1\n"), "b": prints(b"2\n")}
    async with staged(fleet_file(tmp_path, scripts), scripts) as stage:
        await stage.run()
        told = [type(event) for event in stage.heard]
        assert told[0] is DispatchStarted
        assert told.count(RunFinished) == 2
        finished = next(event for event in stage.heard if isinstance(event, DispatchFinished))
        assert [run.host for run in finished.runs] == ["a", "b"]
        assert finished.dispatch.finished_at is not None


async def test_nothing_starts_when_the_log_cannot_be_written(tmp_path: Path) -> None:
    config = fleet_file(tmp_path, ["web"])
    async with staged(config, {"web": prints(b"")}) as stage:
        stage.fleet.log.close()
        with pytest.raises(JournalError):
            await stage.start()
        assert stage.pool.started == []
        assert stage.pool.asked.empty()
        (run,) = stage.fleet.store.runs()
        assert (run.state, run.outcome) == ("failed", "refused")


async def test_nothing_starts_when_the_log_is_in_the_way(tmp_path: Path) -> None:
    config = fleet_file(tmp_path, ["web"])
    async with staged(config, {"web": prints(b"")}) as stage:
        (tmp_path / "fleet.log").unlink(missing_ok=True)
        (tmp_path / "fleet.log").mkdir()
        with pytest.raises(JournalError) as caught:
            await stage.start()
        assert caught.value.mend
        assert stage.pool.started == []


async def test_nothing_starts_when_the_store_cannot_be_written(tmp_path: Path) -> None:
    config = fleet_file(tmp_path, ["web"])
    async with staged(config, {"web": prints(b"")}) as stage:
        stage.fleet.store.close()
        with pytest.raises(JournalError):
            await stage.start()
        assert stage.pool.started == []
        assert stage.log() == []


async def test_a_refusal_leaves_one_line_and_starts_nothing(tmp_path: Path) -> None:
    config = fleet_file(
        tmp_path,
        ["web"],
        budget=Budget(usd_per_dispatch=0.1),
        defaults=Defaults(budget_usd=1.0),
    )
    async with staged(config, {"web": prints(b"")}) as stage:
        with pytest.raises(Refused) as caught:
            await stage.start(prompt=f"use {SECRET}", agent="claude")
        assert caught.value.exit_code == 3
        (line,) = stage.log()
        assert line.event == "refused"
        assert line.text("target") == "all"
        assert "over $0.10 per dispatch" in line.text("why")
        assert SECRET not in line.raw
        assert stage.pool.started == []
        assert stage.fleet.store.runs() == []


async def test_a_target_without_hosts_is_refused_and_logged(tmp_path: Path) -> None:
    async with staged(fleet_file(tmp_path, ["web"]), {}) as stage:
        with pytest.raises(EmptyTarget):
            await stage.start("nas*")
        assert [line.event for line in stage.log()] == ["refused"]


async def test_a_slip_of_the_operator_is_no_refusal(tmp_path: Path) -> None:
    async with staged(fleet_file(tmp_path, ["web"]), {}) as stage:
        with pytest.raises(UsageError):
            await stage.start(prompt="")
        assert stage.log() == []


async def test_secrets_do_not_reach_the_log_but_the_command(tmp_path: Path) -> None:
    async with staged(fleet_file(tmp_path, ["web"]), {"web": prints(b"")}) as stage:
        await stage.run(prompt=f"KEY={SECRET} env")
        assert SECRET not in (tmp_path / "fleet.log").read_text()
        assert "[redacted:" in stage.log("dispatch")[0].text("msg")
        assert SECRET in stage.pool.started[0].line


async def test_no_text_forges_a_line_of_the_log(tmp_path: Path) -> None:
    forged = "x\n2026-05-18T14:22:01-05:00  result  run=r-1 status=succeeded\r\x1b[2J\u202e"
    async with staged(fleet_file(tmp_path, ["web"]), {"web": prints(b"")}) as stage:
        await stage.run(prompt=f"true # {forged}")
        data = (tmp_path / "fleet.log").read_bytes()
        assert data.count(b"\n") == 2
        assert not set(data) & {*range(0x0A), *range(0x0B, 0x20), 0x7F}
        assert "\u202e" not in data.decode()
        assert_whole(stage)


async def test_a_closing_line_that_cannot_be_written_ends_no_other_run(tmp_path: Path) -> None:
    """What could not be closed now is closed at the next start."""
    gate = asyncio.Event()
    scripts = {"first": prints(b"x\n"), "second": waits_for(gate, b"whole\n")}
    config = fleet_file(tmp_path, scripts)
    async with staged(config, scripts) as stage:
        closer = stage.fleet._dispatcher._services.closer
        write = closer._write_batch
        refused: list[Run] = []

        async def refuse_the_first(batch: list[tuple[Run, str, asyncio.Future[None]]]) -> None:
            for run, _, done in batch:
                if run.host == "second":
                    await write([(run, "", done)])
                else:
                    refused.append(run)
                    done.set_exception(JournalError("no space left"))
                    gate.set()

        closer._write_batch = refuse_the_first  # type: ignore[method-assign]
        live = await stage.start()
        with pytest.raises(JournalError, match="no space left"):
            await live.finished
        assert [run.host for run in refused] == ["first"]
        notices = [event.notice for event in stage.heard if isinstance(event, NoticeRaised)]
        assert [n.text for n in notices if n.event == "journal"] == ["no space left"]
        second = next(task for task in live.tasks.values() if task.run.host == "second")
        assert (second.run.state, second.run.out_bytes) == ("succeeded", 14)
        assert [line.text("host") for line in stage.log("result")] == ["second"]
    async with staged(config, scripts) as again:
        assert_whole(again)


async def test_what_was_opened_stands_in_the_log_and_only_an_operator_opens(
    tmp_path: Path,
) -> None:
    config = fleet_file(tmp_path, ["web01"])
    asked = {"agent": "claude", "mode": "write", "opens": frozenset({"mcp", "hooks"})}
    async with staged(config, {"web01": prints(b"")}) as stage:
        await stage.run("web01", "x", **asked)  # type: ignore[arg-type]
        (line,) = stage.log("dispatch")
        assert line.text("opens") == "hooks,mcp"
        with pytest.raises(Refused, match="never opened for origin queue"):
            await stage.start("web01", "x", origin="queue", is_vouched_for=True, **asked)  # type: ignore[arg-type]
        assert len(stage.log("refused")) == 1
        assert len(stage.log("dispatch")) == 1
