"""Themes from TOML files: found, checked, and turned into Textual's; a bad one costs one line.

Textual neither loads theme files nor validates them: a bad colour ends the program when the theme
is used. So everything is checked here, before it is registered.
"""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs
from textual.color import Color, ColorParseError
from textual.theme import Theme

from fleet_tui.tui import roles
from fleet_tui.tui.safe import short

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DEFAULT_THEME = "fleet-dark"

COLOURS = (
    "primary",
    "secondary",
    "warning",
    "error",
    "success",
    "accent",
    "foreground",
    "background",
    "surface",
    "panel",
    "boost",
)
REQUIRED = ("name", "primary", "foreground", "background")
VARIABLES = frozenset(
    {
        "border",
        "border-blurred",
        "block-cursor-background",
        "block-cursor-foreground",
        "input-cursor-background",
        "input-cursor-foreground",
        "input-selection-background",
        "input-selection-foreground",
        "screen-selection-background",
        "screen-selection-foreground",
        "scrollbar",
        "scrollbar-hover",
        "scrollbar-active",
        "scrollbar-background",
        "scrollbar-corner-color",
        "scrollbar-background-hover",
        "scrollbar-background-active",
        "footer-key-foreground",
        "button-foreground",
        "button-color-foreground",
    }
)
"""What `[variables]` may set; all of them are colours."""

TABLES = ("roles", "variables")
KNOWN = frozenset({"name", "dark", *COLOURS, *TABLES})


@dataclass(frozen=True, slots=True)
class LoadedThemes:
    """The themes that can be used, by name, and one line for each fault."""

    themes: Mapping[str, Theme]
    problems: tuple[str, ...]


def shipped_folder() -> Path:
    """Return where the program's own themes are: inside the wheel, else in the checkout."""
    package = Path(__file__).resolve().parents[1]
    packaged = package / "_data" / "themes"
    return packaged if packaged.is_dir() else package.parent / "themes"


def user_folder() -> Path:
    """Return where the operator's own themes are looked for."""
    return Path(platformdirs.user_config_dir("fleet-tui", appauthor=False)) / "themes"


def load(folders: Iterable[Path] | None = None) -> LoadedThemes:
    """Read every `*.toml` of the folders; a later folder replaces a theme of the same name."""
    themes: dict[str, Theme] = {}
    problems: list[str] = []
    for folder in folders if folders is not None else (shipped_folder(), user_folder()):
        for path in sorted(folder.glob("*.toml")):
            theme, faults = read(path)
            problems.extend(faults)
            if theme is not None:
                themes[theme.name] = theme
    return LoadedThemes(themes, tuple(problems))


def read(path: Path) -> tuple[Theme | None, list[str]]:
    """Return the theme of one file, or None with every reason why it cannot be used."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        return None, [f"{path.name}: cannot be read: {error.strerror or error}"]
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        return None, [f"{path.name}: not TOML: {short(str(error))}"]
    faults = [f"{path.name}: {fault}" for fault in _faults(data)]
    return (None, faults) if faults else (_theme(data), [])


def _faults(data: Mapping[str, object]) -> list[str]:
    faults = [f"{key}: missing" for key in REQUIRED if key not in data]
    faults += [_unknown(key, KNOWN) for key in data if key not in KNOWN]
    for key in COLOURS:
        if key in data:
            faults += _colour_faults(key, data[key])
    for key, kind in (("name", str), ("dark", bool)):
        if key in data and not isinstance(data[key], kind):
            faults.append(f"{key}: {short(repr(data[key]), 40)} is not a {kind.__name__}")
    for table, allowed in (("roles", frozenset(roles.DEFAULT_ROLES)), ("variables", VARIABLES)):
        faults += _table_faults(table, data.get(table, {}), allowed)
    return faults


def _table_faults(table: str, values: object, allowed: frozenset[str]) -> list[str]:
    if not isinstance(values, dict):
        return [f"{table}: not a table"]
    faults: list[str] = []
    for key, value in values.items():
        if key not in allowed:
            faults.append(_unknown(key, allowed, table + "."))
        else:
            faults += _colour_faults(f"{table}.{key}", value)
    return faults


def _colour_faults(key: str, value: object) -> list[str]:
    if not isinstance(value, str):
        return [f"{key}: {short(repr(value), 40)} is not a colour"]
    try:
        colour = Color.parse(value)
    except ColorParseError:
        return [f"{key}: {short(value, 40)!r} is not a colour (write it as #rrggbb)"]
    if colour.a != 1 or colour.ansi is not None:
        return [f"{key}: {short(value, 40)!r} is not an opaque colour (write it as #rrggbb)"]
    return []


def _unknown(key: str, allowed: Iterable[str], prefix: str = "") -> str:
    near = difflib.get_close_matches(key, list(allowed), n=1, cutoff=0.5)
    hint = f"; did you mean {prefix}{near[0]}?" if near else ""
    return f"{prefix}{short(key, 40)}: unknown key{hint}"


def _theme(data: Mapping[str, object]) -> Theme:
    colours = {key: Color.parse(str(data[key])).hex for key in COLOURS if key in data}
    variables = {str(k): str(v) for k, v in _table(data, "variables").items()}
    own = {k: Color.parse(str(v)).hex for k, v in _table(data, "roles").items()}
    variables |= {roles.PREFIX + k: v for k, v in own.items()}
    primary = colours.pop("primary")
    return Theme(
        name=str(data["name"]),
        primary=primary,
        dark=bool(data.get("dark", True)),
        text_alpha=1.0,
        variables=variables,
        **colours,  # type: ignore[arg-type]
    )


def _table(data: Mapping[str, object], name: str) -> dict[str, object]:
    table = data.get(name, {})
    return table if isinstance(table, dict) else {}
