"""Themes from TOML files: found, checked, and turned into Textual's; a bad one costs one line.

Textual neither loads theme files nor validates them: a bad colour ends the program when the theme
is used. So everything is checked here, before it is registered.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import platformdirs
from textual.color import Color, ColorParseError
from textual.theme import Theme

from fleet_tui.config.lines import locate
from fleet_tui.tui import roles
from fleet_tui.tui.safe import short

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DEFAULT_THEME = "fleet-dark"
LIGHT_THEME = "fleet-light"

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


def default_folders() -> tuple[Path, ...]:
    """Return where themes are looked for; of two with one name the last found counts."""
    return shipped_folder(), user_folder()


def default_theme(env: Mapping[str, str]) -> str:
    """Return the theme that fits the terminal, as far as it says (`COLORFGBG`, like `15;0`)."""
    ground = env.get("COLORFGBG", "").rpartition(";")[2]
    return LIGHT_THEME if ground in ("7", "15") else DEFAULT_THEME


def wish_fault(wanted: str | None, themes: Iterable[str], default: str) -> str:
    """Return what is wrong with the theme that fleet.toml asks for; empty when it can be used."""
    known = sorted(themes)
    if not wanted or wanted in known:
        return ""
    near = difflib.get_close_matches(wanted, known, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
    return f"ui.theme: no theme is called {short(repr(wanted), 60)}; {default} is used ({hint})"


def signature(folders: Iterable[Path]) -> tuple[tuple[str, int, int], ...]:
    """Return what changes when a theme file is saved, added or removed."""
    found = []
    for path in (path for folder in folders for path in sorted(folder.glob("*.toml"))):
        try:
            status = path.stat()
        except OSError:
            continue  # gone since it was listed: that is a change too
        found.append((str(path), status.st_mtime_ns, status.st_size))
    return tuple(found)


def load(folders: Iterable[Path] | None = None) -> LoadedThemes:
    """Read every `*.toml` of the folders; a later folder replaces a theme of the same name."""
    themes: dict[str, Theme] = {}
    problems: list[str] = []
    for folder in folders if folders is not None else default_folders():
        for path in sorted(folder.glob("*.toml")):
            theme, faults = read(path)
            problems.extend(faults)
            if theme is not None:
                themes[theme.name] = theme
    return LoadedThemes(themes, tuple(problems))


def read(path: Path) -> tuple[Theme | None, list[str]]:
    """Return the theme of one file, or None with every reason why it cannot be used."""
    name = short(path.name, 60)
    try:
        text = path.read_text(encoding="utf-8-sig")
        data = tomllib.loads(text)
    except OSError as error:
        return None, [f"{name}: cannot be read: {error.strerror or error}"]
    except UnicodeDecodeError:
        return None, [f"{name}: not UTF-8"]
    except (ValueError, RecursionError) as error:
        return None, [_not_toml(name, str(error), text)]
    lines = locate(text)
    faults = sorted(
        (lines.of(tuple(fault.key.split("."))) or 1, str(fault)) for fault in _faults(data)
    )
    told = [f"{name}:{line}: {fault}" for line, fault in faults]
    return (None, told) if told else (_theme(data), [])


def _not_toml(name: str, message: str, text: str) -> str:
    place = re.fullmatch(r"(.*) \(at (?:line (\d+), .*|end of document)\)", message, re.DOTALL)
    line = place[2] if place and place[2] else text.rstrip().count("\n") + 1
    return f"{name}:{line}: not TOML: {short(place[1] if place else message)}"


class _Fault(NamedTuple):
    key: str
    """Dotted, as it stands in the file."""
    found: str

    def __str__(self) -> str:
        return f"{short(self.key, 60)}: {self.found}"


def _faults(data: Mapping[str, object]) -> list[_Fault]:
    faults = [_unknown(key, KNOWN) for key in data if key not in KNOWN]
    meant = [fault.found for fault in faults]
    faults += [
        _Fault(key, "missing")
        for key in REQUIRED
        if key not in data and not any(found.endswith(f" {key}?") for found in meant)
    ]
    for key in COLOURS:
        if key in data:
            faults += _colour_faults(key, data[key])
    for key, kind in (("name", str), ("dark", bool)):
        if key in data and not isinstance(data[key], kind):
            means = "true or false" if kind is bool else "a text"
            faults.append(_Fault(key, f"{short(repr(data[key]), 40)} is not {means}"))
    for table, allowed in (("roles", frozenset(roles.DEFAULT_ROLES)), ("variables", VARIABLES)):
        faults += _table_faults(table, data.get(table, {}), allowed)
    return faults


def _table_faults(table: str, values: object, allowed: frozenset[str]) -> list[_Fault]:
    if not isinstance(values, dict):
        return [_Fault(table, "not a table")]
    faults: list[_Fault] = []
    for key, value in values.items():
        if key not in allowed:
            faults.append(_unknown(key, allowed, table + "."))
        else:
            faults += _colour_faults(f"{table}.{key}", value)
    return faults


def _colour_faults(key: str, value: object) -> list[_Fault]:
    if not isinstance(value, str):
        return [_Fault(key, f"{short(repr(value), 40)} is not a colour (write it as #rrggbb)")]
    try:
        colour = Color.parse(value)
    except ColorParseError:
        return [_Fault(key, f"{short(value, 40)!r} is not a colour (write it as #rrggbb)")]
    if colour.a != 1 or colour.ansi is not None:
        found = f"{short(value, 40)!r} is not an opaque colour (write it as #rrggbb)"
        return [_Fault(key, found)]
    return []


def _unknown(key: str, allowed: Iterable[str], prefix: str = "") -> _Fault:
    near = difflib.get_close_matches(key, list(allowed), n=1, cutoff=0.5)
    hint = f"; did you mean {prefix}{near[0]}?" if near else ""
    return _Fault(prefix + key, f"unknown key{hint}")


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
