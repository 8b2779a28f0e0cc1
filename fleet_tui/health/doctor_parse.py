"""Reads the answer of a host to the doctor. Nothing in it is believed further than it can be read.

The host decides what stands there: every text is sanitized, every number bounded, and a line that
makes no sense is left out.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar, cast, get_args

from fleet_tui.health.doctor_answers import (
    AgentAnswer,
    ClockReading,
    FileKind,
    FileMode,
    FolderState,
    HeldKey,
    HiddenVariable,
    HostAnswers,
    SshdSettings,
)
from fleet_tui.health.doctor_authorized import AuthorizedEntry, parse_entry
from fleet_tui.health.doctor_script import CLAUDE_OPTIONS, CODEX_OPTIONS, MARKER
from fleet_tui.health.probe import parse_probe
from fleet_tui.health.probe_scripts import AGENT_COMMANDS
from fleet_tui.model.text import one_line, sanitize

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_ANSWER_BYTES = 1 << 20
_MAX_LINES = 2000
_PATH_CHARACTERS = 1024
_CLOCK = re.compile(r"(\d{9,11})(?:\.(\d{3,9}))?(?!\d)")
_MODE = re.compile(r"[-dl]([-r][-w][-xsS][-r][-w][-xsS][-r][-w][-xtT])")
_FILE = re.compile(r"(\w+) (\S{10,12}) (\d{1,10}) (/.*)")
_KEY = re.compile(r"(SHA256:[A-Za-z0-9+/]{43}) (/.*)")
_HIDDEN = re.compile(r"([A-Z_]+) (\d{1,7}) (~/[\w./-]+)")
_VARIABLE = re.compile(r"[A-Z_]{1,60}")
_STARTUPS = re.compile(r"\[listener\] \d+ of (\d{1,7})-\d{1,7} startups")
_STATUS = re.compile(r"\d{1,3}")

T = TypeVar("T")
Pairs = list[tuple[str, str]]


def parse_clock(stdout: bytes, sent: float, received: float) -> ClockReading | None:
    """Return what `CLOCK_LINE` answered; None when it is no time. Words before it are skipped."""
    for line in reversed(stdout[-4096:].decode("utf-8", "replace").split("\n")):
        if found := _CLOCK.match(line.strip()):
            digits = found[2] or ""
            fraction = int(digits) / 10 ** len(digits) if digits else 0.0
            resolution = 10.0 ** -len(digits)
            return ClockReading(sent, received, int(found[1]) + fraction, resolution)
    return None


def parse_answer(stdout: bytes, now: float) -> HostAnswers:
    """Return what the answer says; `now` is Unix time, seconds.

    Raises FleetError when not even the probe at its head was answered. An answer that ends early is
    taken as far as it goes.
    """
    facts = parse_probe(stdout, now)
    pairs, is_whole = _pairs(stdout)
    one = dict(reversed(pairs))
    return HostAnswers(
        facts=facts,
        is_whole=is_whole,
        user_id=int(one["uid"]) if re.fullmatch(r"\d{1,10}", one.get("uid", "")) else None,
        shell=_path(one.get("shell", "")),
        path=tuple(one_line(p, 300) for p in one["path"].split(":")) if "path" in one else None,
        variables=_variables(pairs) if "variables" in one else None,
        hidden=tuple(_known(_hidden(value) for key, value in pairs if key == "hidden")),
        agents=_agents(pairs),
        has_stored_login=one.get("stored-login") == "yes",
        has_git=one["git"] == "yes" if "git" in one else None,
        home=_folder(one.get("home-folder", "")),
        workdir=_folder(one.get("workdir", "")),
        claude_home=_folder(one.get("claude-home", "")),
        files=tuple(_known(_file(value) for key, value in pairs if key == "file")),
        keys=tuple(_known(_key(value) for key, value in pairs if key == "key")),
        authorized=_authorized(pairs),
        sshd=_sshd(pairs),
    )


def _pairs(stdout: bytes) -> tuple[Pairs, bool]:
    """Return keys and values in their order, and whether the answer is whole."""
    text = stdout[-MAX_ANSWER_BYTES:].decode("utf-8", "replace")
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    if f"{MARKER}=1" not in lines:
        return [], False
    start = len(lines) - lines[::-1].index(f"{MARKER}=1")
    try:
        end = lines.index(f"{MARKER}-end=1", start)
    except ValueError:
        # The last line may be cut in the middle.
        end = len(lines) - 1
    kept = lines[start : min(end, start + _MAX_LINES)]
    split = (line.partition("=") for line in kept)
    pairs = [(key, value) for key, _, value in split if value and len(value) < 8192]
    return pairs, end < len(lines) - 1


def _variables(pairs: Pairs) -> frozenset[str]:
    return frozenset(v for key, v in pairs if key == "variable" and _VARIABLE.fullmatch(v))


def _hidden(value: str) -> HiddenVariable | None:
    found = _HIDDEN.fullmatch(value)
    return HiddenVariable(found[1], found[3], int(found[2])) if found else None


def _file(value: str) -> FileMode | None:
    found = _FILE.fullmatch(value)
    if found is None or found[1] not in get_args(FileKind):
        return None
    path, mode = _path(found[4]), _mode(found[2])
    if not path or mode is None:
        return None
    return FileMode(cast("FileKind", found[1]), path, mode, int(found[3]))


def _mode(letters: str) -> int | None:
    """Return the permission bits of `ls -l`; the mark of an access control list is passed over."""
    found = _MODE.match(letters)
    if found is None:
        return None
    bits = "".join("0" if letter in "-ST" else "1" for letter in found[1])
    return int(bits, 2)


def _key(value: str) -> HeldKey | None:
    found = _KEY.fullmatch(value)
    path = _path(found[2]) if found else ""
    return HeldKey(path, found[1]) if found and path else None


def _path(value: str) -> str:
    shown = value.startswith("/") and len(value) <= _PATH_CHARACTERS and sanitize(value) == value
    return value if shown and "\t" not in value else ""


def _folder(value: str) -> FolderState | None:
    return cast("FolderState", value) if value in get_args(FolderState) else None


def _agents(pairs: Pairs) -> MappingProxyType[str, AgentAnswer]:
    found = {}
    for name in AGENT_COMMANDS:
        prefix = f"agent.{name}."
        own = [(key.removeprefix(prefix), v) for key, v in pairs if key.startswith(prefix)]
        one = dict(own)
        if "path" not in one:
            continue
        wanted = (*CLAUDE_OPTIONS, *CODEX_OPTIONS)
        status = one.get("login", "")
        found[name] = AgentAnswer(
            is_on_path=one.get("on-path") == "yes",
            fault=one_line(one.get("fault", ""), 120),
            knows_help=one.get("help") == "yes",
            lacks=tuple(v for key, v in own if key == "lacks" and v in wanted),
            login_status=int(status) if _STATUS.fullmatch(status) else None,
            login_method=one_line(one.get("method", ""), 40),
        )
    return MappingProxyType(found)


def _authorized(pairs: Pairs) -> tuple[AuthorizedEntry, ...] | None:
    file = ""
    entries: list[AuthorizedEntry] = []
    for key, value in pairs:
        if key == "authorized-file":
            file = _path(value)
        elif key == "authorized" and file:
            number, _, text = value.partition(":")
            if number.isdecimal() and len(number) < 7:
                entry = parse_entry(file, int(number), text)
                entries += [entry] if entry is not None else []
    return tuple(entries) if file else None


def _sshd(pairs: Pairs) -> SshdSettings | None:
    one = dict(pairs)
    listener = one.get("sshd-listener", "")
    values: dict[str, str] = {}
    ports = []
    is_whole = "sshd-unread" not in one and "sshd-yes" not in one
    for key, value in pairs:
        if key == "sshd-no":
            keyword, _, setting = value.replace("=", " ", 1).partition(" ")
            values.setdefault(keyword.lower(), one_line(setting, 200).strip('" '))
            if keyword.lower() == "port":
                ports.append(setting.strip())
    startups = _STARTUPS.search(listener)
    if "sshd-read" not in one and startups is None:
        return None
    is_ours = bool(listener) or one.get("sshd-port", "") in (ports or ["22"])
    return SshdSettings(
        is_ours=is_ours,
        values=MappingProxyType(values if "sshd-read" in one else {}),
        is_whole=is_whole and "sshd-read" in one,
        startups=int(startups[1]) if startups else None,
    )


def _known(values: Iterable[T | None]) -> Iterator[T]:
    return (value for value in values if value is not None)
