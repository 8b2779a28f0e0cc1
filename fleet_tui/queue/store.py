"""What every task store can do, whatever it is made of.

The promise: a task is run at least once and committed exactly once. Who loses a lease loses it
for good: its later beat, commit, failure or hand-back raises LeaseLost and changes nothing.
Every method may raise QueueError (disk full, server away): nothing is lost then, and the same call
may be made again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from fleet_tui.model.task import TASK_STATES

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from fleet_tui.model.task import (
        Beat,
        Claim,
        Listing,
        QueueError,
        Reaped,
        Result,
        StoredResult,
        Task,
        TaskEntry,
        TaskState,
    )


@dataclass(frozen=True, slots=True)
class Draft:
    """A task to be added. `name` None: made from the text, unique."""

    text: bytes
    name: str | None = None
    signature: bytes | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """What holds for a whole queue; times in seconds."""

    lease: float = 120.0
    """A worker that has not beaten for so long, by the watcher's own clock, loses its task."""
    foreign_lease: float = 3600.0
    """The same for claims of plain shell workers, which do not beat while they work."""
    max_attempts: int = 3

    @property
    def beat_every(self) -> float:
        """How often a worker should beat for each of its claims."""
        return self.lease / 4


class TaskStore(Protocol):
    """A queue of tasks. All methods belong to one event loop; none blocks it."""

    @property
    def place(self) -> str:
        """Where it is, for people (`/srv/queue`, `nas1:/volume1/queue`, `nats://hub:4222`)."""

    @property
    def rules(self) -> Rules:
        """Lease and attempts."""

    @property
    def weaknesses(self) -> tuple[str, ...]:
        """What it lacks without breaking the promise while nothing else fails, once it is open."""

    async def open(self) -> None:
        """Make or find it, and find out whether it can keep the promise; raises QueueError."""

    async def find(self) -> QueueError | None:
        """Make it ready to be looked at as it is; nothing is made or changed.

        Returns what would keep `open` from using it, as far as that shows without a try. Raises
        QueueMissing when it is not there, QueueError when it cannot be reached.
        """

    async def close(self) -> None:
        """Let go of it. Claims stay ours until their lease ends."""

    # Filling and reading.

    async def add(self, drafts: Sequence[Draft]) -> list[str]:
        """Put tasks on the queue, durable on return; returns their names in order.

        All are checked before the first is written; raises TaskTextError (front matter, size),
        UsageError (a name that cannot be, or is taken).
        """

    async def listing(
        self, states: Collection[TaskState] = TASK_STATES, *, limit: int = 1000
    ) -> Listing:
        """Return counts of all states and up to `limit` entries of each of `states`."""

    async def read(self, name: str) -> Task:
        """Return a task in whatever state, its text and signature; raises NoSuchTask.

        Raises TaskTextError when the text is there but cannot be used.
        """

    async def results(self, name: str) -> list[StoredResult]:
        """Return what is known of its ends: the committed result first, then late ones."""

    # Working.

    async def claim(self, accepts: Callable[[Task], bool], *, host: str) -> Claim | None:
        """Take the first task that may run now and that `accepts`, on behalf of `host`, or None.

        The first is that of the highest priority, then by name. `accepts` must be pure and quick;
        it may be asked off the loop's thread, and again of the text as it was when claimed.
        """

    async def resume(self, claim: Claim) -> None:
        """Hold a claim again that an earlier start of this worker made, as its `token` says.

        Raises LeaseLost when it is not ours any more; a commit cut short may be made again then.
        """

    async def beat(self, claim: Claim) -> None:
        """Show life; raises LeaseLost."""

    async def commit(self, claim: Claim, result: Result) -> None:
        """Make `result` the one result of the task: it is done, durable on return.

        Raises LeaseLost. To be made again after a QueueError: a commit that had succeeded then
        succeeds again.
        """

    async def fail(self, claim: Claim, result: Result) -> None:
        """End the task as failed, durable on return; raises LeaseLost."""

    async def release(
        self, claim: Claim, *, reason: str = "", delay: float = 0.0, counts: bool = False
    ) -> Reaped:
        """Give the task back; raises LeaseLost.

        With `counts` this was a failed attempt: after the last one the task is `dead`, in failed.
        Nobody takes it for about `delay` seconds.
        """

    # Orders of an operator.

    async def retry(self, name: str) -> str:
        """Put a failed, cancelled or quarantined task back to pending with no attempts used.

        A done one is added anew under another name. Returns the name; raises NoSuchTask.
        """

    async def cancel(self, name: str, *, reason: str = "") -> None:
        """End a pending, held or running task as cancelled; its owner's next beat tells it."""

    async def take_back(self, name: str, *, reason: str = "") -> None:
        """Take a running task from its owner, whoever that is, and put it back to pending."""

    async def hold(self, name: str) -> None:
        """Keep a pending task from being taken."""

    async def unhold(self, name: str) -> None:
        """Let a held task be taken again."""

    async def set_priority(self, name: str, priority: int | None) -> None:
        """Set the priority in force of a pending or held task; None: what the task says."""

    async def edit(self, name: str, text: bytes, *, signature: bytes | None = None) -> None:
        """Replace the text of a pending or held task; an old signature is dropped."""

    async def remove(self, name: str) -> None:
        """Delete a finished or quarantined task with all that belongs to it."""

    async def refuse(self, claim: Claim, reason: str) -> None:
        """Set a claimed task aside as quarantined (bad signature, expired); raises LeaseLost."""

    async def adopt(self, task: Task, entry: TaskEntry, ends: Sequence[StoredResult]) -> bool:
        """Write a task as another queue had it: its state, priority and committed result.

        Not for running ones. Durable on return; False when there is one of this name already.
        """

    # Looking after it.

    async def reap(self) -> list[Reaped]:
        """Return tasks of silent owners to pending, and complete what a crash cut short.

        Ages are taken by this store's own monotonic clock from what it saw itself: a first call
        only takes note, unless `claim` or `listing` saw the same before. Call it every few seconds.
        """

    async def wait(self, timeout: float) -> bool:
        """Return True as soon as something may have changed, False after `timeout` seconds."""

    async def show_life(self, beat: Beat) -> None:
        """Write a worker's, daemon's or pull's heartbeat; not durable, only fresh."""

    async def end_life(self, name: str) -> None:
        """Remove a heartbeat, because its owner ended on purpose."""

    async def heartbeats(self) -> list[Beat]:
        """Return all heartbeats, other tools' too; one that cannot be read says so in `word`."""

    # What holds for all its workers.

    async def put_mark(self, name: str, data: bytes) -> bool:
        """Make a mark unless there is one of this name, durable on return.

        True for the one caller who made it. Names are of letters, digits and dashes.
        """

    async def mark(self, name: str) -> bytes | None:
        """Return what a mark says, None without one."""

    async def remove_mark(self, name: str) -> None:
        """Take a mark away, if it is there."""

    async def marks(self) -> list[str]:
        """Return the names of all marks."""
