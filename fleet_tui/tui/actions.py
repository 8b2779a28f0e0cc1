"""What an action is: the one description from which keys, footer, help and commands follow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fleet_tui.tui.app import FleetApp

Scope = Literal[
    "app",
    "main",
    "list",
    "hosts",
    "queue",
    "tasks",
    "task",
    "heartbeats",
    "daemons",
    "mcp",
    "managed",
    "cloud",
    "peers",
    "peer",
    "sessions",
    "talk",
    "conference",
    "notices",
    "notice",
    "routes",
    "output",
    "lines",
    "run",
    "machine",
    "anywhere",
    "back",
    "host",
    "runs",
    "costs",
    "log",
    "gather",
    "detail",
    "pulses",
    "promotion",
    "split",
    "threads",
    "thread",
    "doctor",
    "composer",
    "question",
]
"""Where the keys of an action work; SCOPE_CHAINS says what is live together."""

Danger = Literal["none", "ask", "named"]
"""`ask`: a question with No focused. `named`: names are typed again; Enter never confirms."""

SCOPE_CHAINS: dict[str, tuple[Scope, ...]] = {
    "hosts": ("hosts", "machine", "list", "main", "app", "anywhere"),
    "queue": ("queue", "tasks", "list", "main", "app", "anywhere"),
    "tasks": ("tasks", "list", "back", "app", "anywhere"),
    "task": ("task", "lines", "back", "app", "anywhere"),
    "report": ("lines", "back", "app", "anywhere"),
    "heartbeats": ("heartbeats", "list", "back", "app", "anywhere"),
    "managed": ("managed", "cloud", "list", "back", "app", "anywhere"),
    "managed-talk": ("cloud", "lines", "back", "app", "anywhere"),
    "mcp": ("mcp", "list", "back", "app", "anywhere"),
    "daemons": ("daemons", "list", "back", "app", "anywhere"),
    "peers": ("peers", "peer", "list", "main", "app", "anywhere"),
    "sessions": ("sessions", "peer", "list", "back", "app", "anywhere"),
    "talk": ("talk", "lines", "back", "app", "anywhere"),
    "conference": ("conference", "list", "back", "app", "anywhere"),
    "notices": ("notices", "list", "main", "app", "anywhere"),
    "notice": ("notice", "lines", "back", "app", "anywhere"),
    "routes": ("routes", "list", "back", "app", "anywhere"),
    "output": ("output", "run", "machine", "lines", "main", "app", "anywhere"),
    "host": ("host", "run", "machine", "list", "back", "app", "anywhere"),
    "runs": ("runs", "list", "back", "app", "anywhere"),
    "costs": ("costs", "list", "back", "app", "anywhere"),
    "log": ("log", "lines", "back", "app", "anywhere"),
    "gather": ("gather", "lines", "back", "app", "anywhere"),
    "detail": ("detail", "run", "machine", "lines", "back", "app", "anywhere"),
    "pulses": ("pulses", "list", "back", "app", "anywhere"),
    "split": ("split", "lines", "back", "app", "anywhere"),
    "threads": ("threads", "list", "back", "app", "anywhere"),
    "thread": ("thread", "lines", "back", "app", "anywhere"),
    "doctor": ("doctor", "list", "back", "app", "anywhere"),
    "promotion": ("promotion", "anywhere"),
    "composer": ("composer", "anywhere"),
    "question": ("question", "anywhere"),
}
"""For each place that can have the focus: the scopes whose keys work there, nearest first."""

ON_MAIN: frozenset[Scope] = frozenset({"main", "hosts", "queue", "peers", "notices", "output"})
"""Scopes whose actions are about the first screen."""

Run: TypeAlias = Callable[["FleetApp", str], None]
WhyDisabled: TypeAlias = Callable[["FleetApp"], str]


def always(_app: FleetApp) -> str:
    """Say that nothing stands in the way."""
    return ""


@dataclass(frozen=True, slots=True)
class Action:
    """One thing the operator can do."""

    id: str
    """`noun.verb`; what `[keys]` in fleet.toml names."""
    title: str
    """What it does, as `?` and the palette say it."""
    keys: tuple[str, ...]
    """Default keys; the first is the one shown."""
    scope: Scope
    run: Run
    hint: str = ""
    """The word in the footer; empty keeps it out of there."""
    danger: Danger = "none"
    needs_write: bool = False
    why_disabled: WhyDisabled = always
    """Return why it cannot be done now; empty when it can."""
    command: str = ""
    """Its name on the `:` command line."""
    aliases: tuple[str, ...] = ()
    """Other names of the command."""
    argument: str = ""
    """What the command takes, for its help."""


class Registry:
    """All actions, by id, by scope and by command."""

    def __init__(self, actions: Iterable[Action]) -> None:
        self._by_id: dict[str, Action] = {}
        for action in actions:
            if action.id in self._by_id:
                raise ValueError(f"action {action.id} is declared twice")
            self._by_id[action.id] = action

    def __iter__(self) -> Iterator[Action]:
        return iter(self._by_id.values())

    def __getitem__(self, action_id: str) -> Action:
        return self._by_id[action_id]

    def __contains__(self, action_id: str) -> bool:
        return action_id in self._by_id

    def ids(self) -> tuple[str, ...]:
        """Return every id, in the order of declaration."""
        return tuple(self._by_id)

    def in_scope(self, *scopes: Scope) -> tuple[Action, ...]:
        """Return the actions of these scopes, scope by scope."""
        return tuple(a for scope in scopes for a in self if a.scope == scope)

    def for_place(self, place: str) -> tuple[Action, ...]:
        """Return what can be done while `place` has the focus, nearest scope first."""
        return self.in_scope(*SCOPE_CHAINS.get(place, ("app",)))

    def command(self, name: str) -> Action | None:
        """Return the action of a command name or of an alias."""
        found = (a for a in self if name and (a.command == name or name in a.aliases))
        return next(found, None)
