from __future__ import annotations

import json
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from fleet_tui.agents.registry import adapter
from fleet_tui.model.agent import AgentRequest
from fleet_tui.transport.base import ExitStatus
from fleet_tui.transport.shell import posix_line
from tests.demo.login import login, run

if TYPE_CHECKING:
    from fleet_tui.demo import DemoFleet
    from fleet_tui.model.agent import AgentEvent, Verdict
    from fleet_tui.model.run import Mode

_BINARY = "/home/fleet/.local/bin/claude"


def _request(prompt: str, mode: Mode = "read", **more: Any) -> AgentRequest:
    session = str(uuid.uuid4())
    return AgentRequest("r-1", _BINARY, prompt, mode, session, workdir="~/app", **more)


def _line(request: AgentRequest) -> tuple[str, bytes]:
    command = adapter("claude").command(request)
    line = posix_line(argv=command.argv, cwd=request.workdir, env=command.env)
    return line, command.stdin or b""


def _read(
    request: AgentRequest, lines: list[bytes], status: ExitStatus
) -> tuple[list[AgentEvent], Verdict]:
    parser = adapter("claude").parser(request)
    events = [event for line in lines for event in parser.feed(line)]
    return events, parser.finish(status)


async def _ask(
    demo: DemoFleet, host: str, request: AgentRequest
) -> tuple[list[AgentEvent], Verdict, list[dict[str, Any]]]:
    line, stdin = _line(request)
    status, out, err = await run(demo, host, line, stdin)
    assert err == ""
    lines = out.encode().splitlines()
    events, verdict = _read(request, lines, ExitStatus(status))
    return events, verdict, [json.loads(line) for line in lines]


async def test_a_read_run_is_ok_with_its_cost_session_and_answer(demo: DemoFleet) -> None:
    request = _request("Please fix the rounding bug", model="opus")
    events, verdict, raw = await _ask(demo, "web03", request)
    assert (verdict.succeeded, verdict.outcome) == (True, "ok")
    assert verdict.session == request.session
    assert verdict.model == "claude-opus-5-5"
    assert "Decimal" in verdict.answer
    spent = raw[-1]["model_usage_since_last_result"]["claude-opus-5-5"]
    assert verdict.cost_usd == pytest.approx(spent["costUSD"])
    expected = spent["inputTokens"] * 4 + spent["outputTokens"] * 20
    expected += spent["cacheReadInputTokens"] * 0.2 + spent["cacheCreationInputTokens"] * 5
    assert spent["costUSD"] == pytest.approx(expected / 1_000_000)
    assert {"thinking", "tool", "tool-result", "text", "text-delta"} <= {e.kind for e in events}
    assert not [event for event in events if event.kind in ("raw", "error", "warning")]


async def test_the_events_come_in_the_order_of_the_real_program(demo: DemoFleet) -> None:
    _, _, raw = await _ask(demo, "web03", _request("fix the bug"))
    assert (raw[0]["type"], raw[0]["subtype"]) == ("system", "init")
    assert raw[-1]["type"] == "result"
    depth = 0
    streamed = ""
    called: set[str] = set()
    for event in raw[1:-1]:
        inner = event.get("event", {})
        match event["type"], inner.get("type"):
            case "stream_event", "message_start":
                assert depth == 0
                depth = 1
            case "stream_event", "content_block_start":
                assert depth == 1
                depth, streamed = 2, ""
            case "stream_event", "content_block_delta":
                streamed += inner["delta"].get("text", "") + inner["delta"].get("thinking", "")
            case "stream_event", "content_block_stop":
                depth = 1
            case "stream_event", "message_stop":
                depth = 0
            case "assistant", _:
                (block,) = event["message"]["content"]
                assert depth == 2
                assert streamed == block.get("text", block.get("thinking", ""))
                if block["type"] == "tool_use":
                    called.add(block["id"])
            case "user", _:
                called.remove(event["message"]["content"][0]["tool_use_id"])
    assert depth == 0
    assert not called


