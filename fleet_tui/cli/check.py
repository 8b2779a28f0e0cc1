"""`fleet-tui check` and `fleet-tui init`: is fleet.toml right, and writing a first one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from fleet_tui.cli.console import complain, say
from fleet_tui.cli.context import load_config
from fleet_tui.config import config_dir, draft_from_ssh_config
from fleet_tui.config.paths import CONFIG_VARIABLE, FILE_NAME
from fleet_tui.model.errors import ConfigError, UsageError

if TYPE_CHECKING:
    import argparse


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare `check` and `init`."""
    check = commands.add_parser("check", help="validate fleet.toml; every problem, not the first")
    check.set_defaults(handler=check_command)
    init = commands.add_parser("init", help="write a first fleet.toml")
    init.add_argument(
        "--from-ssh-config", action="store_true", help="with the hosts of ~/.ssh/config"
    )
    init.add_argument("--output", type=Path, metavar="FILE", help="where to; - prints it")
    init.set_defaults(handler=init_command)


def check_command(options: argparse.Namespace) -> int:
    """Print every problem, one a line; exit 0 when there is none, 2 otherwise.

    That is what stops the program, and what only costs the screen a key or a theme.
    """
    from fleet_tui.tui import own_files  # loads textual, which no other command needs

    config = None
    try:
        config = load_config(options)
        problems = []
    except ConfigError as error:
        problems = [str(problem) for problem in error.problems]
    problems += own_files.problems(config)
    for problem in problems:
        complain(problem)
    if config is None or problems:
        return 2
    groups = {group for host in config.hosts for group in host.groups}
    say(f"{config.path}: {len(config.hosts)} hosts, {len(groups)} groups, no problems")
    return 0


def init_command(options: argparse.Namespace) -> int:
    """Write fleet.toml; never over an existing one."""
    path = Path.home() / ".ssh" / "config" if options.from_ssh_config else None
    draft = draft_from_ssh_config(path)
    if options.output is not None and str(options.output) == "-":
        say(draft.rstrip("\n"))
        return 0
    named = os.environ.get(CONFIG_VARIABLE)
    target = options.output or options.config or Path(named or config_dir() / FILE_NAME)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise UsageError(
            f"{target} exists already", mend="name another file with --output"
        ) from None
    except OSError as error:
        raise UsageError(
            f"cannot write {target}: {error.strerror}", mend="name another file with --output"
        ) from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(draft)
    say(f"wrote {target}; check it with `fleet-tui check`, then run `fleet-tui`")
    return 0
