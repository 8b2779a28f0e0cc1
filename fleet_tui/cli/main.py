"""The command line: what exists, and the one place where errors become lines and statuses."""

from __future__ import annotations

import argparse
import errno
import gc
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from fleet_tui import __version__
from fleet_tui.cli.console import bug_line, complain
from fleet_tui.cli.parser import EXIT_STATUS, Parser, complete_help, every_parser
from fleet_tui.model.errors import ConfigError, FleetError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

INTERRUPTED = 130
OUTPUT_FAULTS = frozenset({errno.EPIPE, errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG})
"""How writing to a pipe or a file that the shell opened fails; such an error names no file."""

COMMAND_GROUPS = {
    "run": ("run",),
    "runs": ("runs", "cancel"),
    "peers": ("peers",),
    "attach": ("attach", "resume"),
    "managed": ("managed",),
    "threads": ("threads",),
    "handoff": ("handoff",),
    "orphans": ("orphans", "adopt"),
    "queue": ("queue",),
    "worker": ("worker",),
    "heartbeats": ("heartbeats",),
    "daemon": ("daemon",),
    "schedule": ("schedule",),
    "hosts": ("hosts",),
    "costs": ("costs",),
    "doctor": ("doctor",),
    "mirror": ("mirror",),
    "promote": ("promote",),
    "patterns": ("patterns",),
    "notify": ("notify",),
    "mcp": ("mcp",),
    "log": ("log",),
    "check": ("check", "init"),
    "screen": ("demo",),
    "replay": ("replay",),
}
"""Modules of `fleet_tui.cli`, each with `add_commands`, and the commands it adds; help's order."""


def build_parser(groups: Iterable[str] = tuple(COMMAND_GROUPS)) -> argparse.ArgumentParser:
    """Return the parser of the commands of these groups; each sets `handler`."""
    from fleet_tui.cli import screen

    parser = Parser(
        prog="fleet-tui",
        description="A terminal control room for fleets of coding agents. "
        "Without a command it opens the screen.",
        epilog=EXIT_STATUS,
    )
    parser.add_argument("--version", action="version", version=f"fleet-tui {__version__}")
    _add_common(parser, missing=None)
    screen.add_web(parser)
    parser.set_defaults(handler=screen.open_screen)
    commands = parser.add_subparsers(metavar="COMMAND", parser_class=Parser)
    for name in groups:
        import_module(f"fleet_tui.cli.{name}").add_commands(commands)
    complete_help(commands)
    for command in every_parser(commands):
        _add_common(command, missing=argparse.SUPPRESS)
    return parser


def _add_common(parser: argparse.ArgumentParser, *, missing: str | None) -> None:
    """Add what may stand before or after the command; `missing` is the default of each."""
    group = parser.add_argument_group("everywhere")
    group.add_argument(
        "--config", type=Path, metavar="FILE", default=missing, help="use this fleet.toml"
    )
    for flag, told in (
        ("--read-only", "look, but change nothing"),
        ("--debug", "show tracebacks"),
    ):
        group.add_argument(
            flag, action="store_true", default=missing if missing else False, help=told
        )


def split_prompt(arguments: Sequence[str]) -> tuple[list[str], list[str] | None]:
    """Return what stands before the first `--`, and the words after it (None without one)."""
    words = list(arguments)
    if "--" not in words:
        return words, None
    place = words.index("--")
    return words[:place], words[place + 1 :]


def groups_for(words: Sequence[str]) -> tuple[str, ...]:
    """Return the groups whose parsers these words need: all of them for help and for a slip.

    What one command is made of is not imported for another: the screen's first picture, and a
    script that calls `run` a thousand times, wait for nothing they do not use.
    """
    known = {word: group for group, added in COMMAND_GROUPS.items() for word in added}
    plain = [w for w, before in zip(words, ("", *words), strict=False) if _is_plain(w, before)]
    if not plain:
        return tuple(COMMAND_GROUPS) if {"-h", "--help"} & set(words) else ()
    return (known[plain[0]],) if plain[0] in known else tuple(COMMAND_GROUPS)


def _is_plain(word: str, before: str) -> bool:
    """Return whether a word is neither an option nor the value of one that stands anywhere."""
    is_value = before == "--config" or (before == "--web" and word.isdecimal())
    return not word.startswith("-") and not is_value


def run(arguments: Sequence[str]) -> int:
    """Carry out one command line; returns the exit status."""
    is_debug = "--debug" in arguments or bool(os.environ.get("FLEET_DEBUG"))
    try:
        before, prompt = split_prompt(arguments)
        options = build_parser(groups_for(before)).parse_args(before)
        options.prompt_words = prompt
        handler: Callable[[argparse.Namespace], int] = options.handler
        gc.enable()
        status = handler(options)
        sys.stdout.flush()  # here, where a reader that has gone is no surprise
        return status
    except ConfigError as error:
        for problem in error.problems:
            complain(str(problem))
        if not error.problems or error.mend:
            complain(str(error))
        return error.exit_code
    except FleetError as error:
        complain(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as bug:
        if isinstance(bug, OSError) and (why := _output_fault(bug)) is not None:
            if why:
                complain(why)
            return 1
        if is_debug:
            raise
        complain(bug_line(bug))
        return 1


def _output_fault(error: OSError) -> str | None:
    """Say why standard output takes no more: nothing when its reader has gone; None when it does.

    It is let go of then, which keeps the interpreter from complaining at exit.
    """
    try:
        sys.stdout.flush()
    except OSError as fault:
        error = fault
    else:
        if error.errno not in OUTPUT_FAULTS or error.filename is not None:
            return None
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if error.errno == errno.EPIPE:
        return ""
    return f"standard output: {error.strerror} (free space there, or write to another place)"
