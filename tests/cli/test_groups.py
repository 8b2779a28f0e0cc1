"""Which commands' parsers a line of words needs: the one it names, or all of them for a slip."""

from __future__ import annotations

import argparse

import pytest

from fleet_tui.cli.main import COMMAND_GROUPS, build_parser, groups_for

ALL = tuple(COMMAND_GROUPS)


@pytest.mark.parametrize("group", ALL)
def test_each_group_adds_the_commands_it_is_listed_with(group: str) -> None:
    parser = build_parser([group])
    (commands,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    assert tuple(commands.choices) == COMMAND_GROUPS[group]


@pytest.mark.parametrize(
    ("words", "groups"),
    [
        ([], ()),
        (["--read-only"], ()),
        (["--web", "8000"], ()),
        (["--config", "run"], ()),
        (["--config", "run", "cancel", "r-1"], ("runs",)),
        (["--config=x", "hosts", "--json"], ("hosts",)),
        (["queue", "run"], ("queue",)),
        (["run", "--help"], ("run",)),
        (["--help"], ALL),
        (["-h"], ALL),
        (["rum"], ALL),
        (["rum", "run"], ALL),
    ],
)
def test_only_the_named_command_is_built(words: list[str], groups: tuple[str, ...]) -> None:
    assert groups_for(words) == groups
