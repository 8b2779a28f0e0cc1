"""Whatever the screen shows can be had as text."""

from __future__ import annotations

import argparse

import pytest

from fleet_tui.cli.main import build_parser
from fleet_tui.tui.actions import SCOPE_CHAINS
from fleet_tui.tui.twins import TWINS, twin
from tests.tui.desk import at_desk
from tests.tui.scene import recorded


def commands_of(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    found = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    return dict(found[0].choices) if found else {}


def test_every_place_has_one() -> None:
    assert set(TWINS) == set(SCOPE_CHAINS)


@pytest.mark.parametrize("place", sorted(TWINS))
def test_its_command_exists(place: str) -> None:
    parser = build_parser()
    for word in TWINS[place].split():
        known = commands_of(parser)
        if not known or not word.islower():
            break
        assert word in known, (place, word, sorted(known))
        parser = known[word]
    for option in (word for word in TWINS[place].split() if word.startswith("--") and word != "--"):
        assert option in parser._option_string_actions, (place, option)


async def test_help_names_it() -> None:
    async with at_desk(recorded()) as desk:
        await desk.press("l", "f1")
        assert f"as text: {twin('log')}" in desk.text()
