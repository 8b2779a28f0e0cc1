"""Theme files: what ships is readable, what is broken costs one line each."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from textual.color import Color

from fleet_tui.tui import roles, theme_files
from fleet_tui.tui.app import FleetApp
from tests.tui.desk import at_desk
from tests.tui.fake_control import FakeControl
from tests.tui.scene import recorded

if TYPE_CHECKING:
    from textual.theme import Theme

SHIPPED = theme_files.load([theme_files.shipped_folder()])
GOOD = 'name = "mine"\nprimary = "#88c0ff"\nforeground = "#ffffff"\nbackground = "#000000"\n'
BROKEN = Path(__file__).parent / "broken.toml"


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
        ("name = ", "mine.toml:1: not TOML: Invalid value"),
        ('name = "mine"\n', "mine.toml:1: primary: missing"),
        (GOOD + 'acent = "#ffffff"\n', "mine.toml:5: acent: unknown key; did you mean accent?"),
        (GOOD + 'accent = "bluish"\n', "mine.toml:5: accent: 'bluish' is not a colour"),
        (GOOD + 'accent = "ansi_red"\n', "is not an opaque colour"),
        (GOOD + "accent = 7\n", "mine.toml:5: accent: 7 is not a colour"),
        (GOOD + 'dark = "yes"\n', "mine.toml:5: dark: 'yes' is not true or false"),
        (GOOD + '[roles]\nokk = "#00ff00"\n', "mine.toml:6: roles.okk: unknown key; did you mean"),
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


def test_a_theme_broken_in_four_ways_is_four_lines_in_order() -> None:
    assert theme_files.read(BROKEN)[1] == [
        "broken.toml:3: prmary: unknown key; did you mean primary?",
        "broken.toml:5: background: 'blackish' is not a colour (write it as #rrggbb)",
        "broken.toml:8: roles.okay: unknown key; did you mean roles.ok?",
        "broken.toml:11: variables.border: 3 is not a colour (write it as #rrggbb)",
    ]


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


async def test_the_first_frame_has_the_theme_and_nothing_is_styled_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    styled: list[bool] = []
    again = FleetApp.refresh_css

    def refresh_css(app: FleetApp, animate: bool = True) -> None:
        styled.append(True)
        again(app, animate)

    monkeypatch.setattr(FleetApp, "refresh_css", refresh_css)
    control = FakeControl()
    control.config = replace(control.config, theme="fleet-light")
    async with at_desk(control) as desk:
        app = desk.app
        assert styled == []
        assert {"-theme-fleet-light", "-light-mode"} <= app.classes
        assert "-dark-mode" not in app.classes
        background = SHIPPED.themes["fleet-light"].background
        assert app.theme_variables["background"] == background
        assert app.main.styles.background.hex == background
        app.theme = "fleet-dark"
        await desk.settle()
        assert styled == [True]


async def test_a_broken_theme_is_told_and_another_one_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken.toml").write_text(BROKEN.read_text())
    monkeypatch.setattr(theme_files, "user_folder", lambda: tmp_path)
    control = FakeControl()
    control.config = replace(control.config, theme="mine")
    async with at_desk(control) as desk:
        assert desk.app.theme == "fleet-dark"
        told = [notice.text for notice in desk.app.store.notices.values()]
        assert told[:4] == theme_files.read(BROKEN)[1]
        assert "no theme is called 'mine'; fleet-dark is used" in told[4]


async def test_a_saved_theme_is_read_again_and_a_broken_one_leaves_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(theme_files, "user_folder", lambda: tmp_path)
    path = tmp_path / "mine.toml"
    path.write_text(GOOD)
    control = FakeControl()
    control.config = replace(control.config, theme="mine")
    async with at_desk(control) as desk:
        app = desk.app
        assert app.theme_variables["background"] == "#000000"
        path.write_text(GOOD.replace("#000000", "#00000f"))
        await app.themes.look()
        await desk.settle()
        assert app.theme_variables["background"] == "#00000F"
        assert app.main.styles.background == Color.parse("#00000f")
        path.write_text(GOOD + "primry = 1\n")
        await app.themes.look()
        await desk.settle()
        assert app.theme == "mine"
        assert app.theme_variables["background"] == "#00000F"
        assert any("mine.toml:5: primry" in n.text for n in app.store.notices.values())
        path.write_text(GOOD)
        await app.themes.look()
        await desk.settle()
        assert app.theme_variables["background"] == "#000000"


async def test_the_preview_is_undone_on_escape_and_kept_on_enter(tmp_path: Path) -> None:
    async with at_desk(FakeControl(), state=tmp_path / "screen.toml") as desk:
        await desk.press(":", *"theme", "enter")
        await desk.press("down")
        assert desk.app.theme != "fleet-dark"
        await desk.press("escape")
        assert desk.app.theme == "fleet-dark"
        await desk.press(":", *"theme", "enter", *"light", "enter")
        assert desk.app.theme == "fleet-light"
    async with at_desk(FakeControl(), state=tmp_path / "screen.toml") as desk:
        assert desk.app.theme == "fleet-light"


@pytest.mark.parametrize(
    ("env", "name"),
    [
        ({}, "fleet-dark"),
        ({"COLORFGBG": "0;15"}, "fleet-light"),
        ({"COLORFGBG": "15;0"}, "fleet-dark"),
    ],
)
def test_the_first_theme_fits_the_terminal(env: dict[str, str], name: str) -> None:
    assert theme_files.default_theme(env) == name


async def test_no_color_still_tells_states_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with at_desk(recorded()) as desk:
        assert desk.app.no_color
        shown = desk.text()
        for state in ("● up", "○ down", "✓ droplet", "✗ web03"):
            assert state in shown
