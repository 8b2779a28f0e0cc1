"""The `:` command line: which action a line means, and how it can be completed."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.suggester import Suggester

from fleet_tui.model.target_complete import complete, token_start

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from fleet_tui.model.host import Host
    from fleet_tui.tui.actions import Action, Registry

TAKES_HOSTS = ("HOST", "TARGET", "FILTER")
"""Words in an action's `argument` that stand for hosts."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """A command line as an action with its argument, or why it is none."""

    action: Action | None
    argument: str
    problem: str = ""


def parse(registry: Registry, line: str, own: Mapping[str, str] | None = None) -> Parsed:
    """Read `name argument…`; a name may be cut short while it stays the only one.

    `own` are the operator's names; what one stands for is read as if typed, and never again an
    own name, so that none can go in circles.
    """
    name, _, argument = line.strip().removeprefix(":").partition(" ")
    own = own or {}
    if name in own:
        return parse(registry, f"{own[name]} {argument}".strip())
    action = registry.command(name)
    if action is not None:
        return Parsed(action, argument.strip())
    names = sorted({*command_names(registry), *own})
    begun = [known for known in names if known.startswith(name)] if name else []
    if len(begun) == 1:
        return parse(registry, f"{begun[0]} {argument}".strip(), own)
    if begun:
        return Parsed(None, "", f":{name} could be {', '.join(':' + b for b in begun)}")
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"did you mean :{near[0]}?" if near else "`?` lists every command"
    return Parsed(None, "", f":{name} is no command; {hint}")


def command_names(registry: Registry) -> list[str]:
    """Return the names of all commands, in alphabetical order; aliases work without being told."""
    return sorted({action.command for action in registry if action.command})


class CommandSuggester(Suggester):
    """Completes commands, and the arguments that are hosts, targets, themes or sections."""

    def __init__(
        self,
        registry: Registry,
        hosts: Sequence[Host],
        themes: Iterable[str],
        own: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._registry = registry
        self._own = own or {}
        self._names = sorted({*command_names(registry), *self._own})
        self._hosts = hosts
        self._themes = sorted(themes)

    async def get_suggestion(self, value: str) -> str | None:
        """Return the first completion of what is typed."""
        return next(iter(self.completions(value)), None)

    def completions(self, value: str) -> list[str]:
        """Return whole lines that what is typed could become, best first."""
        name, space, argument = value.partition(" ")
        if not space:
            return [known for known in self._names if name and known.startswith(name)]
        action = parse(self._registry, name, self._own).action
        if action is None or not argument:
            return []
        if "THEME" in action.argument:
            return [f"{name} {theme}" for theme in self._themes if theme.startswith(argument)]
        if not any(word in action.argument for word in TAKES_HOSTS):
            return []
        whole = argument[: token_start(argument)]
        return [f"{name} {whole}{candidate}" for candidate in complete(argument, self._hosts)]
