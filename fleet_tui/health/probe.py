"""One round trip that asks a host what it is and which agents it has."""

from __future__ import annotations

import base64
import re
import shlex
from typing import TYPE_CHECKING

from fleet_tui.health.probe_scripts import (
    AGENT_COMMANDS,
    MARKER,
    POWERSHELL_SCRIPT,
    PROBE_SCRIPT,
)
from fleet_tui.model.errors import FleetError
from fleet_tui.model.host import AgentInstall, HostFacts
from fleet_tui.model.text import one_line, sanitize

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_tui.model.host import Shell

MAX_ANSWER_BYTES = 256 * 1024
_VALUE_CHARACTERS = 400
_PATH_CHARACTERS = 4096
_VERSION = re.compile(r"\d+\.\d+(?:\.\d+)?[\w.+-]{0,60}")
_BOOT_SECONDS = re.compile(r"\bsec = (\d{1,12})")
_NUMBER = re.compile(r"\d{1,18}(?:\.\d{1,9})?")
_ABSOLUTE = re.compile(r"/|[A-Za-z]:[\\/]|\\\\")


def probe_line(agent_paths: Mapping[str, str], shell: Shell = "posix") -> str:
    """Return the command line to send; `agent_paths` are those the operator pinned.

    A pinned path may begin with `~/`. The PowerShell form is untested.
    """
    pairs = [f"{name}={agent_paths.get(name, '')}" for name in AGENT_COMMANDS]
    if shell == "posix":
        return f"sh -c '{PROBE_SCRIPT}' fleet-probe {shlex.join(pairs)}"
    quoted = ", ".join("'" + pair.replace("'", "''") + "'" for pair in pairs)
    script = f"$agents = @({quoted})\n{POWERSHELL_SCRIPT}"
    encoded = base64.b64encode(script.encode("utf-16-le")).decode("ascii")
    return f"powershell -NoProfile -NonInteractive -EncodedCommand {encoded}"


def parse_probe(stdout: bytes, now: float) -> HostFacts:
    """Return what the answer says; `now` is Unix time, seconds.

    Words of start files before the answer are skipped. Raises FleetError when there is no whole
    answer in `stdout`; a single value that makes no sense is left out instead.
    """
    values = _values(stdout)
    return HostFacts(
        probed_at=now,
        hostname=_word(values, "hostname"),
        system=_word(values, "system"),
        home=_path(values.get("home", "")),
        agents=_agents(values),
        disk_free_bytes=_disk_free(values),
        uptime_seconds=_uptime(values),
    )


def _values(stdout: bytes) -> dict[str, str]:
    lines = stdout[-MAX_ANSWER_BYTES:].decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    try:
        last = len(lines) - 1 - lines[::-1].index(f"{MARKER}-end=1")
        first = last - lines[:last][::-1].index(f"{MARKER}=1")
    except ValueError:
        heard = one_line(stdout[:400].decode("utf-8", "replace"), 100)
        raise FleetError(
            f"the host did not answer the probe but said {heard!r}"
            if heard
            else "the host did not answer the probe: its login shell said nothing",
            mend="check that its login shell runs `sh -c true`, or set shell for it in fleet.toml",
        ) from None
    pairs = (line.partition("=") for line in lines[first:last])
    return {key: value for key, _, value in pairs if value}


def _word(values: Mapping[str, str], key: str) -> str:
    return one_line(values.get(key, ""), _VALUE_CHARACTERS)


def _path(value: str) -> str:
    """Return an absolute path, or nothing when it is none or could not be shown unchanged."""
    if len(value) > _PATH_CHARACTERS or not _ABSOLUTE.match(value) or sanitize(value) != value:
        return ""
    return value


def _number(value: str) -> float | None:
    found = _NUMBER.fullmatch(value.strip())
    return float(found[0]) if found else None


def _agents(values: Mapping[str, str]) -> dict[str, AgentInstall]:
    found = {}
    for name in AGENT_COMMANDS:
        if path := _path(values.get(f"agent.{name}.path", "")):
            said = _word(values, f"agent.{name}.version")
            version = _VERSION.search(said)
            found[name] = AgentInstall(path, version[0] if version else "")
    return found


def _disk_free(values: Mapping[str, str]) -> int | None:
    """Return free bytes: the field before the percentage in the last line of `df -Pk`."""
    if (exact := _number(values.get("disk-free", ""))) is not None:
        return int(exact)
    fields = values.get("disk", "")[:4096].split()
    for place, field in enumerate(fields[1:], start=1):
        if re.fullmatch(r"\d{1,3}%", field):
            kibibytes = _number(fields[place - 1])
            return None if kibibytes is None else int(kibibytes) * 1024
    return None


def _uptime(values: Mapping[str, str]) -> float | None:
    """Return seconds since the machine started; both times are of its own clock."""
    if (seconds := _number(values.get("uptime", ""))) is not None:
        return seconds
    boot = _BOOT_SECONDS.search(values.get("boottime", ""))
    date = _number(values.get("date", ""))
    if boot is None or date is None:
        return None
    return max(0.0, date - float(boot[1]))
