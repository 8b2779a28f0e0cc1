"""What the NATS backend keeps of each task, as JSON in a key-value bucket."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, get_args

from fleet_tui.model.task import (
    NO_OPTIONS,
    TASK_STATES,
    Owner,
    Task,
    TaskEntry,
    TaskOptions,
    TaskState,
)
from fleet_tui.model.text import one_line
from fleet_tui.queue.frontmatter import title_of
from fleet_tui.queue.resultfile import read_result

_VERSION = 1
_PLAIN = re.compile(rb"[A-Za-z0-9_-]")
assert get_args(TaskState) == TASK_STATES


def key_of(name: str) -> str:
    """Return a name as a key and a token of a subject: all but `A-Za-z0-9_-` as `=XX`."""
    return "".join(
        chr(byte) if _PLAIN.match(bytes([byte])) else f"={byte:02X}" for byte in name.encode()
    )


def name_of(key: str) -> str:
    """Return the name of a key."""
    data = re.sub(rb"=([0-9A-F]{2})", lambda found: bytes([int(found[1], 16)]), key.encode())
    return data.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Record:
    """A task's state. It changes only by compare-and-swap of its revision."""

    name: str
    state: TaskState = "pending"
    options: TaskOptions = field(default_factory=TaskOptions)
    title: str = ""
    priority: int | None = None
    """What an operator set."""
    tries: int = 0
    """Attempts that are used up."""
    attempt: int = 0
    """The attempt that runs or ended."""
    host: str = ""
    fence: str = ""
    """Of the claim that runs, or that ended it."""
    size: int = 0
    is_signed: bool = False
    reason: str = ""
    ticket: int = 1
    """Counts its messages on the work queue; part of their ids."""
    chunks: int = 0
    """Pieces of its result, kept under its fence."""
    text: str = ""
    """Under which its text is kept; another one after each edit."""
    head: str = ""
    """The beginning of its result, as a result file."""

    @property
    def is_open(self) -> bool:
        """True while it needs a message on the work queue."""
        return self.state in ("pending", "held", "running")

    def of(self, task: Task) -> Record:
        """Return it with what a text says."""
        return replace(
            self,
            options=task.options,
            title=title_of(task),
            size=len(task.text),
            is_signed=task.signature is not None,
        )

    @property
    def in_force(self) -> int:
        """The priority that counts."""
        return self.options.priority if self.priority is None else self.priority

    def outline(self) -> Task:
        """Return the task as far as the record tells."""
        return Task(self.name, b"", self.title, self.options)

    def entry(self, changed_at: float | None, waits: str) -> TaskEntry:
        """Return its row of a listing."""
        head = read_result(self.head.encode()) if self.head else None
        is_running = self.state == "running"
        return TaskEntry(
            self.name,
            self.state,
            options=self.options,
            title=self.title,
            priority=self.in_force,
            attempt=self.attempt if is_running or not self.is_open else self.tries,
            owner=Owner(self.host, self.fence) if is_running else None,
            changed_at=changed_at,
            size=self.size,
            is_signed=self.is_signed,
            waits=waits,
            reason=self.reason,
            result=head[0] if head else None,
        )


def write_record(record: Record) -> bytes:
    """Return its bytes."""
    table = asdict(record)
    options = {key: value for key, value in table.pop("options").items() if value}
    return json.dumps({"v": _VERSION, **table, "options": options}).encode()


def read_record(key: str, data: bytes) -> Record:
    """Return what bytes say; those that say nothing make a quarantined task of that name."""
    try:
        table: dict[str, Any] = json.loads(data)
        options = _known(TaskOptions, table.pop("options", {}))
        for name in ("needs", "tags", "depends_on"):
            options[name] = tuple(options.get(name, ()))
        record = Record(**_known(Record, table), options=TaskOptions(**options))
        if record.state in TASK_STATES and isinstance(record.name, str):
            return record
        why = "its state is unknown"
    except (ValueError, TypeError, AttributeError) as error:
        why = one_line(str(error))
    return Record(
        name_of(key),
        "quarantined",
        NO_OPTIONS,
        reason=f"its record cannot be read: {why}",
    )


def _known(kind: type, table: dict[str, Any]) -> dict[str, Any]:
    """Leave out what a later version may have added."""
    names = {one.name for one in fields(kind)}
    return {key: value for key, value in table.items() if key in names}
