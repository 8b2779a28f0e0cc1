"""What an agent's home looks like on one machine: asked by one program that changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fleet_tui.model.errors import FleetError
from fleet_tui.model.text import sanitize
from fleet_tui.transport.shell import quote, sh_line

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from fleet_tui.transport.base import Connection

TIMEOUT = 30.0
MAX_BYTES = 4 << 20
MAX_FILES = 20_000
_END = "survey-end"

_PROGRAM = """\
lines() { tr '\\n\\000' '?\\n' | head -n __FILES__ | sed "s/^\\.\\///; s/^/$1=/"; }
case $h in "~") h=$HOME;; "~/"*) h=$HOME/${h#??};; esac
echo "machine=$(uname -n)"
if [ ! -d "$h" ] || ! cd "$h"; then echo "missing=$h"; echo survey-end=; exit 0; fi
h=$(pwd -P); echo "home=$h"
d=$h
while [ "$d" != / ]; do
  if [ -e "$d/.stfolder" ]; then echo "synced=Syncthing"; break; fi
  case ${d##*/} in
    OneDrive|OneDrive\\ *) echo "synced=OneDrive"; break;;
    Dropbox|Dropbox\\ *) echo "synced=Dropbox"; break;;
    com~apple~CloudDocs) echo "synced=iCloud"; break;;
  esac
  d=${d%/*}; if [ -z "$d" ]; then d=/; fi
done
export GIT_OPTIONAL_LOCKS=0
if command -v git >/dev/null 2>&1 && [ "$(git rev-parse --show-toplevel 2>/dev/null)" = "$h" ]; then
  echo "git=$(git rev-parse --short HEAD 2>/dev/null)"
  f=$(git rev-parse --git-path FETCH_HEAD)
  t=$(stat -c %Y "$f" 2>/dev/null || stat -f %m "$f" 2>/dev/null)
  if [ -n "$t" ]; then echo "fetched=$(($(date +%s) - t))"; fi
  git diff -z --no-renames --name-only HEAD 2>/dev/null | lines changed
  git diff -z --no-renames --name-only '@{u}...HEAD' 2>/dev/null | lines unpushed
fi
find . -type d \\( -name .git -o -name node_modules -o -name shell-snapshots -o -name statsig \\
    -o -name todos -o -name backups \\) -prune -o -type f -print0 2>/dev/null |
  head -c __BYTES__ | lines file
echo survey-end=
"""


@dataclass(frozen=True, slots=True)
class HomeSurvey:
    """An agent's home as one machine keeps it. Every string is sanitized."""

    machine: str
    """What the machine calls itself."""
    home: str
    """Its absolute path; empty when there is none."""
    files: tuple[str, ...] = ()
    """Paths below it, at most MAX_FILES."""
    is_mirror: bool = False
    """True when the home is the top of a git work tree."""
    fetched_ago: float | None = None
    """Seconds since its last fetch, by its own clock; None when it never fetched."""
    changed: frozenset[str] = frozenset()
    """Tracked files with edits that are not committed."""
    unpushed: frozenset[str] = frozenset()
    """Files that commits change which its remote does not have."""
    syncs: tuple[str, ...] = ()
    """File syncs whose folder the home lies in."""


@dataclass(frozen=True, slots=True)
class Surveys:
    """All machines: those that answered, and why the others did not."""

    homes: Mapping[str, HomeSurvey]
    """Host name to what it answered."""
    silent: Mapping[str, str] = field(default_factory=dict)
    """Host name to one sentence."""


def survey_line(agent_home: Path) -> str:
    """Return the command line that asks a POSIX host."""
    program = _PROGRAM.replace("__FILES__", str(MAX_FILES)).replace(
        "__BYTES__", str(MAX_BYTES // 2)
    )
    return sh_line(f"h={quote(str(agent_home))}\n{program}")


def parse_survey(stdout: bytes) -> HomeSurvey:
    """Return what a host answered; raises FleetError for an answer that is cut or none."""
    one: dict[str, str] = {}
    many: dict[str, list[str]] = {"file": [], "changed": [], "unpushed": [], "synced": []}
    for line in stdout.decode("utf-8", "replace").split("\n"):
        key, equals, value = line.partition("=")
        if not equals:
            continue
        value = sanitize(value)
        if key in many:
            many[key].append(value)
        else:
            one.setdefault(key, value)
    if _END not in one:
        raise FleetError("the answer to the survey of its agent home was cut short")
    fetched = one.get("fetched", "")
    return HomeSurvey(
        machine=one.get("machine", ""),
        home=one.get("home", ""),
        files=tuple(many["file"]),
        is_mirror="git" in one,
        fetched_ago=float(fetched) if fetched.isdecimal() else None,
        changed=frozenset(many["changed"]),
        unpushed=frozenset(many["unpushed"]),
        syncs=tuple(many["synced"]),
    )


async def survey(connection: Connection, agent_home: Path) -> HomeSurvey:
    """Ask one host; raises Unreachable, FleetError."""
    name = connection.host.name
    if connection.host.shell != "posix":
        raise FleetError("a host without a POSIX shell is not asked", where=name)
    try:
        answer = await connection.run(survey_line(agent_home), timeout=TIMEOUT, limit=MAX_BYTES)
    except TimeoutError:
        raise FleetError(f"it did not answer the survey in {TIMEOUT:.0f} s", where=name) from None
    return parse_survey(answer.stdout)
