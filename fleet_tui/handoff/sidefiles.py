"""What Claude Code keeps beside a transcript: its subagents' transcripts and long tool results.

They lie in a folder named for the session, next to `<session>.jsonl`: `subagents/agent-<id>.jsonl`,
also in folders below it, and `tool-results/` (Claude Code 2.1.329). A hand-off takes them along,
each with its checksum, and sets them aside with the transcript. Codex has none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.handoff.copy import copy
from fleet_tui.handoff.script import ask
from fleet_tui.model.errors import FleetError

if TYPE_CHECKING:
    from fleet_tui.handoff.plan import HandoffPlan
    from fleet_tui.transport.base import Connection

MOST_FILES = 5000
"""A session with more of them is not handed over."""
_ENDING = ".jsonl"


class SideFiles:
    """The side files of one session, on their way; every step may be repeated."""

    def __init__(self, plan: HandoffPlan) -> None:
        handoff = plan.handoff
        self._plan = plan
        self.are_kept = handoff.agent == "claude"
        """Whether the agent has such files at all."""
        self.source = handoff.source_path.removesuffix(_ENDING)
        self.aside = f"{self.source}.moved-{handoff.id}"
        self.target = handoff.target_path.removesuffix(_ENDING)
        self._staged = f"{self.target}.arriving-{handoff.id}"

    async def bring(self, folder: str) -> int:
        """Copy what is in `folder` of the source; returns how many files there are.

        What lies on the target already, to the byte, is not copied again. Raises Unreachable,
        FleetError.
        """
        if not self.are_kept:
            return 0
        source, target = self._plan.source, self._plan.target
        wanted = await _tree(source, folder)
        if wanted == await _tree(target, self.target):
            return len(wanted)
        there = await _tree(target, self._staged)
        for path in there.keys() - wanted.keys():
            await ask(target, "remove", f"{self._staged}/{path}")
        for path, digest in wanted.items():
            if there.get(path) != digest:
                await copy(source, f"{folder}/{path}", target, f"{self._staged}/{path}")
        return len(wanted)

    async def set_aside(self) -> None:
        """Give the folder another name on the source, once its transcript has one."""
        if self.are_kept:
            await ask(self._plan.source, "move", self.source, self.aside)

    async def publish(self) -> None:
        """Give the folder its name on the target, before the transcript gets its own."""
        if self.are_kept:
            await ask(self._plan.target, "move", self._staged, self.target)

    async def withdraw(self, kept: str) -> None:
        """Take the folder out of the agent's sight on the target; `kept` ends its new name."""
        if self.are_kept:
            await ask(self._plan.target, "move", self.target, f"{self.target}.{kept}")

    async def take_back(self) -> None:
        """Give the folder its name on the source again, and forget what was on its way."""
        if self.are_kept:
            await ask(self._plan.target, "forget", self._staged)
            await ask(self._plan.source, "move", self.aside, self.source)


async def _tree(connection: Connection, folder: str) -> dict[str, str]:
    """Return the SHA-256 of every file below a folder, by its path there; empty without one."""
    lines = (await ask(connection, "tree", folder, str(MOST_FILES))).lines
    if len(lines) > MOST_FILES:
        raise FleetError(
            f"more than {MOST_FILES:,} files lie beside the transcript",
            where=f"{connection.host.name}:{folder}",
            mend="look what made them; tool-results/ may be emptied",
        )
    found = {}
    for line in lines:
        digest, _, path = line.partition(" ")
        if digest == "-" or not path.startswith("./") or ".." in path.split("/"):
            raise FleetError("cannot be read", where=f"{connection.host.name}:{folder}/{path}")
        found[path.removeprefix("./")] = digest
    return found
