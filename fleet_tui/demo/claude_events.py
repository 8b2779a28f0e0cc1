"""The lines that `claude -p --output-format stream-json --verbose` prints, as version 2.1.329 does.

Each builder returns one event; `line` makes it one line of output. Shapes and their order follow
recordings of the real program.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_tui.demo.mcp_given import GivenServer
    from fleet_tui.demo.prices import Usage
    from fleet_tui.demo.steps import Use

Event = dict[str, Any]

VERSION = "2.1.329"
_REJECTED = (
    "The user doesn't want to proceed with this tool use. The tool use was rejected (eg. if it was "
    "a file edit, the new_string was NOT written to the file). STOP what you are doing and wait "
    "for the user to tell you how to proceed."
)
_CONTEXT_WINDOW = 1_000_000
_MAX_OUTPUT = 128_000
_NO_SUBAGENTS: Event = {
    "spawned": 0,
    "requested": {"background": 0, "foreground": 0, "unset": 0},
    "started_in_background": 0,
    "max_depth": 0,
    "spawned_by_subagents": 0,
    "completed": 0,
    "failed": 0,
    "killed": {"parent": 0, "user": 0, "system": 0},
    "refused": {"depth_limit": 0, "concurrency_limit": 0, "budget": 0},
    "by_type": {},
}


def line(event: Event) -> bytes:
    """Return `event` as one line of the stream."""
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def new_id(prefix: str) -> str:
    """Return a fresh identifier in the manner of the API (`msg_…`, `toolu_…`)."""
    return f"{prefix}_01{uuid.uuid4().hex[:22]}"


def can_use_tool(identifier: str, tool_use: str, use: Use) -> Event:
    """Return the question whether a shell command may run."""
    command = use.arguments.get("command", "")
    rule = {"toolName": use.tool, "ruleContent": command}
    suggestion: Event = {"type": "addRules", "rules": [rule], "behavior": "allow"}
    request: Event = {
        "subtype": "can_use_tool",
        "tool_name": use.tool,
        "display_name": use.tool,
        "input": dict(use.arguments),
        "description": use.arguments.get("description", command),
        "permission_suggestions": [suggestion | {"destination": "localSettings"}],
        "decision_reason": "This command requires approval",
        "decision_reason_type": "other",
        "tool_use_id": tool_use,
    }
    return {"type": "control_request", "request_id": identifier, "request": request}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _tokens(usage: Usage, output: int) -> Event:
    return {
        "input_tokens": usage.fresh,
        "cache_creation_input_tokens": usage.cache_write,
        "cache_read_input_tokens": usage.cache_read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": usage.cache_write,
            "ephemeral_1h_input_tokens": 0,
        },
        "output_tokens": output,
        "service_tier": "standard",
    }


def _per_model(usage: Usage, model: str) -> Event:
    if not usage.fresh and not usage.output:
        return {}
    return {
        model: {
            "inputTokens": usage.fresh,
            "outputTokens": usage.output,
            "cacheReadInputTokens": usage.cache_read,
            "cacheCreationInputTokens": usage.cache_write,
            "webSearchRequests": 0,
            "costUSD": usage.cost(model),
            "contextWindow": _CONTEXT_WINDOW,
            "maxOutputTokens": _MAX_OUTPUT,
            "thinkingTokens": usage.thinking,
            "cacheCreationEphemeral5mInputTokens": usage.cache_write,
            "cacheCreationEphemeral1hInputTokens": 0,
            "canonicalModel": model,
            "provider": "firstParty",
            "costBasis": "list",
        }
    }


@dataclass(frozen=True, slots=True)
class Ending:
    """What the closing `result` event says."""

    subtype: str = "success"
    is_error: bool = False
    terminal_reason: str = "completed"
    stop_reason: str | None = "end_turn"
    text: str = ""
    errors: Sequence[str] = ()
    turns: int = 1
    api_status: int | None = None
    api_type: str | None = None


@dataclass(slots=True)
class EventWriter:
    """Builds the events of one session."""

    session: str
    model: str
    version: str = VERSION
    message: str = ""
    """Id of the message that is being streamed."""
    denials: list[Event] = field(default_factory=list)

    def _stamp(self, event: Event) -> Event:
        return event | {"session_id": self.session, "uuid": str(uuid.uuid4())}

    def init(
        self,
        cwd: str,
        tools: Sequence[str],
        permission_mode: str,
        servers: Sequence[GivenServer] = (),
    ) -> Event:
        """Return `system/init`."""
        return self._stamp(
            {
                "type": "system",
                "subtype": "init",
                "cwd": cwd,
                "tools": [*tools, *(tool for server in servers for tool in server.tools)],
                "mcp_servers": [server.said for server in servers],
                "model": self.model,
                "permissionMode": permission_mode,
                "slash_commands": [],
                "apiKeySource": "ANTHROPIC_API_KEY",
                "claude_code_version": self.version,
                "output_style": "default",
                "agents": ["claude", "Explore", "general-purpose", "Plan"],
                "skills": [],
                "plugins": [],
                "capabilities": ["interrupt_receipt_v1"],
                "served_by_anthropic": False,
                "memory_paths": {},
                "original_cwd": cwd,
                "additional_directories": [],
                "fast_mode_state": "off",
            }
        )

    def system(self, subtype: str, **fields: object) -> Event:
        """Return another `system` event."""
        return self._stamp({"type": "system", "subtype": subtype, **fields})

    def stream(self, event: Event) -> Event:
        """Return a `stream_event` around a raw event of the API."""
        return self._stamp(
            {
                "type": "stream_event",
                "event": event,
                "parent_tool_use_id": None,
                "api_message_id": self.message,
            }
        )

    def message_start(self, usage: Usage) -> Event:
        """Return the beginning of a new message, whose id the following events carry."""
        self.message = new_id("msg")
        message: Event = {
            "id": self.message,
            "type": "message",
            "role": "assistant",
            "model": self.model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": _tokens(usage, 1),
        }
        return self.stream({"type": "message_start", "message": message})

    def message_delta(self, stop_reason: str | None, output: int) -> Event:
        """Return the closing usage of the message."""
        delta = {"stop_reason": stop_reason, "stop_sequence": None}
        usage = {"output_tokens": output}
        return self.stream({"type": "message_delta", "delta": delta, "usage": usage})

    def assistant(self, block: Event, usage: Usage, **extra: object) -> Event:
        """Return one finished content block; `usage.output_tokens` is that of message_start."""
        message = {
            "id": self.message,
            "type": "message",
            "role": "assistant",
            "model": self.model,
            "content": [block],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": _tokens(usage, 1),
            "context_management": None,
        }
        event = {"type": "assistant", "message": message, "parent_tool_use_id": None}
        stamped = self._stamp(event)
        return stamped | {"timestamp": _now(), "request_id": new_id("req"), **extra}

    def api_error(self, text: str, error: str, status: int, kind: str) -> Event:
        """Return the synthetic assistant message of a failed API call."""
        self.message = str(uuid.uuid4())
        message = {
            "id": self.message,
            "model": "<synthetic>",
            "role": "assistant",
            "stop_reason": "stop_sequence",
            "stop_sequence": "",
            "type": "message",
            "usage": {"input_tokens": 0, "output_tokens": 0},
            "content": [{"type": "text", "text": text}],
        }
        event = {"type": "assistant", "message": message, "parent_tool_use_id": None}
        return self._stamp(event) | {
            "timestamp": _now(),
            "error": error,
            "is_api_error_message": True,
            "api_error_status": status,
            "api_error_type": kind,
        }

    def user(self, block: Event, **extra: object) -> Event:
        """Return a `user` event: a tool result, or a note of the program."""
        message = {"role": "user", "content": [block]}
        event = {"type": "user", "message": message, "parent_tool_use_id": None}
        return self._stamp(event) | {"timestamp": _now(), **extra}

    def tool_result(self, identifier: str, use: Use, *, source: str = "config") -> Event:
        """Return what a tool answered; `source` says who let it run."""
        failed = use.is_error or use.is_denied
        block = {
            "tool_use_id": identifier,
            "type": "tool_result",
            "content": use.output,
            "is_error": failed,
        }
        decision = {"decision": "reject" if use.is_denied else "accept", "source": source}
        meta: Event = {"id": identifier, "permission_decision": decision}
        if use.is_denied:
            meta["non_execution_kind"] = "permission-rule"
        structured: object = f"Error: {use.output}"
        if not failed:
            structured = {"stdout": use.output, "stderr": "", "interrupted": False}
        return self.user(block, tool_use_result=structured, tool_result_meta=[meta])

    def refused(self, identifier: str, use: Use, reason: str) -> Event:
        """Return the result of a call that a person denied."""
        self._remember_denial(identifier, use)
        decision = {"decision": "reject", "source": "user_reject"}
        meta: Event = {"non_execution_kind": "permission-rule", "permission_decision": decision}
        return self._not_run(identifier, reason, f"Error: {reason}", meta)

    def rejected(self, identifier: str, use: Use) -> Event:
        """Return the result of a call that was stopped while it was asked for."""
        self._remember_denial(identifier, use)
        meta: Event = {"non_execution_kind": "user-rejected"}
        return self._not_run(identifier, _REJECTED, "User rejected tool use", meta)

    def _not_run(self, identifier: str, words: str, structured: str, meta: Event) -> Event:
        block = {
            "type": "tool_result",
            "content": words,
            "is_error": True,
            "tool_use_id": identifier,
        }
        told = [{"id": identifier, **meta}]
        return self.user(block, tool_use_result=structured, tool_result_meta=told)

    def _remember_denial(self, identifier: str, use: Use) -> None:
        self.denials.append(
            {"tool_name": use.tool, "tool_use_id": identifier, "tool_input": dict(use.arguments)}
        )

    def lifecycle(self, message: str, state: str) -> Event:
        """Return what becomes of a user message: queued, started, completed, cancelled."""
        return self._stamp({"type": "command_lifecycle", "command_uuid": message, "state": state})

    def replayed(self, message: str, text: str) -> Event:
        """Return a user message repeated, as `--replay-user-messages` has it."""
        said = {"role": "user", "content": text}
        event = {"type": "user", "message": said, "parent_tool_use_id": None}
        return self._stamp(event) | {"uuid": message, "timestamp": _now(), "isReplay": True}

    def denied(self, identifier: str, use: Use) -> Event:
        """Return `system/permission_denied`, and remember it for the result."""
        self._remember_denial(identifier, use)
        return self.system(
            "permission_denied", tool_name=use.tool, tool_use_id=identifier, message=use.output
        )

    def result(self, ending: Ending, usage: Usage, total: Usage, seconds: float) -> Event:
        """Return the closing event; like the real one it does not begin with its type.

        `usage` is that of this turn, `total` that of the whole process.
        """
        event: Event = {
            "duration_api_ms": round(seconds * 1000),
            "stop_reason": ending.stop_reason,
            "session_id": self.session,
            "total_cost_usd": total.cost(self.model),
            "usage": _tokens(usage, usage.output),
            "modelUsage": _per_model(total, self.model),
            "permission_denials": list(self.denials),
            "terminal_reason": ending.terminal_reason,
            "fast_mode_state": "off",
            "subagent_stats": _NO_SUBAGENTS,
            "safety_stops": 0,
            "is_error": ending.is_error,
            "num_turns": ending.turns,
            "subtype": ending.subtype,
            "api_error_status": ending.api_status,
        }
        if ending.api_type is not None:
            event["api_error_type"] = ending.api_type
        if ending.subtype == "success":
            event["result"] = ending.text
        else:
            event["errors"] = list(ending.errors)
        return event | {
            "type": "result",
            "duration_ms": round(seconds * 1000),
            "uuid": str(uuid.uuid4()),
            "queued_turn_count": 0,
            "result_index": 0,
            "model_usage_since_last_result": _per_model(usage, self.model),
        }