async def test_a_write_run_edits_and_runs_the_tests(demo: DemoFleet) -> None:
    events, verdict, _ = await _ask(demo, "web03", _request("fix the bug", "write"))
    assert verdict.outcome == "ok"
    tools = [event.tool for event in events if event.kind == "tool"]
    assert tools == ["Grep", "Read", "Edit", "Bash"]


async def test_a_read_run_has_no_tool_that_changes_anything(demo: DemoFleet) -> None:
    for prompt in ("run the tests", "fix it", "audit dependencies", "disk?", "triage the logs"):
        events, _, _ = await _ask(demo, "web03", _request(prompt))
        assert {event.tool for event in events if event.kind == "tool"} <= {"Read", "Grep", "Glob"}


@pytest.mark.parametrize(
    "prompt", ["Which OS version?", "Is the service healthy?", "disk space?", "run the tests"]
)
async def test_equal_hosts_answer_alike_and_one_is_odd(demo: DemoFleet, prompt: str) -> None:
    answers = {}
    for name in ("web01", "web02", "web03"):
        _, verdict, _ = await _ask(demo, name, _request(prompt))
        answers[name] = verdict.answer
    assert answers["web01"] == answers["web03"]
    assert answers["web02"] != answers["web01"]


async def test_the_overloaded_host_fails_with_what_it_had_spent(demo: DemoFleet) -> None:
    events, verdict, raw = await _ask(demo, "cloud-runner", _request("fix the bug"))
    assert (verdict.succeeded, verdict.outcome) == (False, "overloaded")
    assert verdict.cost_usd is not None
    assert verdict.cost_usd > 0
    assert [event.kind for event in events].count("retry") == 2
    assert raw[-1]["subtype"] == "success"
    assert raw[-1]["is_error"] is True


async def test_the_overloaded_host_answers_when_its_session_goes_on(demo: DemoFleet) -> None:
    request = replace(_request("fix the bug"), resumes=True)
    _, verdict, _ = await _ask(demo, "cloud-runner", request)
    assert verdict.outcome == "ok"


async def test_the_denied_host_succeeds_with_a_denial(demo: DemoFleet) -> None:
    events, verdict, _ = await _ask(demo, "box", _request("run the tests"))
    assert (verdict.succeeded, verdict.outcome) == (True, "denied")
    assert "denied" in [event.kind for event in events]


async def test_a_budget_ends_the_run(demo: DemoFleet) -> None:
    _, verdict, _ = await _ask(demo, "web03", _request("fix the bug", budget_usd=0.001))
    assert (verdict.succeeded, verdict.outcome) == (False, "budget")
    assert verdict.cost_usd is not None
    assert verdict.cost_usd > 0.001


async def test_a_turn_limit_ends_the_run(demo: DemoFleet) -> None:
    line = "claude -p --output-format stream-json --verbose --max-turns 1"
    status, out, _ = await run(demo, "web03", line, b"fix the bug")
    result = json.loads(out.splitlines()[-1])
    assert status == 1
    assert result["subtype"] == "error_max_turns"
    assert result["errors"] == ["Reached maximum number of turns (1)"]
    assert "stream_event" not in out


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ("-p --output-format stream-json", "requires --verbose"),
        ("-p --no-browser", "unknown option '--no-browser'"),
        ("-p --session-id x", "Must be a valid UUID"),
        ("-p", "Input must be provided"),
    ],
)
async def test_what_the_real_program_refuses_is_refused(
    demo: DemoFleet, arguments: str, complaint: str
) -> None:
    status, out, err = await run(demo, "web03", f"claude {arguments}")
    assert (status, out) == (1, "")
    assert complaint in err


