"""A plain command of the host's shell: output shown as it is, the exit status is the verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from fleet_tui.agents import exits
from fleet_tui.agents.base import CommandLine
from fleet_tui.model.agent import Verdict
from fleet_tui.model.errors import UsageError

if TYPE_CHECKING:
    from fleet_tui.model.agent import AgentActivity, AgentEvent, AgentRequest
    from fleet_tui.model.run import AgentName, Mode
    from fleet_tui.transport.base import ExitStatus, SignalName


class ShellParser:
    """Knows only that the command runs, and how it ended. It costs nothing."""

    cost_usd: float | None = 0.0
    session: str | None = None
    model: str | None = None
    doing = ""

    def __init__(self) -> None:
        self._activity: AgentActivity = "starting"

    @property
    def activity(self) -> AgentActivity:
        """Working from its first byte on, then how it ended."""
        return self._activity

    def feed(self, line: bytes) -> list[AgentEvent]:
        """Take note of output; it is not interpreted."""
        self._activity = "working"
        return []

    def feed_error(self, line: bytes) -> list[AgentEvent]:
        """Take note of output; it is not interpreted."""
        return self.feed(line)

    def finish(self, status: ExitStatus) -> Verdict:
        """Return the verdict: only exit status 0 is success."""
        verdict = _judge(status)
        if status.is_lost:
            self._activity = "unknown"
        elif verdict.succeeded:
            self._activity = "done"
        else:
            self._activity = "stopped" if verdict.outcome == "killed" else "failed"
        return verdict


def _judge(status: ExitStatus) -> Verdict:
    if status.is_lost:
        reason = status.reason or "contact with the host was lost"
        return Verdict(False, "network", reason, cost_usd=0.0)
    if status.code == 0:
        return Verdict(True, "ok", cost_usd=0.0)
    if signal := exits.signal_of(status):
        reason = f"stopped by SIG{signal}"
        return Verdict(False, "killed", reason, cost_usd=0.0, was_interrupted=signal == "INT")
    if status.code == exits.NOT_FOUND:
        return Verdict(False, "error", "a command was not found (exit 127)", cost_usd=0.0)
    if status.code == exits.NOT_EXECUTABLE:
        return Verdict(False, "error", "a file could not be executed (exit 126)", cost_usd=0.0)
    return Verdict(False, "error", f"exit {status.code}", cost_usd=0.0)


class ShellAdapter:
    """Adapter for plain commands. Nothing can hold one to less than what its user may do."""

    name: AgentName = "shell"
    modes: frozenset[Mode] = frozenset({"unrestricted"})
    speaks: Literal["bytes", "events"] = "bytes"
    interrupt: SignalName = "TERM"
    """A POSIX shell starts background jobs with SIGINT ignored."""

    def command(self, request: AgentRequest) -> CommandLine:
        """Return the command as typed; raises UsageError for an empty one or a lesser mode."""
        if request.mode not in self.modes:
            raise UsageError(
                f"a shell command cannot be held to mode {request.mode}",
                mend="leave the mode out, or use an agent",
            )
        if not request.prompt.strip():
            raise UsageError("there is no command", mend="say what the shell is to run")
        if "\0" in request.prompt:
            raise UsageError("a shell command cannot hold a NUL character")
        return CommandLine(script=request.prompt, stdin=request.stdin or None)

    def parser(self, request: AgentRequest | None = None) -> ShellParser:
        """Return a fresh parser."""
        return ShellParser()

    def dialogue(self, request: AgentRequest) -> None:
        """Return None: it cannot be spoken with while it runs."""
