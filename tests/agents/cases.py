"""Runs of the real agent programs against the mock model, and how each must be judged."""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
import time
import uuid
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from fleet_tui.agents.registry import adapter
from fleet_tui.model.agent import AgentRequest
from fleet_tui.model.price import TokenPrice
from fleet_tui.model.question import Allow, AllowEdited, Choose, Deny
from tests.agents.running import Decide, Finished, run_agent
from tests.support.model_api import ModelApi

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_tui.agents.base import Dialogue
    from fleet_tui.model.question import Answer, Question
    from fleet_tui.model.run import AgentName, Mode, Outcome

PATIENCE = 60.0
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
    can_ask: bool = False
    settings: dict[str, Any] = field(default_factory=dict)
    model: str | None = None
    answers: dict[str, Answer] = field(default_factory=dict)
    """What is answered to a question whose text holds the key; the first that fits."""
    waits_for: int = 1
    """Questions that must have been asked before any is answered."""
    interrupts: bool = False
    """Interrupted when the first question comes."""
    files: dict[str, str] = field(default_factory=dict)
    """Files that lie there before, by their path below the folder of `home` and `work`."""

    opens: frozenset[str] = frozenset()
    """What of the repository may run."""

    def __str__(self) -> str:
        return self.name


ENDLESS = "[[endless]] [[usage:100:50000]]"
OPUS_PRICE = TokenPrice("claude-opus-*", input=4.0, output=20.0, as_of="2026-11-20")
"""For an answer that is cut off: the program may end without a word of its cost."""
OPUS = f"""
[[price]]
model = "{OPUS_PRICE.model}"
input = {OPUS_PRICE.input}
output = {OPUS_PRICE.output}
as_of = "{OPUS_PRICE.as_of}"
"""
"""The same, as fleet.toml has it."""
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
    Case("interrupt", ENDLESS, "killed", stops=True),
)

TOUCH = '[[tool:Bash:{"command":"touch asked.txt","description":"make a file"}]] [[usage:900:70]]'
_CALLS = [
    ["Read", {"file_path": "/etc/hostname"}],
    ["Read", {"file_path": "/etc/hosts"}],
    ["Bash", {"command": "touch one"}],
    ["Bash", {"command": "touch two"}],
]
_OPTIONS = [{"label": "pg", "description": "rows"}, {"label": "my", "description": "more rows"}]
_WISH = {"question": "Which one?", "header": "DB", "multiSelect": False, "options": _OPTIONS}
_WISHES = json.dumps({"questions": [_WISH]})


def gated(name: str, prompt: str, outcome: Outcome, **more: Any) -> Case:
    """Return a case in which somebody can be asked."""
    fields: dict[str, Any] = {"mode": "write", "can_ask": True}
    return Case(name, prompt, outcome, **(fields | more))


GATED_CASES = (
    gated("gate-allowed", TOUCH, "ok", answers={"touch": Allow()}),
    gated("gate-edited", TOUCH, "ok", answers={"touch": AllowEdited("echo mine > edited.txt")}),
    gated("gate-denied", TOUCH, "denied", answers={"touch": Deny("not on a Friday")}),
    gated("gate-stopped", TOUCH, "killed", answers={"touch": Deny("stop it", stops=True)}),
    gated(
        "gate-several",
        f"[[calls:{json.dumps(_CALLS)}]]",
        "denied",
        answers={"hosts": Deny("no"), "two": Deny("no"), "": Allow()},
        waits_for=2,
    ),
    gated(
        "gate-choice", f"[[tool:AskUserQuestion:{_WISHES}]]", "ok", answers={"": Choose(("pg",))}
    ),
    gated("gate-interrupted", TOUCH, "killed", answers={}, interrupts=True),
    gated(
        "gate-setting",
        "hello",
        "refused",
        settings={"permissions": {"defaultMode": "bogus"}},
    ),
    gated("gate-skipped", TOUCH, "ok", mode="unrestricted", env={"IS_SANDBOX": "1"}),
)
"""Runs in which somebody is asked, with what is answered."""

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


def decide_by(case: Case) -> Decide:
    """Return what a person would say who answers as the case says."""
    asked: set[str] = set()
    interrupts: list[bytes] = []

    def decide(dialogue: Dialogue, question: Question) -> Answer | bytes | None:
        asked.add(question.id)
        if case.interrupts and not interrupts:
            interrupts.append(dialogue.interrupt())
            return interrupts[0]
        if len(asked) < case.waits_for:
            return None
        return next((answer for key, answer in case.answers.items() if key in question.text), None)

    return decide


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
    left: dict[str, str]
    """Files it left, by their path relative to the working folder, with their content."""


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


def _when_answering(agent: AgentName, api: ModelApi, finished: Finished) -> None:
    """Return once a piece of the answer was sent; for Claude Code, once it has told one."""
    assert api.wait_until_streaming(PATIENCE)
    deadline = time.monotonic() + PATIENCE
    while agent == "claude" and not any(b'"content_block_delta"' in line for line in finished.out):
        assert time.monotonic() < deadline, "it tells no piece of its answer"
        time.sleep(0.02)


def _files_of(work: Path, home: Path) -> dict[str, str]:
    """Return the files in the working folder and beside it."""
    files = [path for path in work.parent.rglob("*") if path.is_file()]
    return {
        os.path.relpath(path, work): path.read_text()
        for path in files
        if not path.is_relative_to(home)
    }


async def play(
    agent: AgentName,
    case: Case,
    binary: str,
    decide: Decide | None = None,
    stop_after: Callable[[Finished], object] | None = None,
    *,
    reconnects: bool = False,
) -> Played:
    """Run one case with the real program, in a home and a folder of its own."""
    with ModelApi() as api, tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as base:
        home, work = _folders(base, case)
        request = AgentRequest(
            run="r-test",
            binary=binary,
            workdir=str(work),
            prompt=case.prompt.replace("WORK", str(work)),
            mode=case.mode,
            session=str(uuid.uuid4()),
            budget_usd=case.budget_usd,
            can_ask=case.can_ask,
            settings=case.settings,
            model=case.model,
            opens=case.opens,
            prices=(OPUS_PRICE,) if agent == "claude" else (),
        )
        if case.stops:
            stop_after = partial(_when_answering, agent, api)
        finished = await run_agent(
            adapter(agent),
            request,
            env=environment(agent, case, api.url, home),
            cwd=work,
            stop_after=stop_after,
            decide=decide or decide_by(case),
            reconnects=reconnects,
        )
        left = await asyncio.to_thread(_files_of, work, home)
        made = "made.txt" in left
        return Played(finished, request, api.charged_usd, len(api.seen), work, home, made, left)
