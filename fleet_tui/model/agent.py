"""What an agent says while it works, in one vocabulary for all agents."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_tui.model.mcp_run import AgentServer
    from fleet_tui.model.price import TokenCount, TokenPrice
    from fleet_tui.model.question import Question
    from fleet_tui.model.run import Mode, Outcome

AgentKind = Literal[
    "init",
    "text",
    "text-delta",
    "thinking",
    "tool",
    "tool-result",
    "denied",
    "question",
    "answer",
    "retry",
    "limit",
    "warning",
    "error",
    "result",
    "raw",
]
"""`text-delta` grows the current answer; `text` is a finished block. A block comes as deltas closed
by an empty `text`, or as one `text`: its words never come twice. An `answer` closes a `question`:
what was decided, or that it was withdrawn."""

AgentActivity = Literal[
    "starting",
    "working",
    "blocked-permission",
    "blocked-input",
    "blocked-limit",
    "blocked-network",
    "idle",
    "done",
    "failed",
    "stopped",
    "unknown",
]


@dataclass(frozen=True, slots=True)
class AgentEvent:
    """One thing an agent said or did; every string is sanitized."""

    kind: AgentKind
    text: str = ""
    tool: str = ""
    """Name of the tool for `tool`, `tool-result`, `denied`, `question`, `answer`."""
    tool_use: str = ""
    """Id that ties a result, a denial or a question to its call."""
    is_error: bool = False
    is_subagent: bool = False
    discards_partial: bool = False
    """True on a `retry` that voids the text streamed since the last finished block."""
    resets_at: float | None = None
    """Unix seconds, on `limit`."""
    must_stop: bool = False
    """True on an `error` after which the run should be stopped: its rights are not those asked."""
    question: Question | None = None
    """What is asked, on `question`, and what was asked, on `answer`."""


@dataclass(frozen=True, slots=True)
class AgentRequest:
    """What an adapter needs to write a command line; paths are those of the host."""

    run: str
    binary: str
    prompt: str
    mode: Mode
    session: str
    """A UUID chosen by us, so that the session is known before it starts; or the one to resume."""
    resumes: bool = False
    """True to go on with `session` instead of beginning it."""
    forks: str = ""
    """A session that `session` is begun as a copy of."""
    opens: frozenset[str] = frozenset()
    """What of the repository it runs in may run: `hooks`, `mcp`."""
    servers: tuple[AgentServer, ...] = ()
    """The MCP servers it is given: these and no others, beside those that `opens` lets run."""
    is_root: bool = False
    """True when the run is root on its host, and is allowed to be."""
    prices: tuple[TokenPrice, ...] = ()
    """What models cost: for what an agent names in tokens and not in money."""
    thread_before: TokenCount | None = None
    """Tokens of the thread that is gone on with, before this run; None when they are not known."""
    model: str | None = None
    budget_usd: float | None = None
    workdir: str | None = None
    stdin: bytes = b""
    """Extra input of the operator (`--stdin FILE`); agents get it after the prompt."""
    can_ask: bool = False
    """True when a person can answer: the agent asks then, where it would be denied otherwise."""
    settings: Mapping[str, object] = field(default_factory=dict)
    """More settings in the agent's own format (rules that allow or deny), JSON values only; taken
    only where they can be verified before the prompt is sent."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a run ended, by the classifier of its agent."""

    succeeded: bool
    outcome: Outcome
    reason: str = ""
    mend: str = ""
    cost_usd: float | None = None
    session: str | None = None
    model: str | None = None
    answer: str = ""
    """The final answer, sanitized; empty when there was none."""
    was_interrupted: bool = False
    thread_tokens: TokenCount | None = None
    """Tokens of the whole thread so far, of an agent that counts those alone."""
    priced_as_of: str = ""
    """Date of the price table that `cost_usd` was reckoned from; empty when the agent named it."""
    resets_at: float | None = None
    """When the limit that ended it is over, Unix seconds, if the agent said so."""
