"""Help that leaves nothing out, and slips that are answered."""

from __future__ import annotations

import argparse

import pytest

from fleet_tui.cli.main import build_parser, run
from fleet_tui.cli.parser import every_parser


def commands() -> list[argparse.ArgumentParser]:
    """Return the parser of every command."""
    actions = build_parser()._actions
    return list(every_parser(next(a for a in actions if isinstance(a, argparse._SubParsersAction))))


@pytest.mark.parametrize("parser", commands(), ids=lambda parser: str(parser.prog))
def test_each_command_says_what_it_does_and_what_it_takes(parser: argparse.ArgumentParser) -> None:
    assert parser.description
    untold = [
        "/".join(action.option_strings) or action.dest
        for action in parser._actions
        if not action.help and not isinstance(action, argparse._SubParsersAction)
    ]
    assert untold == []
    assert "SUPPRESS" not in parser.format_help()


def test_a_default_stands_in_the_help() -> None:
    told = {parser.prog: " ".join(parser.format_help().split()) for parser in commands()}
    assert "so many days, with today (default 14)" in told["fleet-tui costs"]
    assert "times real time (default 20)" in told["fleet-tui replay"]
    assert "(default fleet)" in told["fleet-tui peers broadcast"]


def test_the_exit_statuses_stand_in_the_help() -> None:
    assert "3 refused by a gate" in " ".join(build_parser().format_help().split())


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["hots"], "there is no command 'hots' (did you mean `fleet-tui hosts`? see"),
        (["queue", "lst"], "there is no command 'lst' (did you mean `fleet-tui queue list`? see"),
        (["frobnicate"], "there is no command 'frobnicate' (see `fleet-tui --help`)"),
        (["run", "--agent", "shel", "x"], "argument --agent: invalid choice: 'shel'"),
    ],
)
def test_a_slip_is_answered(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(words) == 2
    assert told in capsys.readouterr().err
