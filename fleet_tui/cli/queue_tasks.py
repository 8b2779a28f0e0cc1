"""`fleet-tui queue add`, `edit` and `sign`: where tasks come from."""

from __future__ import annotations

import getpass
import json
import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from fleet_tui.cli.console import emit, say
from fleet_tui.config.durations import parse_duration
from fleet_tui.model.errors import FleetError, UsageError
from fleet_tui.model.task import MAX_TASK_BYTES
from fleet_tui.queue.frontmatter import parse_task
from fleet_tui.queue.store import Draft

if TYPE_CHECKING:
    import argparse

    from fleet_tui.fleet import Fleet

TEMPLATE = """\
+++
# target = "@web"
# needs = ["gpu"]
# agent = "claude"
# mode = "read"
# priority = 0
# depends_on = []
# budget = 0.50
+++
"""


async def add(fleet: Fleet, options: argparse.Namespace) -> int:
    """Put tasks on the queue and print their names."""
    drafts = _drafts(options)
    queue = fleet.parts.queue
    await queue.open()
    key = _key(fleet, options) if options.sign or options.key else None
    names = await queue.orders.add(drafts, key=key, valid=_valid(options), passphrase=ask)
    for name in names:
        if options.json:
            emit("task-added", fleet.clock.time(), task=name, is_signed=key is not None)
        else:
            say(name)
    return 0


async def edit(fleet: Fleet, options: argparse.Namespace) -> int:
    """Open a pending or held task in the editor."""
    queue = fleet.parts.queue
    await queue.open()
    entry = await queue.orders.find(options.task)
    task = await queue.store.read(entry.name)
    before = task.text.decode("utf-8", "replace")
    after = in_editor(before)
    if after == before:
        say(f"{entry.name}: nothing changed")
        return 0
    parse_task(entry.name, after.encode())
    await queue.orders.edit(entry.name, after)
    gone = "; its signature is gone, sign it again" if task.signature else ""
    say(f"{entry.name}: changed{gone}")
    return 0


async def sign(fleet: Fleet, options: argparse.Namespace) -> int:
    """Sign tasks that wait."""
    queue = fleet.parts.queue
    await queue.open()
    names = [(await queue.orders.find(name)).name for name in options.task]
    key = _key(fleet, options)
    await queue.orders.sign(names, key, valid=_valid(options), passphrase=ask)
    for name in names:
        say(f"{name}: signed with {key}")
    return 0


def in_editor(text: str) -> str:
    """Let the operator change `text` in $VISUAL or $EDITOR; raises FleetError."""
    words = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
    descriptor, name = tempfile.mkstemp(prefix="fleet-task-", suffix=".md")
    path = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        try:
            ended = subprocess.run([*words, name], check=False)
        except OSError as error:
            raise FleetError(
                f"{words[0]} cannot be started: {error.strerror}", mend="set EDITOR"
            ) from None
        if ended.returncode != 0:
            raise FleetError(f"{words[0]} ended with status {ended.returncode}; nothing was done")
        return path.read_text(encoding="utf-8", errors="surrogateescape")
    finally:
        path.unlink(missing_ok=True)


def ask(path: str) -> str | None:
    """Ask the person at the terminal for a passphrase; nobody without one."""
    return getpass.getpass(f"Passphrase of {path}: ") if sys.stdin.isatty() else None


def _drafts(options: argparse.Namespace) -> list[Draft]:
    words = list(options.text)
    if options.prompt_words:
        words.append(" ".join(options.prompt_words))
    texts = [word.rstrip("\n") + "\n" for word in words]
    drafts = [Draft(_headed(text.encode("utf-8", "surrogateescape"), options)) for text in texts]
    drafts += [_from_file(path, options) for path in options.file]
    if not drafts and not sys.stdin.isatty():
        drafts = [Draft(_headed(sys.stdin.buffer.read(MAX_TASK_BYTES + 1), options))]
    elif not drafts:
        drafts = [Draft(in_editor(TEMPLATE).encode("utf-8", "surrogateescape"))]
    if options.name is not None:
        if len(drafts) != 1:
            raise UsageError(f"--name with {len(drafts)} tasks", mend="give each its own file")
        drafts = [Draft(drafts[0].text, options.name)]
    return drafts


def _from_file(path: Path, options: argparse.Namespace) -> Draft:
    try:
        if path.stat().st_size > MAX_TASK_BYTES:
            mend = f"at most {MAX_TASK_BYTES:,} bytes"
            raise UsageError(
                f"a task of {path.stat().st_size:,} bytes is too long", where=str(path), mend=mend
            )
        return Draft(_headed(path.read_bytes(), options))
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=str(path)) from None


def _headed(text: bytes, options: argparse.Namespace) -> bytes:
    """Return the task with the options of the command line in its front matter."""
    lines = []
    for key in ("target", "host", "agent", "mode"):
        value = getattr(options, key)
        if value is not None:
            lines.append(f"{key} = {_toml(value)}")
    if options.needs:
        lines.append(f"needs = [{', '.join(map(_toml, options.needs))}]")
    if options.after:
        lines.append(f"depends_on = [{', '.join(map(_toml, options.after))}]")
    if options.priority is not None:
        lines.append(f"priority = {options.priority}")
    if options.budget is not None:
        lines.append(f"budget = {options.budget}")
    if not lines:
        return text
    head = "\n".join(lines).encode()
    if text.startswith(b"+++"):
        first, _, rest = text.partition(b"\n")
        return first + b"\n" + head + b"\n" + rest
    return b"+++\n" + head + b"\n+++\n" + text


def _toml(text: str) -> str:
    """Return a TOML string; JSON's escapes are a part of TOML's."""
    return json.dumps(text)


def _key(fleet: Fleet, options: argparse.Namespace) -> Path:
    return options.key or fleet.parts.queue.settings.signing_key


def _valid(options: argparse.Namespace) -> float:
    seconds = parse_duration(options.valid)
    if seconds is None or not seconds > 0:
        raise UsageError(f"{options.valid!r} is no duration", mend="write it like 12h or 7d")
    return seconds
