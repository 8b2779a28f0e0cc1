"""Records the event streams in `tests/data` anew: `python -m tests.agents.record [AGENT-CASE…]`.

Names of this machine are replaced; what no test reads of the long `init` event is left out.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.agents.cases import CLAUDE_CASES, CODEX_CASES, GATED_CASES, play
from tests.support.clis import require_cli

if TYPE_CHECKING:
    from fleet_tui.model.run import AgentName
    from tests.agents.cases import Case, Played

DATA = Path(__file__).parents[1] / "data"

_TOO_LONG = ("max-turns",)
_LONG_KEYS = ("slash_commands", "terminal_slash_commands", "agents", "skills", "plugins")
_KEPT = ("current_permission_mode", "claude_code_version", "session_state")
"""What is kept of the long answer to `initialize`."""
_LEFT_OUT = (*_LONG_KEYS, "capabilities", "memory_paths", "messaging_socket_path")


def cleaned(line: bytes, played: Played) -> bytes:
    """Return one line of a stream without anything of this machine."""
    shown = (
        line.decode().replace(str(played.work), "/srv/work").replace(str(played.home), "/home/u")
    )
    shown = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:8080", shown)
    event = json.loads(shown)
    if event.get("subtype") == "init":
        for key in _LEFT_OUT:
            event.pop(key, None)
    answer = event.get("response", {}).get("response")
    if isinstance(answer, dict) and "current_permission_mode" in answer:
        event["response"]["response"] = {key: answer[key] for key in _KEPT}
    return json.dumps(event, ensure_ascii=False).encode()


SUITES: tuple[tuple[AgentName, tuple[Case, ...]], ...] = (
    ("claude", (*CLAUDE_CASES, *GATED_CASES)),
    ("codex", CODEX_CASES),
)


async def record(wanted: list[str]) -> None:
    """Run the wanted cases, or all, and write their streams."""
    for agent, cases in SUITES:
        for case in cases:
            name = f"{agent}-{case.name}"
            if name not in wanted if wanted else case.name in _TOO_LONG:
                continue
            played = await play(agent, case, require_cli(agent))
            lines = [cleaned(line, played) for line in played.finished.out]
            (DATA / f"{name}.jsonl").write_bytes(b"\n".join(lines) + b"\n")


if __name__ == "__main__":
    asyncio.run(record(sys.argv[1:]))
