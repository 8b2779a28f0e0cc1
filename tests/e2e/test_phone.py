"""The real claude asks over real sshd, and goes on because a button was pressed on a phone."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import httpx
import pytest

from fleet_tui.config import load
from fleet_tui.fleet import Fleet
from fleet_tui.model.request import DispatchRequest
from tests.support.clis import require_cli
from tests.support.model_api import ModelApi
from tests.support.program import Program
from tests.support.sshd import SshServer, free_port

if TYPE_CHECKING:
    from pathlib import Path

PROMPT = '[[tool:Bash:{"command":"touch asked.txt"}]]'
TOPIC = "E" * 20
PATIENCE = 100.0
"""More than two tries to open the receiver's door to a machine."""

pytestmark = pytest.mark.timeout(300)


async def buttons(url: str) -> dict[str, dict[str, str]]:
    """Return the buttons of the first message with some that a phone is shown, by their label."""
    async with (
        asyncio.timeout(PATIENCE),
        httpx.AsyncClient(timeout=PATIENCE) as client,
        client.stream("GET", f"{url}/json?since=all") as response,
    ):
        async for line in response.aiter_lines():
            if actions := json.loads(line).get("actions"):
                return {action["label"]: action for action in actions}
    raise AssertionError("no message had a button")


@pytest.mark.parametrize(("label", "made"), [("Allow", ["asked.txt"]), ("Deny", [])])
async def test_a_question_is_answered_from_the_phone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, label: str, made: list[str]
) -> None:
    monkeypatch.setenv("TOPIC", TOPIC)
    home, work = tmp_path / "there", tmp_path / "work"
    home.mkdir()
    work.mkdir()
    url = f"http://127.0.0.1:{(port := free_port())}/{TOPIC}"
    more = f"""
[receiver]
port = {port}
topic_env = "TOPIC"
hosts = "web1"
[[notify]]
kind = "ntfy"
name = "phone"
url = "{url}-phone"
reply = "{url}-reply"
"""
    with ModelApi() as api:
        env = {
            "HOME": str(home),
            "ANTHROPIC_BASE_URL": api.url,
            "ANTHROPIC_API_KEY": "sk-ant-dummy",
        }
        with SshServer(tmp_path, env=env) as host:
            program = Program(tmp_path / "here")
            claude = {"agent_paths.claude": require_cli("claude")}
            program.configure_for(
                host, "web1", workdir=str(work), agent="claude", more=more, **claude
            )
            fleet = Fleet(load(program.config))
            await fleet.open()
            try:
                await fleet.parts.notices.start()
                live = await fleet.dispatch(
                    DispatchRequest("web1", PROMPT, mode="write", can_ask=True)
                )
                action = (await buttons_when_open(url))[label]
                async with httpx.AsyncClient(timeout=PATIENCE) as client:
                    await client.post(action["url"], content=action["body"])
                async with asyncio.timeout(PATIENCE):
                    (run,) = await live.finished
                assert run.state == "succeeded"
            finally:
                await fleet.close()
    assert [path.name for path in work.glob("*.txt")] == made
    (answer,) = program.run("log", "--json", "message").objects
    assert (answer["answer"], answer["by"]) == (label.lower(), "phone:phone")


async def buttons_when_open(url: str) -> dict[str, dict[str, str]]:
    """Return the buttons, once the receiver's door is open."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                return await buttons(f"{url}-phone")
            except httpx.ConnectError:
                await asyncio.sleep(0.1)
