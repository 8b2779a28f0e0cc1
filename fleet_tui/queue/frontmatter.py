"""A task's file: Markdown, with options as TOML between two `+++` lines at its very top."""

from __future__ import annotations

import re
import tomllib
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any, get_args

from fleet_tui.config.durations import parse_duration
from fleet_tui.model.nearest import nearest
from fleet_tui.model.run import AgentName
from fleet_tui.model.target import NAME
from fleet_tui.model.task import (
    MAX_PRIORITY,
    MAX_TASK_BYTES,
    Task,
    TaskOptions,
    TaskTextError,
    unfit_name,
)
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    from collections.abc import Callable

FENCE = "+++"
_AT_LINE = re.compile(r"\(at line (\d+), column \d+\)")
_LONGEST_WORD = 200


class _Unfit(Exception):
    """A value that a key cannot have; says what is allowed."""


def parse_task(name: str, text: bytes, signature: bytes | None = None) -> Task:
    """Return the task in `text`; raises TaskTextError with the line where it breaks."""
    where = f"{name}.md"
    if len(text) > MAX_TASK_BYTES:
        raise TaskTextError(
            f"a task of {len(text):,} bytes is too long",
            where=where,
            mend=f"at most {MAX_TASK_BYTES:,}; put what it needs into a file that it names",
        )
    try:
        lines = [line for line in re.split(r"(?<=\n)", text.decode("utf-8-sig")) if line]
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        raise TaskTextError(
            "not UTF-8 text", line=line, where=where, mend="save it as UTF-8"
        ) from error
    if any("\x00" in line for line in lines):
        at = next(number for number, line in enumerate(lines, 1) if "\x00" in line)
        raise TaskTextError(
            "holds a zero byte: cut off, or no text", line=at, where=where, mend="write it again"
        )
    options, body = TaskOptions(), lines
    if lines and lines[0].rstrip() == FENCE:
        block, body = _split(lines, where)
        options = _options(block, where)
    prompt = "".join(body).strip("\r\n")
    if not prompt.strip():
        raise TaskTextError("the task has no text", where=where, mend="say what is to be done")
    return Task(name, text, prompt, options, signature)


def title_of(task: Task) -> str:
    """Return the first words of the prompt, for a list."""
    return one_line(task.prompt.lstrip("# \n"), 100)


def _split(lines: list[str], where: str) -> tuple[list[str], list[str]]:
    for number, line in enumerate(lines[1:], 1):
        if line.rstrip() == FENCE:
            return lines[1:number], lines[number + 1 :]
    raise TaskTextError(
        f"the options are not closed by a line {FENCE}",
        line=len(lines),
        where=where,
        mend=f"add a line {FENCE} after them; the file may be cut off",
    )


def _options(block: list[str], where: str) -> TaskOptions:
    try:
        table = tomllib.loads("".join(line.rstrip("\r\n") + "\n" for line in block))
    except tomllib.TOMLDecodeError as error:
        found = _AT_LINE.search(str(error))
        line = min(int(found.group(1)), len(block)) + 1 if found else len(block) + 1
        what = one_line(_AT_LINE.sub("", str(error)).strip(), 120)
        raise TaskTextError(
            f"the options are no TOML: {what}",
            line=line,
            where=where,
            mend='write `key = "value"` lines',
        ) from error
    fields: dict[str, Any] = {}
    for key, value in table.items():
        known = _KEYS.get(key)
        if known is None:
            close = nearest(key, _KEYS)
            mend = f"did you mean `{close}`?" if close else f"known: {', '.join(_KEYS)}"
            what = f"no option is called `{one_line(key, 40)}`"
            raise TaskTextError(what, line=_line_of(block, key), where=where, mend=mend)
        field, read = known
        try:
            fields[field] = read(value)
        except _Unfit as error:
            what = f"`{key}` cannot be {one_line(repr(value), 60)}"
            at = _line_of(block, key)
            raise TaskTextError(what, line=at, where=where, mend=str(error)) from error
    return TaskOptions(**fields)


def _line_of(block: list[str], key: str) -> int:
    starts = re.compile(rf"""\s*\[*\s*["']?{re.escape(key)}["']?\s*[=.\]]""")
    return next((number for number, line in enumerate(block, 2) if starts.match(line)), 2)


# What each option may be.


def _word(value: object) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > _LONGEST_WORD:
        raise _Unfit(f"a text of 1 to {_LONGEST_WORD} characters")
    if one_line(value, _LONGEST_WORD) != " ".join(value.split()):
        raise _Unfit("a text without control characters")
    return value.strip()


def _host(value: object) -> str:
    text = _word(value)
    if not re.fullmatch(NAME.pattern, text):
        raise _Unfit("the name of a host or a group")
    return text


def _group(value: object) -> str:
    return _host(value.removeprefix("@") if isinstance(value, str) else value)


def _agent(value: object) -> str:
    if value not in get_args(AgentName):
        raise _Unfit(f"one of {', '.join(get_args(AgentName))}")
    return str(value)


def _mode(value: object) -> str:
    if value not in ("read", "write"):
        raise _Unfit("read or write; unrestricted is only ever typed by hand")
    return str(value)


def _whole(low: int, high: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise _Unfit(f"a whole number from {low} to {high}")
        return value

    return read


def _money(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1e6:
        raise _Unfit("a number of US dollars above 0")
    return float(value)


def _seconds(value: object) -> float:
    seconds = parse_duration(value) if isinstance(value, str) else value
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise _Unfit('a duration like "30m"')
    if not 1 <= seconds <= 30 * 86_400:
        raise _Unfit("a duration from 1 second to 30 days")
    return float(seconds)


def _moment(value: object) -> float:
    """Read a date and time; without an offset it is this machine's."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError as error:
            raise _Unfit("a time like 2026-05-18T22:00:00+02:00") from error
    elif isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if not isinstance(value, datetime):
        raise _Unfit("a time like 2026-05-18T22:00:00+02:00")
    try:
        return value.timestamp()
    except (OverflowError, OSError, ValueError) as error:
        raise _Unfit("a time of this century") from error


def _words(value: object) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    if len(values) > 64:
        raise _Unfit("at most 64 words")
    return tuple(_word(one) for one in values)


def _tasks(value: object) -> tuple[str, ...]:
    names = tuple(name.removesuffix(".md") for name in _words(value))
    if any(unfit_name(name) for name in names):
        raise _Unfit("names of tasks")
    return names


_KEYS: dict[str, tuple[str, Callable[[object], object]]] = {
    "id": ("id", _word),
    "target": ("target", _word),
    "host": ("host", _host),
    "group": ("group", _group),
    "agent": ("agent", _agent),
    "mode": ("mode", _mode),
    "model": ("model", _word),
    "needs": ("needs", _words),
    "tags": ("tags", _words),
    "priority": ("priority", _whole(-MAX_PRIORITY, MAX_PRIORITY)),
    "not_before": ("not_before", _moment),
    "expires": ("expires", _moment),
    "depends_on": ("depends_on", _tasks),
    "budget": ("budget_usd", _money),
    "timeout": ("timeout_seconds", _seconds),
    "max_attempts": ("max_attempts", _whole(1, 100)),
    "workdir": ("workdir", _word),
}
"""Option to field of TaskOptions and what reads it; in the order of the documentation."""

OPTION_NAMES = tuple(_KEYS)
