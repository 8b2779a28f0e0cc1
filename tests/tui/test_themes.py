"""Theme files: what ships is readable, what is broken costs one line each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from textual.color import Color

from fleet_tui.tui import roles, theme_files
from tests.tui.desk import at_desk
from tests.tui.scene import recorded

if TYPE_CHECKING:
    from pathlib import Path

    from textual.theme import Theme

SHIPPED = theme_files.load([theme_files.shipped_folder()])
GOOD = 'name = "mine"\nprimary = "#88c0ff"\nforeground = "#ffffff"\nbackground = "#000000"\n'


def luminance(colour: Color) -> float:
    """Return the relative luminance of WCAG 2.2."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in colour.normalized
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Color, other: Color) -> float:
    """Return the contrast ratio of WCAG 2.2, 1 to 21."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def role(theme: Theme, name: str) -> Color:
    return Color.parse(theme.variables.get(roles.PREFIX + name, roles.DEFAULT_ROLES[name]))


def test_four_themes_ship_and_none_has_a_fault() -> None:
    assert SHIPPED.problems == ()
    assert set(SHIPPED.themes) == {
        "fleet-dark",
        "fleet-light",
        "fleet-high-contrast",
        "fleet-colour-safe",
    }


@pytest.mark.parametrize("name", sorted(SHIPPED.themes))
def test_every_text_role_can_be_read(name: str) -> None:
    theme = SHIPPED.themes[name]
    wanted = 7.0 if "high-contrast" in name else 4.5
    grounds = [Color.parse(str(getattr(theme, g))) for g in ("background", "surface", "panel")]
    text = [r for r in roles.DEFAULT_ROLES if r not in roles.FILL_ROLES and "-text" not in r]
    pairs = [(r, role(theme, r), ground) for r in text for ground in grounds]
    pairs += [("foreground", Color.parse(str(theme.foreground)), ground) for ground in grounds]
    for fill in ("cursor", "cursor-blur"):
        under = role(theme, fill)
        loud = [r for r in text if r not in roles.QUIET_ROLES]
        pairs += [(f"{r} on {fill}", role(theme, r), under) for r in loud]
        pairs.append((f"text on {fill}", Color.parse(str(theme.foreground)), under))
    for fill in ("match", "badge"):
        pairs.append((fill, role(theme, f"{fill}-text"), role(theme, fill)))
    weak = {
        what: round(contrast(colour, ground), 2)
        for what, colour, ground in pairs
        if contrast(colour, ground) < wanted
    }
    assert weak == {}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("name = ", "mine.toml: not TOML"),
        ('name = "mine"\n', "mine.toml: primary: missing"),
        (GOOD + 'acent = "#ffffff"\n', "mine.toml: acent: unknown key; did you mean accent?"),
        (GOOD + 'accent = "bluish"\n', "mine.toml: accent: 'bluish' is not a colour"),
        (GOOD + 'accent = "ansi_red"\n', "is not an opaque colour"),
        (GOOD + "accent = 7\n", "mine.toml: accent: 7 is not a colour"),
        (GOOD + 'dark = "yes"\n', "mine.toml: dark: 'yes' is not a bool"),
        (GOOD + '[roles]\nokk = "#00ff00"\n', "roles.okk: unknown key; did you mean roles.ok?"),
        (GOOD + '[variables]\nborder = "thick"\n', "variables.border: 'thick' is not a colour"),
        (GOOD + '[variables]\nevil = "#000000"\n', "variables.evil: unknown key"),
    ],
)
def test_a_broken_theme_is_one_precise_line(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "mine.toml").write_text(text)
    loaded = theme_files.load([tmp_path])
    assert loaded.themes == {}
    assert any(problem in line for line in loaded.problems), loaded.problems
    assert all("\n" not in line for line in loaded.problems)


def test_a_theme_of_the_operator_replaces_the_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "fleet-dark.toml").write_text(GOOD.replace("mine", "fleet-dark"))
    loaded = theme_files.load([theme_files.shipped_folder(), tmp_path])
    assert loaded.themes["fleet-dark"].background == "#000000"


@pytest.mark.parametrize("name", sorted(SHIPPED.themes))
async def test_every_theme_can_be_used(name: str) -> None:
    async with at_desk(recorded()) as desk:
        desk.app.theme = name
        await desk.press("5", "g", "escape", "d", "escape")
        assert "3/5 done" in desk.text()


async def test_no_color_still_tells_states_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with at_desk(recorded()) as desk:
        assert desk.app.no_color
        shown = desk.text()
        for state in ("● up", "○ down", "✓ droplet", "✗ web03"):
            assert state in shown