async def test_text_and_json_output(demo: DemoFleet) -> None:
    _, out, _ = await run(demo, "web03", "claude -p", b"which OS?")
    assert out == "Ubuntu 24.04.1 LTS, Linux 6.8.0-48-generic.\n"
    _, out, _ = await run(demo, "web03", "claude -p --output-format json 'which OS?'")
    assert json.loads(out)["type"] == "result"
    _, out, _ = await run(demo, "web02", "claude --version")
    assert out == "2.1.311 (Claude Code)\n"


async def test_stream_json_input_answers_settings_first_and_each_message(demo: DemoFleet) -> None:
    messages: list[dict[str, Any]] = [
        {"type": "control_request", "request_id": "s", "request": {"subtype": "get_settings"}},
        {"type": "control_request", "request_id": "t", "request": {"subtype": "bogus"}},
        {"type": "user", "message": {"role": "user", "content": "which OS?"}},
        {"type": "user", "message": {"content": [{"type": "text", "text": "uptime?"}]}},
    ]
    line = (
        "claude -p --verbose --input-format stream-json --output-format stream-json "
        '--settings \'{"disableAutoMode":"disable"}\''
    )
    stdin = "".join(json.dumps(message) + "\n" for message in messages).encode()
    _, out, _ = await run(demo, "web03", line, stdin)
    events = [json.loads(text) for text in out.splitlines()]
    assert events[0]["response"]["response"]["effective"] == {"disableAutoMode": "disable"}
    assert events[1]["response"]["subtype"] == "error"
    results = [event for event in events if event["type"] == "result"]
    spent = [
        sum(use["costUSD"] for use in result["model_usage_since_last_result"].values())
        for result in results
    ]
    assert len(results) == 2
    assert results[1]["total_cost_usd"] == pytest.approx(sum(spent))


async def test_an_interrupt_in_the_middle_of_text_is_reported_with_its_cost(
    lively: DemoFleet,
) -> None:
    verdict, raw = await _interrupted(lively, b"text_delta")
    assert raw[-1]["terminal_reason"] == "aborted_streaming"
    assert any(event.get("aborted") for event in raw)
    assert verdict.was_interrupted


async def test_an_interrupt_in_the_middle_of_a_tool_is_reported_too(lively: DemoFleet) -> None:
    verdict, raw = await _interrupted(lively, b'"stop_reason":"tool_use"')
    assert raw[-1]["terminal_reason"] == "aborted_tools"
    assert verdict.was_interrupted


async def _interrupted(lively: DemoFleet, until: bytes) -> tuple[Verdict, list[dict[str, Any]]]:
    request = _request("run the tests", "write")
    line, stdin = _line(request)
    lines: list[bytes] = []
    async with login(lively, "web03") as connection:
        process = await connection.create_process(line)
        process.stdin.write(stdin)
        process.stdin.write_eof()
        async for text in process.stdout:
            lines.append(text.rstrip(b"\n"))
            if until in text:
                break
        process.send_signal("INT")
        lines += [text.rstrip(b"\n") async for text in process.stdout]
        done = await process.wait()
    assert done.exit_status == 0
    lines = [text for text in lines if text]
    _, verdict = _read(request, lines, ExitStatus(done.exit_status))
    assert not verdict.succeeded
    assert verdict.cost_usd is not None
    assert verdict.cost_usd > 0
    return verdict, [json.loads(text) for text in lines]


@pytest.mark.parametrize(("name", "status"), [("TERM", 143), ("HUP", 129)])
async def test_a_terminated_run_leaves_no_result(lively: DemoFleet, name: str, status: int) -> None:
    line, stdin = _line(_request("run the tests"))
    async with login(lively, "web03") as connection:
        process = await connection.create_process(line)
        process.stdin.write(stdin)
        process.stdin.write_eof()
        await process.stdout.readline()
        process.send_signal(name)
        done = await process.wait()
    assert done.exit_status == status
    assert isinstance(done.stdout, bytes)
    assert b'"type":"result"' not in done.stdout
