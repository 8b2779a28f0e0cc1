"""Every screen of the program on a recorded fleet: what opens it, from the first screen on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.tui.scene import ask_first, recorded

if TYPE_CHECKING:
    from tests.tui.desk import Desk
    from tests.tui.fake_control import FakeControl

SIZES = ((80, 24), (160, 45))

NO_SCREEN = frozenset({"app.quit", "app.suspend", "app.read-only"})
"""Commands that open nothing to be looked at."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A screen by the keys that lead there."""

    name: str
    keys: tuple[str, ...] = ()
    asks: bool = False
    """Whether agents ask something meanwhile."""
    is_read_only: bool = False
    is_early: bool = False
    """Whether this is the moment before the fleet has said anything."""

    def fleet(self) -> FakeControl:
        """Return the fleet of the scene."""
        control = recorded(0 if self.is_early else 10_000)
        if self.asks:
            ask_first(control)
        return control


SCENES = (
    Scene("first"),
    Scene("empty", is_early=True),
    Scene("read-only", is_read_only=True),
    Scene("hosts-filter", ("1", "/", *"web")),
    Scene("hosts-marked", ("1", "space", "space", "j", "space")),
    Scene("queue", ("2",)),
    Scene("peers", ("3",)),
    Scene("notices", ("4",)),
    Scene("output", ("5",)),
    Scene("output-search", ("5", "/", *"fstrim", "enter", "n")),
    Scene("output-one-run", ("5", "right", "right")),
    Scene("output-zoomed", ("5", "z")),
    Scene("gather", ("5", "g")),
    Scene("split", ("5", "u")),
    Scene("host", ("1", *"jjj", "enter")),
    Scene("host-down", ("1", "G", "enter")),
    Scene("host-log", ("1", *"jjj", "enter", "l")),
    Scene("run", ("5", "right", "f9")),
    Scene("composer", ("d",)),
    Scene("composer-unrestricted", ("d", "tab", "tab", "right", "right", "right")),
    Scene("cancel", ("5", "x")),
    Scene("quit", ("q",)),
    Scene("question", ("f3",), asks=True),
    Scene("help", ("f1",)),
    Scene("help-search", ("f1", *"copy")),
    Scene("palette", ("ctrl+p",)),
    Scene("command-line", (":", *"dis")),
    Scene("themes", (":", *"theme", "enter")),
    Scene("log", ("l",)),
    Scene("log-filter", ("l", "o", *"host=nas*")),
    Scene("log-verified", ("l", "v")),
    Scene("own-log", ("@",)),
    Scene("runs", ("o",)),
    Scene("pulses", ("f7",)),
)


async def by_commands(desk: Desk) -> list[str]:
    """Return the commands that open a screen of their own which no scene above leads to."""
    known = {"log", "runs", "pulses", "split", "help", "actions", "theme", "done", "dispatch"}
    found = []
    for action in desk.app.registry:
        if not action.command or action.id in NO_SCREEN or action.command in known:
            continue
        if action.argument and not action.argument.startswith("["):
            continue
        if desk.app.why_disabled(action):
            continue
        desk.app.perform(action.id)
        await desk.settle()
        if not desk.is_home():
            found.append(action.command)
        while not desk.is_home():
            desk.app.pop_screen()
            await desk.settle()
    return found
