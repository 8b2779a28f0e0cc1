"""The `:` command line: which action a line means, and how it can be completed."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.suggester import Suggester

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fleet_tui.tui.actions import Action, Registry


@dataclass(frozen=True, slots=True)
class Parsed:
    """A command line as an action with its argument, or why it is none."""

    action: Action | None
    argument: str
    problem: str = ""


def parse(registry: Registry, line: str) -> Parsed:
    """Read `name argument…`; a name may be cut short while it stays the only one."""
    name, _, argument = line.strip().removeprefix(":").partition(" ")
    action = registry.command(name)
    if action is not None:
        return Parsed(action, argument.strip())
    names = command_names(registry)
    begun = [known for known in names if known.startswith(name)] if name else []
    if len(begun) == 1:
        return Parsed(registry.command(begun[0]), argument.strip())
    if begun:
        return Parsed(None, "", f":{name} could be {', '.join(':' + b for b in begun)}")
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"did you mean :{near[0]}?" if near else "`?` lists every command"
    return Parsed(None, "", f":{name} is no command; {hint}")


def command_names(registry: Registry) -> list[str]:
    """Return the names of all commands, in alphabetical order."""
    return sorted({action.command for action in registry if action.command})


class CommandSuggester(Suggester):
    """Completes command names, and the arguments that are names."""

    def __init__(self, registry: Registry, hosts: Iterable[str], themes: Iterable[str]) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._names = command_names(registry)
        self._arguments = {
            "theme": sorted(themes),
            "host": (hosts := sorted(hosts)),
            "hosts": hosts,
            "output": hosts,
            "cancel": hosts,
            "dispatch": hosts,
        }

    async def get_suggestion(self, value: str) -> str | None:
        """Return the first completion of what is typed."""
        name, space, argument = value.partition(" ")
        if not space:
            return next((known for known in self._names if name and known.startswith(name)), None)
        found = (a for a in self._arguments.get(name, ()) if argument and a.startswith(argument))
        match = next(found, None)
        return f"{name} {match}" if match else None
