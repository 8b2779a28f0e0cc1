"""Which calls the scripted `claude` asks leave for, and what it makes of the answer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fleet_tui.demo.steps import Say, Scene, Use

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fleet_tui.demo.claude_process import RunCommand

_HARMLESS = ("cat", "df", "git log", "git status", "ls", "uname", "uptime")
"""Commands that only look: the real program runs them without a question."""
_OUTPUT_LIMIT = 4000


def must_ask(use: Use) -> bool:
    """Return whether this call needs somebody's leave; files of the workdir do not."""
    if use.tool != "Bash" or use.is_denied:
        return False
    words = use.arguments["command"].split()
    return " ".join(words[:2]) not in _HARMLESS and words[0] not in _HARMLESS


async def changed_use(use: Use, wanted: Mapping[str, object], run_command: RunCommand) -> Use:
    """Return the call as it was edited, with what it answers on this host."""
    arguments = {name: str(value) for name, value in wanted.items()}
    command = arguments.get("command", "")
    changed = replace(use, arguments=arguments)
    if _is_same_program(use, changed):
        return changed
    status, output = await run_command(command)
    shown = output[:_OUTPUT_LIMIT].rstrip("\n")
    if status:
        shown = f"Exit code {status}\n{shown}"
    shown = shown or "(Bash completed with no output)"
    return replace(changed, output=shown, seconds=0.4, is_error=status != 0)


def told_ending(use: Use, changed: Use, rest: Sequence[Scene]) -> list[Scene]:
    """Return how a scene goes on after `changed` ran in the place of `use`."""
    note = f"You had me run `{changed.arguments.get('command', '')}` instead. "
    if rest and _is_same_program(use, changed):
        return [(Say(note), *rest[0]), *rest[1:]]
    outcome = "It failed" if changed.is_error else "It answered"
    return [(Say(f"{note}{outcome}:\n\n```\n{changed.output}\n```"),)]


def refused_ending(use: Use, reason: str) -> Scene:
    """Return the last words after a call that was denied."""
    command = use.arguments.get("command", use.tool)
    why = " ".join(reason.split()).rstrip(".")
    said = f"I was not allowed to run `{command}`" + (f" ({why})" if why else "")
    done = use.without or "Without it I cannot say more, and nothing was changed."
    return (Say(f"{said}. {done}"),)


def _is_same_program(use: Use, changed: Use) -> bool:
    before, after = (call.arguments.get("command", "").split()[:3] for call in (use, changed))
    return before == after
