"""A promotion on paper: what it is about, and which of its steps are done."""

from __future__ import annotations

import os
import tomllib
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from fleet_tui.journal.disk import BINARY
from fleet_tui.journal.filelock import try_lock, unlock
from fleet_tui.model.errors import FleetError, Refused
from fleet_tui.model.roles_view import StepView
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from fleet_tui.model.roles_view import StepState

FILE = "promotion.toml"
STEPS = ("hold", "save", "claim", "log", "fence", "office", "mirror", "runs", "confirm")
"""In their order; each may be done again without harm. From `claim` on there is no way back but
to promote back."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One promotion; `notes` says of each step that is over what came of it."""

    id: str
    candidate: str
    old: str
    """Who leads until then; empty when nobody does."""
    kind: Literal["switchover", "failover"]
    from_epoch: int
    """What the remote said when it was begun; 0 for nothing."""
    begun: str
    by: str
    notes: Mapping[str, str] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()

    @property
    def epoch(self) -> int:
        """The epoch that it brings. The first promotion of all ends epoch 1."""
        return max(self.from_epoch, 1) + 1

    @property
    def is_claimed(self) -> bool:
        """True when the remote says so: then it is to be ended, not undone."""
        return "claim" in self.notes

    @property
    def is_over(self) -> bool:
        """True when no step is left."""
        return all(step in self.notes for step in STEPS)

    def after(self, step: str, note: str, *, is_left_out: bool = False) -> Plan:
        """Return the plan with a step done."""
        left = (*self.left_out, step) if is_left_out else self.left_out
        return replace(self, notes={**self.notes, step: note}, left_out=left)

    def steps(self, doing: str = "", failed: str = "") -> tuple[StepView, ...]:
        """Return the steps as they are shown; `failed` says why the step under way ended it."""
        shown = []
        for name in STEPS:
            title = TITLES[name].format(old=self.old or "nobody", new=self.candidate)
            if name in self.notes:
                state: StepState = "left-out" if name in self.left_out else "done"
                shown.append(StepView(name, title, state, self.notes[name]))
            elif name == doing:
                shown.append(StepView(name, title, "failed" if failed else "doing", failed))
            else:
                shown.append(StepView(name, title))
        return tuple(shown)


TITLES = {
    "hold": "{old} begins nothing more",
    "save": "what only {old} has is pushed",
    "claim": "the mirror's remote names {new}",
    "log": "the rest of the audit log is brought",
    "fence": "every host is told the new epoch",
    "office": "the audit log goes on at {new}",
    "mirror": "the mirror of {new} is brought up to date",
    "runs": "running dispatches are taken over",
    "confirm": "{old} is seen to know it",
}


class PlanBook:
    """Keeps the newest plan of this machine in a file, and lets one program carry it out."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / FILE

    def read(self) -> Plan | None:
        """Return the newest plan, over or not; raises FleetError when it cannot be read."""
        try:
            found = tomllib.loads(self._path.read_text(encoding="utf-8"))
            found["left_out"] = tuple(found.get("left_out", ()))
            return Plan(**found)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError) as error:
            raise FleetError(
                f"the promotion that was begun cannot be read: {one_line(str(error))}",
                where=str(self._path),
                mend="remove the file and promote again: what is done is found done",
            ) from error

    def write(self, plan: Plan) -> None:
        """Keep a plan, on disk when this returns; raises FleetError."""
        import tomli_w

        aside = self._path.with_name(f".{FILE}.{os.getpid()}")
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with open(aside, "wb") as stream:
                tomli_w.dump(asdict(plan), stream)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(aside, self._path)
        except OSError as error:
            raise FleetError(
                f"cannot write down the promotion: {error.strerror}",
                where=str(self._path),
                mend="make the folder writable, and not full",
            ) from error

    def forget(self) -> None:
        """Drop the plan."""
        self._path.unlink(missing_ok=True)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Let nobody else on this machine promote meanwhile; raises Refused."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(self._path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | BINARY, 0o600)
        try:
            if not try_lock(fd):
                raise Refused(
                    "another program on this machine is promoting",
                    mend="wait until it is done, or end it and promote again",
                )
            try:
                yield
            finally:
                unlock(fd)
        finally:
            os.close(fd)
