"""Kinds of values that hold other values: lists and tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_tui.config.kinds import INVALID, Invalid, Kind, refuse
from fleet_tui.config.report import show
from fleet_tui.model.nearest import nearest

if TYPE_CHECKING:
    import re

    from fleet_tui.config.lines import KeyPath
    from fleet_tui.config.report import Report


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list without repeats; `may_be_single` takes one bare value for a list of one."""

    item: Kind
    may_be_single: bool = False

    @property
    def allowed(self) -> str:
        """What may stand here."""
        return f"a list, each {self.item.allowed}"

    def check(self, value: object, path: KeyPath, report: Report) -> tuple[object, ...] | Invalid:
        """Return what is right in the list, as a tuple."""
        if self.may_be_single and isinstance(value, str):
            single = self.item.check(value, path, report)
            return INVALID if single is INVALID else (single,)
        if not isinstance(value, list):
            return refuse(value, path, report, f"{self.allowed}, in [ ]")
        items: list[object] = []
        for position, inner in enumerate(value):
            item = self.item.check(inner, (*path, position), report)
            if item in items:
                report.add((*path, position), f"found {show(inner)} twice", "name it once")
            elif item is not INVALID:
                items.append(item)
        return tuple(items)


@dataclass(frozen=True, slots=True)
class TableOf:
    """A table whose keys the user chooses, within `keys`."""

    item: Kind
    keys: re.Pattern[str]
    keys_mean: str
    known: tuple[str, ...] = ()
    """The keys there are, when they are few; the nearest one is told for another."""
    is_dotted: bool = False
    """Whether keys may hold dots: `a.b = 1`, which TOML reads as a table in a table, is "a.b"."""

    @property
    def allowed(self) -> str:
        """What may stand here."""
        return f"a table: {self.keys_mean} = {self.item.allowed}"

    def check(self, value: object, path: KeyPath, report: Report) -> dict[str, object] | Invalid:
        """Return what is right in the table."""
        if not isinstance(value, dict):
            return refuse(value, path, report, self.allowed)
        table: dict[str, object] = {}
        for key, inner in value.items():
            if not self.keys.fullmatch(key):
                close = nearest(key, self.known)
                hint = f'; did you mean "{close}"?' if close else ""
                report.add((*path, key), f"found {show(key)}", f"allowed: {self.keys_mean}{hint}")
                continue
            if self.is_dotted and isinstance(inner, dict):
                nested = self.check(inner, (*path, key), report)
                if isinstance(nested, dict):
                    table.update({f"{key}.{rest}": item for rest, item in nested.items()})
                continue
            item = self.item.check(inner, (*path, key), report)
            if item is not INVALID:
                table[key] = item
        return table


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a section."""

    name: str
    kind: Kind
    help: str
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table with declared keys. With `shorthand`, a bare text stands for that one key."""

    keys: tuple[Key, ...]
    shorthand: str = ""
    called: str = "this table"

    @property
    def allowed(self) -> str:
        """What may stand here."""
        names = ", ".join(key.name for key in self.keys)
        bare = "a text, or " if self.shorthand else ""
        return f"{bare}a table with {names}"

    def check(self, value: object, path: KeyPath, report: Report) -> dict[str, object] | Invalid:
        """Return the keys that are right."""
        by_name = {key.name: key for key in self.keys}
        if self.shorthand and isinstance(value, str):
            text = by_name[self.shorthand].kind.check(value, path, report)
            return INVALID if text is INVALID else {self.shorthand: text}
        if not isinstance(value, dict):
            return refuse(value, path, report, self.allowed)
        table: dict[str, object] = {}
        for name, inner in value.items():
            if name not in by_name:
                report.add((*path, name), "unknown key", self._known(name, by_name))
                continue
            item = by_name[name].kind.check(inner, (*path, name), report)
            if item is not INVALID:
                table[name] = item
        for key in self.keys:
            if key.is_required and key.name not in value:
                report.add((*path, key.name), "missing", f"{self.called} needs it: {key.help}")
        return table

    def _known(self, name: str, by_name: dict[str, Key]) -> str:
        close = nearest(name, by_name)
        if close:
            return f'did you mean "{close}"?'
        return f"{self.called} has {', '.join(by_name)}"
