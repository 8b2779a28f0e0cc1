"""Key names: which ones exist, how they are written in fleet.toml, how they are shown."""

from __future__ import annotations

import unicodedata

SYMBOLS = {
    "slash": "/",
    "question_mark": "?",
    "colon": ":",
    "semicolon": ";",
    "comma": ",",
    "full_stop": ".",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "asterisk": "*",
    "plus": "+",
    "minus": "-",
    "equals_sign": "=",
    "vertical_line": "|",
    "at": "@",
    "exclamation_mark": "!",
    "number_sign": "#",
    "dollar_sign": "$",
    "percent_sign": "%",
    "ampersand": "&",
    "apostrophe": "'",
    "quotation_mark": '"',
    "left_parenthesis": "(",
    "right_parenthesis": ")",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "backslash": "\\",
    "circumflex_accent": "^",
    "underscore": "_",
    "grave_accent": "`",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
    "tilde": "~",
}
"""Textual's name of a symbol key to the symbol itself."""

NAMED = {
    "enter": "enter",
    "escape": "esc",
    "tab": "tab",
    "space": "space",
    "backspace": "bksp",
    "delete": "del",
    "insert": "ins",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "home": "home",
    "end": "end",
    "pageup": "pgup",
    "pagedown": "pgdn",
    **{f"f{number}": f"f{number}" for number in range(1, 25)},
}
"""Keys without a character, and what the screen calls them."""

MODIFIERS = ("ctrl", "alt", "shift")

_ON_THE_WAY = {
    "a": "is screen's prefix, and never gets here in it",
    "b": "is tmux's prefix, and never gets here in it",
    "h": "is backspace to many terminals, and pane movement to many a tmux",
    "i": "is tab to terminals",
    "j": "is enter to terminals, and pane movement to many a tmux",
    "k": "is pane movement to many a tmux",
    "l": "is pane movement to many a tmux",
    "m": "is enter to terminals",
    "q": "starts stopped output again in terminals with flow control",
    "s": "stops the output in terminals with flow control",
    "z": "is the shell's key to suspend a program",
}

RISKY = {f"ctrl+{letter}": reason for letter, reason in _ON_THE_WAY.items()}
"""Keys that are taken on the way to the program, and by what."""

_NAME_OF_SYMBOL = {symbol: name for name, symbol in SYMBOLS.items()}


def canonical(key: str) -> str:
    """Return the name Textual uses for `key`: `/` is `slash`, `Esc` is `escape`."""
    *modifiers, base = _split(key.strip())
    named = {"esc": "escape", "return": "enter", "pgup": "pageup", "pgdn": "pagedown"}
    base = _NAME_OF_SYMBOL.get(base, base)
    if len(base) > 1:
        base = named.get(base.lower(), base.lower())
    return "+".join([*(m.lower() for m in modifiers), base])


def fault(key: str) -> str:
    """Return why `key` cannot be bound; empty when it can."""
    *modifiers, base = canonical(key).split("+")
    strange = [m for m in modifiers if m not in MODIFIERS]
    if strange:
        return f"unknown modifier {strange[0]!r} (ctrl, alt and shift exist)"
    if modifiers == ["shift"] and len(base) == 1:
        return f"terminals send the shifted character: write {base.upper()!r}"
    if len(base) == 1:
        printable = unicodedata.category(base)[0] in "LNPS"
        return "" if printable else "not a key"
    if base in SYMBOLS or base in NAMED:
        return ""
    return f"unknown key name {base!r}"


def label(key: str) -> str:
    """Return how a key is shown: `/`, `esc`, `ctrl+p`, `↑`."""
    *modifiers, base = canonical(key).split("+")
    shown = SYMBOLS.get(base) or NAMED.get(base) or base
    return "+".join([*modifiers, shown])


def _split(key: str) -> list[str]:
    if key == "+" or key.endswith("++"):
        return [*[part for part in key[:-1].split("+") if part], "plus"]
    return key.split("+")
