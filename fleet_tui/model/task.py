"""Tasks on the shared queue: their names, what they ask, who holds them, how they ended. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

from fleet_tui.model.errors import FleetError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_tui.model.run import AgentName, Mode, Outcome

MAX_TASK_BYTES = 512 * 1024
"""A longer task is refused: it would not fit one NATS message beside its signature."""
MAX_RESULT_BYTES = 8 * 1024 * 1024
"""A longer result is cut in the middle, and says so."""
MAX_NAME_BYTES = 150
"""UTF-8 bytes of a name, so that a claim of it fits the 255 bytes of a file name."""
MAX_PRIORITY = 100

TaskState = Literal["pending", "held", "running", "done", "failed", "cancelled", "quarantined"]
"""Where a task is. `failed` holds the dead ones too: those that used up their attempts."""
TASK_STATES: tuple[TaskState, ...] = get_args(TaskState)
FinalState = Literal["done", "failed", "cancelled"]
FINAL_STATES: frozenset[TaskState] = frozenset(get_args(FinalState))

NAME_ALLOWED = "letters, digits, `.`, `_`, `-`; not beginning with `.` or `-`"
_NEW_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_UNFIT = re.compile(r"[\x00-\x1f\x7f/\\]")


class QueueError(FleetError):
    """The queue cannot be read or written; says what, where and the mend. Nothing was lost."""


class QueueUnset(QueueError):
    """fleet.toml does not say where the queue is."""

    exit_code = 2


class QueueMissing(QueueError):
    """There is no queue where fleet.toml says, and who asks only looks, so none is made."""

    def __init__(self, place: str, otherwise: str) -> None:
        """Name the place; `otherwise` says what to do when there should be one."""
        super().__init__(
            "there is no queue there yet",
            where=place,
            mend=f"`fleet-tui queue add` or a worker makes it; should it be there, {otherwise}",
        )


class LeaseLost(QueueError):
    """The task is not ours any more: somebody cancelled it, or we were silent for too long.

    Nothing of ours was committed. Whoever meets this stops the run.
    """


class NoSuchTask(UsageError):
    """A task that is not on the queue, or not in a state that allows what was asked."""


class TaskTextError(UsageError):
    """A task that cannot be used as it is written; `line` counts from 1 within the task."""

    def __init__(
        self, what: str, *, line: int | None = None, where: str = "task", mend: str | None = None
    ) -> None:
        place = f"{where}:{line}" if line is not None else where
        super().__init__(what, where=place, mend=mend)
        self.line = line


def check_new_name(name: str) -> str:
    """Return `name` if a task that we make may be called so; raises UsageError."""
    if len(name.encode("utf-8", "surrogatepass")) > MAX_NAME_BYTES:
        what = f"a task's name of {len(name.encode('utf-8', 'surrogatepass'))} bytes is too long"
        raise UsageError(what, where=name[:40], mend=f"at most {MAX_NAME_BYTES} bytes")
    if not _NEW_NAME.fullmatch(name):
        raise UsageError(f"{name!r} cannot be a task's name", mend=f"use {NAME_ALLOWED}")
    return name


def unfit_name(name: str) -> str:
    """Return why a file that somebody put into the queue cannot be a task; empty when it can.

    More is allowed than for names that we make: spaces and other scripts, a leading dash.
    """
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        return "its name is not UTF-8"
    if not name or name.startswith("."):
        return "its name begins with a dot"
    if _UNFIT.search(name):
        return "its name holds a control character or a slash"
    if size > MAX_NAME_BYTES:
        return f"its name is longer than {MAX_NAME_BYTES} bytes"
    return ""


def name_from(text: str) -> str:
    """Return a name made of the first words of `text`, empty when it has none fit for that."""
    words = re.findall(r"[A-Za-z0-9]+", text[:400].partition("\n")[0].lower())
    return "-".join(words)[:40].strip("-")


@dataclass(frozen=True, slots=True)
class TaskOptions:
    """What a task's front matter says; None and empty leave the choice to worker and defaults."""

    id: str | None = None
    """Stands inside what is signed, so that a replay is seen."""
    target: str | None = None
    """A target expression; a worker for a host that it selects may take the task."""
    host: str | None = None
    group: str | None = None
    agent: AgentName | None = None
    mode: Mode | None = None
    model: str | None = None
    needs: tuple[str, ...] = ()
    """Labels that a worker must have."""
    tags: tuple[str, ...] = ()
    """Free words to find tasks by."""
    priority: int = 0
    """Higher goes first, -100 to 100; plain tasks have 0."""
    not_before: float | None = None
    """Unix seconds."""
    expires: float | None = None
    """Unix seconds; a task is refused after it."""
    depends_on: tuple[str, ...] = ()
    """Names of tasks that must be done first."""
    budget_usd: float | None = None
    timeout_seconds: float | None = None
    max_attempts: int | None = None
    workdir: str | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """A task as written. `prompt` is what follows the front matter."""

    name: str
    text: bytes
    """The exact bytes of the file: what a signature covers."""
    prompt: str
    options: TaskOptions = field(default_factory=TaskOptions)
    signature: bytes | None = None
    """The sidecar `<name>.md.sig`, armored SSHSIG; None when there is none."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Who holds a task."""

    host: str
    """The host's name as the worker gives it; two workers may share one."""
    fence: str = ""
    """Unique for each claim of each worker; empty for a plain shell worker's claim."""

    @property
    def is_foreign(self) -> bool:
        """True for claims of plain shell workers, which know neither lease nor attempts."""
        return not self.fence


