"""The file that holds a task's result: what is known of the attempt as TOML, then the answer.

```
+++
fleet_task = 1
outcome = "ok"
+++
The answer.
```
A file without that head is a plain shell worker's: all of it is the answer.
"""

from __future__ import annotations

import tomllib
from dataclasses import fields
from typing import TYPE_CHECKING, Any, get_args

import tomli_w

from fleet_tui.model.run import Outcome
from fleet_tui.model.task import MAX_RESULT_BYTES, Result
from fleet_tui.model.text import one_line, sanitize

if TYPE_CHECKING:
    from collections.abc import Mapping

_FENCE = "+++\n"
_MARK = "fleet_task"
_VERSION = 1
_TEXTS = ("reason", "host", "worker", "agent", "run", "session")
_NUMBERS = ("cost_usd", "started_at", "finished_at")
_OWN = frozenset({_MARK, "fence", *(one.name for one in fields(Result))})
_LONGEST = 2000


def clip(text: str, limit: int = MAX_RESULT_BYTES) -> str:
    """Return `text`, cut in the middle when it is longer than `limit` bytes."""
    data = text.encode("utf-8", "replace")
    if len(data) <= limit:
        return text
    half = (limit - 200) // 2
    note = f"\n\n[… {len(data) - 2 * half:,} bytes were cut out here …]\n\n"
    return data[:half].decode("utf-8", "ignore") + note + data[-half:].decode("utf-8", "ignore")


def write_result(result: Result, fence: str) -> bytes:
    """Return the bytes of a result file; `fence` is the claim's that it belongs to."""
    head: dict[str, Any] = {_MARK: _VERSION, "fence": fence}
    for name in _TEXTS:
        value = getattr(result, name)
        if value:
            head[name] = one_line(value, _LONGEST)
    for name in _NUMBERS:
        value = getattr(result, name)
        if value is not None:
            head[name] = float(value)
    if result.outcome is not None:
        head["outcome"] = result.outcome
    if result.attempt:
        head["attempt"] = result.attempt
    head.update({key: value for key, value in result.extra.items() if key not in _OWN})
    return f"{_FENCE}{tomli_w.dumps(head)}{_FENCE}{clip(result.text)}".encode("utf-8", "replace")


def read_result(data: bytes) -> tuple[Result, str] | None:
    """Return a result and its fence, None for a plain shell worker's file."""
    text = data.decode("utf-8", "replace")
    if not text.startswith(_FENCE):
        return None
    head, closed, body = text[len(_FENCE) :].partition(f"\n{_FENCE}")
    try:
        table = tomllib.loads(head) if closed else {}
    except tomllib.TOMLDecodeError:
        return None
    if _MARK not in table:
        return None
    return _result(table, body), str(table.get("fence", ""))


def plain_result(data: bytes, host: str) -> Result:
    """Return what a plain shell worker's result says."""
    return Result(text=sanitize(data.decode("utf-8", "replace")), host=one_line(host, 100))


def _result(table: Mapping[str, Any], body: str) -> Result:
    known: dict[str, Any] = {name: one_line(str(table.get(name, "")), _LONGEST) for name in _TEXTS}
    for name in _NUMBERS:
        value = table.get(name)
        known[name] = float(value) if isinstance(value, int | float) else None
    outcome = table.get("outcome")
    attempt = table.get("attempt")
    return Result(
        text=sanitize(body),
        outcome=outcome if outcome in get_args(Outcome) else None,
        attempt=attempt if isinstance(attempt, int) else 0,
        extra={key: str(value) for key, value in table.items() if key not in _OWN},
        **known,
    )
