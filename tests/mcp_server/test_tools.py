"""The tools of the fleet, called as an agent calls them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from fleet_tui.mcp_server.arguments import Arguments
from fleet_tui.mcp_server.catalogue import TOOLS, WRITES, tools_for
from fleet_tui.mcp_server.desk import ToolDesk
from fleet_tui.model.config import Budget
from fleet_tui.model.errors import UsageError
from fleet_tui.transport.base import ExitStatus
from fleet_tui.transport.stdio_mcp import Trouble
from tests.support.stage import Stage, fleet_file, staged

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.fakes import ScriptedProcess

AGENT = "tester\x1b[2J"


async def says(process: ScriptedProcess) -> ExitStatus:
    process.sink.stdout_received(b"one\ntwo \x1b[31mred\x1b[2J\nthree\n")
    return ExitStatus(0)


async def fails(process: ScriptedProcess) -> ExitStatus:
    process.sink.stderr_received(b"no such file\n")
    return ExitStatus(2)


async def call(stage: Stage, tool: str, *, may_dispatch: bool = True, **given: object) -> Any:
    desk = ToolDesk(stage.fleet, may_dispatch=may_dispatch)
    return json.loads(await desk.call(tool, given, AGENT))


def test_every_tool_says_what_it_takes_and_writing_ones_are_told_apart() -> None:
    for tool in TOOLS:
        schema = tool["inputSchema"]
        assert set(schema["required"]) <= set(schema["properties"])
        assert schema["additionalProperties"] is False
        assert tool["annotations"]["readOnlyHint"] is (tool["name"] not in WRITES)
        assert tool["description"].endswith(".")
    looking = {tool["name"] for tool in tools_for(may_dispatch=False)}
    assert looking == {tool["name"] for tool in TOOLS} - WRITES
    for name in WRITES:
        (tool,) = [tool for tool in TOOLS if tool["name"] == name]
        assert "budget_usd" in tool["inputSchema"]["required"]


async def test_hosts_are_told_as_known_and_as_they_answer_now(tmp_path: Path) -> None:
    async with staged(fleet_file(tmp_path, ["web01", "nas"]), {"web01": says}) as stage:
        known = await call(stage, "list_hosts")
        assert [row["host"] for row in known] == ["web01", "nas"]
        assert known[0]["system"] is None
        (asked,) = await call(stage, "list_hosts", target="web*", ask=True)
        assert (asked["system"], asked["problem"]) == ("Linux 6.1", "")
        assert asked["agents"] == {"claude": "2.1.329"}


async def test_runs_are_found_shown_and_read(tmp_path: Path) -> None:
    async with staged(fleet_file(tmp_path, ["web01", "nas"]), {"web01": says, "nas": fails}) as on:
        await on.run("all", "cat file")
        listed = await call(on, "list_runs", filter="state:failed")
        assert [(run["host"], run["state"]) for run in listed] == [("nas", "failed")]
        assert len(await call(on, "list_runs", limit=1)) == 1
        (well,) = await call(on, "list_runs", filter="host:web01")
        status = await call(on, "run_status", run=well["run"][-8:], wait_seconds=1)
        assert (status["state"], status["outcome"]) == ("succeeded", "ok")
        assert status["prompt"] == "cat file"
        output = await call(on, "run_output", run=well["run"])
        assert output["lines"] == ["one", "two red", "three"]
        assert (output["next_line"], output["lines_total"]) == (3, 3)
        second = await call(on, "run_output", run=well["run"], first_line=1, lines=1)
        assert (second["lines"], second["next_line"]) == (["two red"], 2)
        last = await call(on, "run_output", run=well["run"], lines=1)
        assert last["lines"] == ["three"]


async def test_output_without_end_is_cut_and_can_be_read_on(tmp_path: Path) -> None:
    async def much(process: ScriptedProcess) -> ExitStatus:
        process.sink.stdout_received((b"x" * 999 + b"\n") * 300)
        return ExitStatus(0)

    async with staged(fleet_file(tmp_path, ["web01"]), {"web01": much}) as stage:
        (run,) = await stage.run("web01", "seq")
        first = await call(stage, "run_output", run=run.id, first_line=0, lines=500)
        assert 0 < len(first["lines"]) < 300
        assert first["next_line"] == len(first["lines"])
        assert len(json.dumps(first)) < 100_000


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"mode": "read"}, "budget_usd is missing"),
        ({"mode": "write", "budget_usd": 1}, "refused: mode write is not open to origin mcp"),
        (
            {"mode": "unrestricted", "budget_usd": 1},
            "refused: mode unrestricted is never open to origin mcp",
        ),
        ({"budget_usd": 99}, "refused: 1 hosts could cost $99.00, over $5.00 per dispatch"),
        ({"budget_usd": 1, "agent": "shell"}, "agent must be one of claude, codex"),
        ({"budget_usd": 1, "target": "nobody"}, "nobody"),
        ({"budget_usd": "1"}, "budget_usd must be a number above 0"),
        ({"budget_usd": 1, "named_hosts": ["web01"]}, "there is no argument 'named_hosts'"),
    ],
)
async def test_a_dispatch_passes_the_whole_gate_or_says_why_not(
    tmp_path: Path, given: dict[str, object], why: str
) -> None:
    config = fleet_file(tmp_path, ["web01"], budget=Budget(usd_per_dispatch=5.0))
    async with staged(config, {"web01": says}) as stage:
        asked: dict[str, Any] = {"target": "web01", "prompt": "do it", **given}
        with pytest.raises(Trouble) as trouble:
            await call(stage, "dispatch", **asked)
        assert why in str(trouble.value)
        assert stage.fleet.store.runs() == []
        (line,) = stage.log("mcp-call")
        assert (line.text("tool"), line.text("client")) == ("dispatch", "tester")
        is_asked = "refused: " in why or why == "nobody"
        assert len(stage.log("refused")) == is_asked
        assert stage.chain_holds()


async def test_a_dispatch_of_an_agent_is_of_origin_mcp_and_only_reads(tmp_path: Path) -> None:
    async with staged(fleet_file(tmp_path, ["web01"]), {"web01": says}) as stage:
        started = await call(
            stage, "dispatch", target="web01", prompt="look", budget_usd=0.25, agent="claude"
        )
        (run,) = started["runs"]
        assert run["host"] == "web01"
        events = [line.event for line in stage.log()]
        assert events.index("mcp-call") < events.index("dispatch")
        (line,) = stage.log("dispatch")
        assert (line.text("origin"), line.text("mode")) == ("mcp", "read")
        kept = stage.fleet.store.get_dispatch(started["dispatch"])
        assert kept is not None
        assert (kept.budget_usd, kept.on_limit) == (0.25, "fail")


@pytest.mark.parametrize("tool", sorted(WRITES))
async def test_one_that_may_only_look_starts_nothing(tmp_path: Path, tool: str) -> None:
    async with staged(fleet_file(tmp_path, ["web01"]), {"web01": says}) as stage:
        with pytest.raises(Trouble, match="may only look"):
            await call(stage, tool, may_dispatch=False, text="x", budget_usd=1)
        assert [line.event for line in stage.log() if line.event == "mcp-call"] == ["mcp-call"]


async def test_a_task_of_an_agent_may_only_look_and_has_a_cap(tmp_path: Path) -> None:
    queue = {"backend": "directory", "path": str(tmp_path / "queue")}
    config = replace(fleet_file(tmp_path, ["web01"]), sections={"queue": queue})
    async with staged(config, {"web01": says}) as stage:
        with pytest.raises(Trouble, match="begins with"):
            await call(stage, "queue_add", text='+++\nmode = "write"\n+++\nx', budget_usd=1)
        added = await call(
            stage, "queue_add", text="Count the files\nin /srv", budget_usd=0.5, target="web01"
        )
        task = await stage.fleet.parts.queue.store.read(added["task"])
        options = task.options
        assert (options.mode, options.budget_usd, options.target) == ("read", 0.5, "web01")
        listed = await call(stage, "queue_list")
        assert [(row["state"], row["title"]) for row in listed["tasks"]] == [
            ("pending", "Count the files in /srv")
        ]


async def test_notices_and_heartbeats_are_told(tmp_path: Path) -> None:
    async with staged(fleet_file(tmp_path, ["web01"]), {"web01": says}) as stage:
        assert await call(stage, "notices") == []
        desk = stage.fleet.parts.notices
        stage.fleet.notice("k", "warning", "disk", "web01", "nearly full")
        await desk.flush(5.0)
        (told,) = await call(stage, "notices", limit=5)
        assert (told["severity"], told["source"], told["text"]) == (
            "warning",
            "web01",
            "nearly full",
        )
        beats = await call(stage, "heartbeats")
        assert beats["heartbeats"] == []
        with pytest.raises(Trouble, match="there is no \\[queue\\]"):
            await call(stage, "queue_list")


async def test_what_an_agent_writes_cannot_forge_a_line_of_the_log(tmp_path: Path) -> None:
    async with staged(fleet_file(tmp_path, ["web01"]), {}) as stage:
        with pytest.raises(Trouble):
            await call(stage, "x\n2026 promote", key="sk-ant-api03-" + "a" * 40, say="a\nb")
        (line,) = stage.log("mcp-call")
        assert "promote" in line.text("tool")
        assert "sk-ant" not in line.raw
        assert stage.log("promote") == []
        assert stage.chain_holds()


@pytest.mark.parametrize(
    "given", [{"limit": -1}, {"limit": True}, {"limit": "3"}, {"limit": 1.5}, {"limits": 3}]
)
def test_wrong_arguments_are_named(given: dict[str, object]) -> None:
    with pytest.raises(UsageError, match="limit"):
        Arguments(given, {"limit"}).whole("limit", 1, 10)