@dataclass(frozen=True, slots=True)
class Claim:
    """Our hold on a task. `token` is the store's own: it decides whether we still have it."""

    task: Task
    owner: Owner
    attempt: int
    """1 for the first try."""
    token: str

    @property
    def key(self) -> str:
        """Name and attempt, as an idempotency key for effects outside (`fix-3.a2`)."""
        return f"{self.task.name}.a{self.attempt}"


@dataclass(frozen=True, slots=True)
class Result:
    """How one attempt ended. Times are Unix seconds of the worker's clock, for people only."""

    text: str
    """What the agent answered, sanitized."""
    outcome: Outcome | None = None
    reason: str = ""
    """One sentence; empty when the outcome says it all."""
    host: str = ""
    worker: str = ""
    agent: str = ""
    run: str = ""
    session: str = ""
    attempt: int = 0
    cost_usd: float | None = None
    started_at: float | None = None
    finished_at: float | None = None
    extra: Mapping[str, str] = field(default_factory=dict)
    """Further facts by a worker of a later version; kept as they are."""


@dataclass(frozen=True, slots=True)
class StoredResult:
    """A result on the queue. `state` None: an orphan, or a late one that was not committed."""

    name: str
    result: Result
    state: FinalState | None = None
    is_foreign: bool = False
    """True when a plain shell worker wrote it: all we know is its text."""


@dataclass(frozen=True, slots=True)
class TaskEntry:
    """One row of a listing."""

    name: str
    state: TaskState
    options: TaskOptions = field(default_factory=TaskOptions)
    title: str = ""
    """The first words of its prompt, one line; empty where the store did not read it."""
    priority: int = 0
    """In force: what an operator set, else what the task says."""
    attempt: int = 0
    """Tries begun so far."""
    owner: Owner | None = None
    changed_at: float | None = None
    """When the store's own clock last saw it change, Unix seconds; never compare with ours."""
    seen_for: float | None = None
    """Seconds of our monotonic clock since the last sign of life of its owner."""
    size: int = 0
    is_signed: bool = False
    waits: str = ""
    """Why a pending task cannot be taken by anybody yet (`until 22:00`, `for build`)."""
    reason: str = ""
    """Why it was quarantined, failed or cancelled, or how its last attempt ended."""
    result: Result | None = None
    """What is known of its end, its text cut short; None where the store did not read it."""


@dataclass(frozen=True, slots=True)
class Listing:
    """All counts, and entries of the states that were asked for, in the order of the queue."""

    counts: Mapping[TaskState, int]
    entries: tuple[TaskEntry, ...] = ()

    @property
    def total(self) -> int:
        """All tasks, in whatever state."""
        return sum(self.counts.values())


ReapKind = Literal["returned", "dead", "completed", "taken-back"]


@dataclass(frozen=True, slots=True)
class Reaped:
    """What a look after lost claims did to one task.

    `returned` to pending; `dead`: no attempt left; `completed`: a commit that was cut short.
    """

    name: str
    kind: ReapKind
    owner: Owner
    attempt: int
    reason: str


@dataclass(frozen=True, slots=True)
class Beat:
    """A sign of life on the queue, as read. `counter` only ever says "changed" or "the same"."""

    name: str
    """Who beats: a worker's, a daemon's or a host's name."""
    counter: str
    """Changes with each beat."""
    host: str = ""
    kind: str = "worker"
    word: str = ""
    """The last word, one line, sanitized."""
    doing: tuple[str, ...] = ()
    """Names of the tasks it holds."""
    labels: tuple[str, ...] = ()
    slots: int = 1
    is_paused: bool = False
    is_foreign: bool = False
    """True for a plain `date`-style file of another tool."""


NO_OPTIONS = TaskOptions()
