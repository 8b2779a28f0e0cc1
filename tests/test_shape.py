"""One thing a file: what grows beyond a screen of screens is two things."""

from __future__ import annotations

from pathlib import Path

import pytest

import fleet_tui

PACKAGE = Path(fleet_tui.__file__).parent
CHECKOUT = PACKAGE.parent
LONGEST = 400
FILES = sorted([*PACKAGE.rglob("*.py"), *(CHECKOUT / "tests").rglob("*.py")])


def lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_no_file_is_two_things() -> None:
    assert len(FILES) > 100
    too_long = {str(p.relative_to(CHECKOUT)): lines(p) for p in FILES if lines(p) > LONGEST}
    assert too_long == {}


def test_the_application_decides_nothing() -> None:
    assert lines(PACKAGE / "tui" / "app.py") <= 250


@pytest.mark.parametrize("word", ["TODO", "FIXME"])
def test_nothing_is_left_for_later(word: str) -> None:
    here = Path(__file__)
    found = [p.name for p in FILES if p != here and word in p.read_text(encoding="utf-8")]
    assert found == []
