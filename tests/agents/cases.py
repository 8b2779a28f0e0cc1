"""Runs of the real agent programs against the mock model, and how each must be judged."""

from __future__ import annotations

import tempfile
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from fleet_tui.agents.registry import adapter
from fleet_tui.model.agent import AgentRequest
from tests.agents.running import Finished, run_agent
from tests.support.model_api import ModelApi

if TYPE_CHECKING:
    from fleet_tui.model.run import AgentName, Mode, Outcome

FILE = "a.txt"
READ_FILE = f'Read:{{"file_path":"WORK/{FILE}"}}'


@dataclass(frozen=True, slots=True)
class Case:
    """One run. `WORK` in the prompt stands for the folder it runs in."""

    name: str
    prompt: str
    outcome: Outcome
    mode: Mode = "read"
    credential: Literal["key", "token", "none"] = "key"
    budget_usd: float | None = None
    stops: bool = False
    """Interrupted while the answer streams in."""
    no_server: bool = False
    env: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    """Files that lie there before, by their path below the folder of `home` and `work`."""

    def __str__(self) -> str:
        return self.name


_ONE_RETRY = {"CLAUDE_CODE_MAX_RETRIES": "1"}

CLAUDE_CASES = (
    Case("text", "[[think]] [[text:Hello from the mock]] [[usage:1000:200]]", "ok"),
    Case("read-tool", f"[[tool:{READ_FILE}]] [[usage:300:50]]", "ok"),
    Case("slash", "/cost [[text:not a command]]", "ok"),
    Case(
        "write-tool",
        '[[tool:Bash:{"command":"echo one > made.txt; cat made.txt"}]] [[usage:500:100]]',
        "ok",
        mode="write",
    ),
    Case("no-such-tool", '[[tool:Bash:{"command":"touch made.txt"}]]', "denied"),
    Case("denied", '[[tool:Bash:{"command":"curl http://127.0.0.1:1/"}]]', "denied", mode="write"),
    Case("outside", '[[tool:Read:{"file_path":"/etc/hostname"}]]', "denied"),
    Case("flaky", "[[flaky:529:1]]", "ok"),
    Case("drop", "[[drop:1]] [[text:after the drop]]", "ok"),
    Case("near-limit", "[[near-limit]]", "ok", credential="token"),
    Case("529", "[[err:529]]", "overloaded", env=_ONE_RETRY),
    Case("429", "[[err:429]] [[ra:3600]]", "rate-limited"),
    Case("limit", "[[limit]]", "rate-limited", credential="token"),
    Case("401", "[[err:401]]", "auth", env=_ONE_RETRY),
    Case("no-key", "hello", "auth", credential="none"),
    Case("402", "[[err:402]]", "billing"),
    Case("404", "[[err:404]]", "usage"),
    Case("no-network", "hello", "network", no_server=True, env=_ONE_RETRY),
    Case("budget", f"[[loop:{READ_FILE}]] [[usage:1000:1000]]", "budget", budget_usd=0.05),
    Case("max-turns", f"[[loop:{READ_FILE}]]", "max-turns"),
    Case("interrupt", "[[endless]]", "killed", stops=True),
)

CODEX_CASES = (
    Case("text", "[[think]] [[text:Hello from the mock]]", "ok"),
    Case("read-tool", '[[tool:exec_command:{"cmd":"echo hi; touch made.txt"}]]', "ok"),
    Case("write-tool", '[[tool:exec_command:{"cmd":"echo hi > made.txt"}]]', "ok", mode="write"),
    Case("drop", "[[drop:1]]", "ok"),
    Case("429", "[[err:429]]", "rate-limited"),
    Case("limit", "[[limit]]", "rate-limited"),
    Case("401", "[[err:401]]", "auth"),
    Case("no-key", "hello", "auth", credential="none"),
    Case("500", "[[err:500]]", "overloaded"),
    Case("interrupt", "[[endless]]", "killed", stops=True),
)

_CODEX_CONFIG = """\
model = "gpt-5-codex"
model_provider = "mock"
[model_providers.mock]
name = "mock"
base_url = "{url}/v1"
wire_api = "responses"
env_key = "MOCK_KEY"
request_max_retries = 1
stream_max_retries = 1
"""


@dataclass(slots=True)
class Played:
    """A case that was run."""

    finished: Finished
    request: AgentRequest
    charged_usd: float
    requests: int
    work: Path
    home: Path
    made: bool
    """Whether `made.txt` was left in the working folder."""


def environment(agent: AgentName, case: Case, url: str, home: Path) -> dict[str, str]:
    """Return all that the program gets to see; writes its configuration below `home`."""
    env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(home), "LANG": "C.UTF-8", **case.env}
    if agent == "codex":
        (home / ".codex").mkdir()
        (home / ".codex" / "config.toml").write_text(_CODEX_CONFIG.format(url=url))
        return env | ({"MOCK_KEY": "dummy"} if case.credential == "key" else {})
    env["ANTHROPIC_BASE_URL"] = "http://127.0.0.1:1" if case.no_server else url
    if case.credential == "key":
        env["ANTHROPIC_API_KEY"] = "sk-ant-dummy"
    elif case.credential == "token":
        env["CLAUDE_CODE_OAUTH_TOKEN"] = "sk-ant-oat01-dummy"
    return env


def _folders(base: str, case: Case) -> tuple[Path, Path]:
    home, work = Path(base, "home"), Path(base, "work")
    home.mkdir()
    work.mkdir()
    (work / FILE).write_text("alpha\n")
    for name, content in case.files.items():
        path = Path(base, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return home, work


def _was_made(work: Path) -> bool:
    return (work / "made.txt").exists()


async def play(agent: AgentName, case: Case, binary: str) -> Played:
    """Run one case with the real program, in a home and a folder of its own."""
    with ModelApi() as api, tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as base:
        home, work = _folders(base, case)
        request = AgentRequest(
            run="r-test",
            binary=binary,
            prompt=case.prompt.replace("WORK", str(work)),
            mode=case.mode,
            session=str(uuid.uuid4()),
            budget_usd=case.budget_usd,
        )
        finished = await run_agent(
            adapter(agent),
            request,
            env=environment(agent, case, api.url, home),
            cwd=work,
            stop_after=(lambda: api.wait_until_streaming(30)) if case.stops else None,
        )
        made = _was_made(work)
        return Played(finished, request, api.charged_usd, len(api.seen), work, home, made)
