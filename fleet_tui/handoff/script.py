"""The one program that hand-offs run on POSIX hosts, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fleet_tui.dispatch.tombstone import FOLDER
from fleet_tui.model.errors import FleetError
from fleet_tui.model.text import one_line
from fleet_tui.transport.shell import posix_line

if TYPE_CHECKING:
    from fleet_tui.transport.base import Completed, Connection

SECONDS = 60.0
MARK = "fleet-handoff=1"

PROGRAM = (
    """umask 077
LC_ALL=C
export LC_ALL
moved="""
    + f'"{FOLDER}"'
    + r"""
digest() {
  if command -v sha256sum >/dev/null 2>&1; then sha256sum <"$1"
  elif command -v shasum >/dev/null 2>&1; then shasum -a 256 <"$1"
  else openssl dgst -sha256 -r <"$1"; fi | cut -c1-64
}
look() {
  if [ -f "$1" ]; then digest "$1"; else echo -; fi
}
into() {
  case $1 in
    "~") cd ;;
    "~/"*) cd "$HOME/${1#"~/"}" ;;
    *) cd -- "$1" ;;
  esac
}
fail() {
  echo "$1" >&2
  exit "${2:-1}"
}
echo fleet-handoff=1
act=$1
shift
case $act in
look)
  for path; do look "$path"; done ;;
folder)
  if (into "$1") 2>/dev/null; then into "$1" && printf 'there\n%s\n' "$(pwd -P)"
  else
    case $1 in "~/"*) set -- "$HOME/${1#"~/"}" ;; esac
    [ ! -e "$1" ] || fail "$1 is no folder that can be entered"
    case $1 in /*) ;; *) set -- "$HOME/$1" ;; esac
    printf 'missing\n%s\n' "$1"
  fi ;;
stage)
  mkdir -p -- "${1%/*}" && cat >"$1" && digest "$1" ;;
aside)
  mkdir -p -- "$moved" && cat >"$moved/.$3.new" || exit 1
  mv -f -- "$moved/.$3.new" "$moved/$3.json" || exit 1
  if [ -f "$1" ]; then
    [ ! -e "$2" ] || fail "$2 is there already"
    mv -- "$1" "$2" || exit 1
  fi
  look "$2" ;;
publish)
  if [ -f "$1" ]; then
    [ "$(digest "$1")" = "$4" ] || fail "the copy is not what was sent"
    if ! ln -- "$1" "$2" 2>/dev/null; then
      [ "$(look "$2")" = "$4" ] || fail "$2 is there already and is another one"
    fi
    rm -f -- "$1"
  fi
  [ "$(look "$2")" = "$4" ] || fail "$2 did not arrive"
  rm -f -- "$moved/$3.json" ;;
withdraw)
  [ "$(look "$1")" = "$3" ] || fail "it went on there since" 3
  mv -- "$1" "$2" ;;
restore)
  if [ -f "$2" ]; then
    [ ! -e "$1" ] || fail "$1 is there already"
    mv -- "$2" "$1" || exit 1
  fi
  [ -f "$1" ] || fail "neither $1 nor $2 is there"
  rm -f -- "$moved/$3.json" ;;
document)
  into "$1" || exit 1
  if [ -e "$2" ]; then mv -f -- "$2" "$3" || exit 1; fi
  cat >".$2.new" && mv -f -- ".$2.new" "$2" ;;
remove)
  rm -f -- "$1" ;;
tree)
  [ -d "$1" ] || exit 0
  cd -- "$1" || exit 1
  find . -type f | head -n "$(($2 + 1))" | while IFS= read -r path; do
    printf '%s %s\n' "$(look "$path")" "$path"
  done ;;
move)
  if [ -d "$1" ]; then
    [ ! -e "$2" ] || fail "$2 is there already"
    mv -- "$1" "$2" || exit 1
  fi ;;
forget)
  case $1 in *.arriving-h-*) rm -rf -- "$1" ;; *) fail "what is $1?" 2 ;; esac ;;
*) fail "what is $act?" 2 ;;
esac
"""
)
"""`aside` writes the tombstone before it renames, and `publish` takes back the tombstone of a
session that has come home. Every step can be repeated: what is done already is left as it is."""


@dataclass(frozen=True, slots=True)
class Told:
    """What the program printed."""

    lines: tuple[str, ...] = field(default_factory=tuple)

    @property
    def first(self) -> str:
        """The first line, empty without one."""
        return self.lines[0] if self.lines else ""


def line_for(connection: Connection, *words: str) -> str:
    """Return the command line that runs the program with these words."""
    argv = ("/bin/sh", "-c", PROGRAM, "fleet", *words)
    return posix_line(argv=argv, env=dict(connection.host.env))


async def ask(
    connection: Connection, *words: str, stdin: bytes | None = None, timeout: float = SECONDS
) -> Told:
    """Run one step on a host; raises Unreachable, and FleetError with what the host said."""
    try:
        answer = await connection.run(line_for(connection, *words), stdin=stdin, timeout=timeout)
    except TimeoutError:
        raise FleetError(
            f"{words[0]} did not end within {timeout:g} s",
            where=connection.host.name,
            mend="give the same command again: it goes on where it stopped",
        ) from None
    return told_by(connection, answer)


def told_by(connection: Connection, answer: Completed) -> Told:
    """Return what the program printed; raises FleetError when it failed."""
    text = answer.stdout.decode("utf-8", "surrogateescape")
    _, _, rest = text.partition(f"{MARK}\n")
    if answer.status.code != 0:
        said = one_line(answer.stderr.decode("utf-8", "replace"), 300) or "it said nothing"
        raise StepFailed(said, answer.status.code, where=connection.host.name)
    return Told(tuple(rest.splitlines()))


class StepFailed(FleetError):
    """A step that the host refused; `status` is what the program exited with."""

    def __init__(self, what: str, status: int | None, *, where: str) -> None:
        super().__init__(what, where=where, mend="mend it, then give the same command again")
        self.status = status
