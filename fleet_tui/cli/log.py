"""`fleet-tui log`: the audit log, filtered, followed, verified."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING

from fleet_tui.cli.console import complain, say
from fleet_tui.cli.context import load_config, run_async
from fleet_tui.config import data_dir, log_path
from fleet_tui.journal import LogFilter, follow, read, verify
from fleet_tui.journal.head_place import head_path

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from fleet_tui.journal import LogLine
    from fleet_tui.model.config import FleetConfig

FOLLOW_SECONDS = 0.3


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare `log`."""
    parser = commands.add_parser("log", help="show, follow or verify the audit log")
    parser.add_argument(
        "filter", nargs="*", help="an event (dispatch), key=value (host=nas*), or a word"
    )
    parser.add_argument("--follow", "-f", action="store_true", help="go on as lines are added")
    parser.add_argument("--verify", action="store_true", help="check the chain; exit 1 if broken")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.set_defaults(handler=log_command)


def log_command(options: argparse.Namespace) -> int:
    """Print the lines that fit the filter, oldest first."""
    config = load_config(options)
    path = log_path(config)
    if options.verify:
        return _verify(config, path, as_json=options.json)
    wanted = LogFilter.parse(options.filter)
    if options.follow:
        return run_async(_follow(path, wanted, as_json=options.json))
    for line in read(path, wanted):
        _print(line, as_json=options.json)
    return 0


def _verify(config: FleetConfig, path: Path, *, as_json: bool) -> int:
    result = verify(path, head=head_path(data_dir(config), path))
    if as_json:
        document = {
            "event": "log-verified",
            "ok": result.ok,
            "lines": result.lines,
            "unchained": result.unchained,
            "files": result.files,
            "file": result.file,
            "line": result.line,
            "reason": result.reason,
        }
        sys.stdout.write(json.dumps(document) + "\n")
    elif result.ok:
        foreign = f", {result.unchained} of them not ours" if result.unchained else ""
        say(f"{path}: {result.lines} lines in {result.files} files{foreign}: the chain holds")
    else:
        place = f"{result.file}:{result.line}" if result.line else result.file or str(path)
        complain(f"{place}: {result.reason}")
    return 0 if result.ok else 1


async def _follow(path: Path, wanted: LogFilter, *, as_json: bool) -> int:
    async for line in follow(path, wanted, wait=lambda: asyncio.sleep(FOLLOW_SECONDS)):
        _print(line, as_json=as_json)
        sys.stdout.flush()
    return 0


def _print(line: LogLine, *, as_json: bool) -> None:
    if not as_json:
        say(line.raw)
        return
    document = {
        "event": line.event,
        "time": line.raw.split("  ", 1)[0],
        **line.fields,
        "prev": line.prev,
    }
    sys.stdout.write(json.dumps(document) + "\n")
