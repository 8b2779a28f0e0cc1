"""Reading `fleet.toml`: the file, its text, and everything that is wrong with it."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, NoReturn

from fleet_tui.config.build import build, local_path
from fleet_tui.config.crosscheck import crosscheck
from fleet_tui.config.lines import locate
from fleet_tui.config.report import Report
from fleet_tui.config.ssh_hosts import user_config
from fleet_tui.config.validate import Document, validate
from fleet_tui.model.errors import ConfigError, Problem
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_tui.model.config import FleetConfig

MAX_BYTES = 4 * 1024 * 1024
"""A fleet of thousands of hosts fits many times."""

_TOML_PLACE = re.compile(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", re.DOTALL)
_SYNTAX_HINT = (
    "mend the TOML: a text stands in quotes, a path with backslashes in single ones, "
    "every other line is a [section], a key = value or a # comment"
)


def load(path: Path) -> FleetConfig:
    """Read and check a configuration; raises ConfigError with every problem, in file order."""
    file = one_line(str(path), 500)
    text = _decode(_read(path, file), file)
    raw = _parse(text, file)
    lines = locate(text)
    report = Report(file, lines)
    document = validate(raw, report)
    crosscheck(raw, document, report, _ssh_config(document, path))
    report.raise_if_any()
    return build(document, path, lines)


def _ssh_config(document: Document, path: Path) -> Path:
    chosen = document.table("fleet").get("ssh_config")
    return local_path(str(chosen), path.absolute().parent) if chosen else user_config()


def _read(path: Path, file: str) -> bytes:
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        _refuse(file, "does not exist", "write one with `fleet-tui init`, or name it with --config")
    except IsADirectoryError:
        _refuse(file, "is a folder", "name the file in it, like fleet.toml")
    except PermissionError:
        if path.is_dir():
            _refuse(file, "is a folder", "name the file in it, like fleet.toml")
        _refuse(file, "must not be read by you", "give yourself the right to read it")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        _refuse(file, f"cannot be read ({one_line(reason)})", "name another with --config")
    if len(data) > MAX_BYTES:
        _refuse(file, f"is larger than {MAX_BYTES} bytes", "this is hardly a fleet.toml")
    return data


def _decode(data: bytes, file: str) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        _refuse(file, "is UTF-16", "save it as UTF-8", 1)
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        _refuse(file, f"is not UTF-8 (byte 0x{data[error.start]:02x})", "save it as UTF-8", line)


def _parse(text: str, file: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except RecursionError:
        _refuse(file, "is nested too deep", "this is hardly a fleet.toml")
    except ValueError as error:
        message, line = str(error), None
        if match := _TOML_PLACE.fullmatch(message):
            line = int(match[2]) if match[2] else text.rstrip().count("\n") + 1
            message = f"{match[1]} (column {match[3]})" if match[3] else f"{match[1]} (at the end)"
        problem = Problem(file, line, "syntax", one_line(message), _SYNTAX_HINT)
        raise ConfigError((problem,)) from None


def _refuse(file: str, found: str, allowed: str, line: int | None = None) -> NoReturn:
    raise ConfigError((Problem(file, line, "file", found, allowed),)) from None
