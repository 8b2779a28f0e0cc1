"""The parser of the command line: slips in one line, and help that leaves nothing out."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING, Any, NoReturn

from fleet_tui.model.errors import UsageError
from fleet_tui.model.nearest import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

EXIT_STATUS = (
    "exit status: 0 all well; 1 a run or check failed; 2 bad usage or configuration; "
    "3 refused by a gate; 4 a host could not be reached; 130 interrupted"
)
_CHOICE = re.compile(r"argument (?P<of>[A-Z]+): invalid choice: '(?P<found>.*)' \((?P<known>.*)\)$")
_WORD = re.compile(r"[a-z][a-z0-9-]*")


class Parser(argparse.ArgumentParser):
    """Raises UsageError; a mistyped command is answered with the nearest one."""

    def error(self, message: str) -> NoReturn:
        """Raise what is wrong with the command line."""
        mend = f"see `{self.prog} --help`"
        slip = _CHOICE.match(message)
        if slip and slip["of"] in ("COMMAND", "VERB", "DO"):
            known = _WORD.findall(slip["known"].removeprefix("choose from"))
            meant = nearest(slip["found"], known)
            message = f"there is no command {slip['found']!r}"
            mend = f"did you mean `{self.prog} {meant}`? {mend}" if meant else mend
        raise UsageError(message, mend=mend)


def every_parser(
    commands: argparse._SubParsersAction[Any],
) -> Iterator[argparse.ArgumentParser]:
    """Yield the parser of each command, and of the words that stand after it."""
    for parser in commands.choices.values():
        yield parser
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                yield from every_parser(action)


def complete_help(commands: argparse._SubParsersAction[Any]) -> None:
    """Begin each command's help with what it does, and name the default of each option."""
    for told in commands._choices_actions:
        parser = commands.choices[told.dest]
        if not parser.description and told.help:
            parser.description = f"{told.help[0].upper()}{told.help[1:]}."
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                complete_help(action)
            elif action.option_strings and _names_no_default(action):
                action.help = f"{action.help} (default {_shown(action.default)})"


def _names_no_default(action: argparse.Action) -> bool:
    is_value = isinstance(action.default, str | int | float) and not isinstance(
        action.default, bool
    )
    return action.default != argparse.SUPPRESS and bool(
        is_value and action.help and action.default and "default" not in action.help
    )


def _shown(default: object) -> str:
    text = f"{default:g}" if isinstance(default, float) else str(default)
    return text.replace("%", "%%")
