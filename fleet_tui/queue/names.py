"""The file names of a queue folder, and what each says.

```
pending/<name>.md                               waiting; a plain shell worker takes these too
pending/<name>.md.held                          kept back by an operator
pending/<name>.md.sig                           its signature, wherever the task is until its end
pending/<name>.md.prio=7  .md.tries=2           what an operator set; attempts used
running/<name>.md.host-<HOST>                   claim of a plain shell worker
running/<name>.md.host-<HOST>.a<N>.<FENCE>      our claim, attempt N
running/<either claim>.reap-<FENCE>             being taken from its owner
done/<name>.md  .md.result                      committed; a shell worker's `….host-<HOST>.result`
failed/<name>.md  .md.result                    failed, or out of attempts
failed/<name>.md.cancelled  .md.quarantined     why it is in failed/ instead
failed/<claim>.late                             the result of an owner who had lost the task
.tmp/<claim>.<kind>                             an end that is being written
.marks/paused  .marks/signed-<hash>             what holds for all workers: made once, by the first
```
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import Literal

from fleet_tui.model.task import MAX_NAME_BYTES, Owner, unfit_name

PENDING, RUNNING, DONE, FAILED = "pending", "running", "done", "failed"
BEATS, TMP, MARKS = ".heartbeats", ".tmp", ".marks"
FOLDERS = (PENDING, RUNNING, DONE, FAILED, BEATS, TMP, MARKS)
TASK = ".md"
HELD = ".md.held"
SIG = ".md.sig"
LATE = ".late"
RESULT = ".result"

EndKind = Literal["result", "cancelled", "quarantined"]
END_KINDS: tuple[EndKind, ...] = ("result", "cancelled", "quarantined")

OPERATOR, OPERATOR_HELD = "operator", "operator-held"
"""Stand for the host while an operator ends a task that waits, or one that is held."""
MAX_HOST = 32
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_CLAIM = re.compile(
    r"(?P<name>.+)\.md\.host-(?P<host>[^/]*?)"
    r"(?:\.a(?P<attempt>\d{1,9})\.(?P<fence>[0-9a-z]+-[0-9a-z]+))?"
    r"(?P<reap>\.reap-[0-9a-z]+-[0-9a-z]+)?",
    re.DOTALL,
)
_SIDECAR = re.compile(r"(?P<name>.+)\.md\.(?P<kind>prio|tries)=(?P<number>-?\d{1,9})", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ClaimName:
    """What the name of a file in `running/` says."""

    file: str
    name: str
    host: str
    attempt: int | None
    """None for a plain shell worker's claim."""
    fence: str
    is_reaped: bool
    """True while somebody takes it from its owner."""

    @property
    def owner(self) -> Owner:
        """Who holds it."""
        return Owner(self.host, self.fence)

    @property
    def exact(self) -> str:
        """The name under which its owner knows it."""
        return self.file.partition(".reap-")[0] if self.is_reaped else self.file


class Fences:
    """Makes words that no other claim anywhere has: a generation of this process, and a count."""

    def __init__(self) -> None:
        self._generation = "".join(secrets.choice(_ALPHABET) for _ in range(12))
        self._count = 0

    def next(self) -> str:
        """Return the next one."""
        self._count += 1
        return f"{self._generation}-{base32(self._count)}"


def base32(number: int) -> str:
    """Write a count in Crockford's digits."""
    digits = ""
    while True:
        number, digit = divmod(number, 32)
        digits = _ALPHABET[digit] + digits
        if not number:
            return digits


def claim_file(name: str, host: str, attempt: int, fence: str) -> str:
    """Return the name of our claim in `running/`."""
    return f"{name}.md.host-{_host_word(host)}.a{attempt}.{fence}"


def read_claim(file: str) -> ClaimName | None:
    """Return what a name in `running/` says, None when it is no claim."""
    found = _CLAIM.fullmatch(file)
    if found is None or file.endswith(RESULT):
        return None
    attempt = found["attempt"]
    return ClaimName(
        file,
        found["name"],
        found["host"],
        int(attempt) if attempt is not None else None,
        found["fence"] or "",
        found["reap"] is not None,
    )


def foreign_result(file: str) -> tuple[str, str] | None:
    """Return task and host of a plain shell worker's `<name>.md.host-<HOST>.result`."""
    if not file.endswith(RESULT):
        return None
    claim = _CLAIM.fullmatch(file.removesuffix(RESULT))
    if claim is None or claim["attempt"] is not None:
        return None
    return claim["name"], claim["host"]


def sidecar(name: str, kind: Literal["prio", "tries"], number: int) -> str:
    """Return the name of a sidecar in `pending/` that says a number."""
    return f"{name}.md.{kind}={number}"


def read_sidecar(file: str) -> tuple[str, str, int] | None:
    """Return task, kind and number of such a sidecar."""
    found = _SIDECAR.fullmatch(file)
    return (found["name"], found["kind"], int(found["number"])) if found else None


def safe_name(file: str) -> str:
    """Return a fit task name that reminds of one that is not."""
    kept = re.sub(r"[^A-Za-z0-9._-]", "_", file.removesuffix(TASK)).lstrip(".-")
    return kept[: MAX_NAME_BYTES - 10] or "nameless"


def task_of(file: str) -> str | None:
    """Return the task whose text is in `file` of `pending/`, `done/` or `failed/`, else None."""
    return file.removesuffix(TASK) if file.endswith(TASK) and file != TASK else None


def numbered(name: str, number: int) -> str:
    """Return `name` with a number, short enough to be a task's name."""
    tail = f"-{number}"
    while unfit_name(name + tail):
        name = name[:-1]
    return name + tail


def _host_word(host: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "-", host)[:MAX_HOST] or "host"
