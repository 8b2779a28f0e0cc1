"""The state of a working tree on its way to another host, as a git bundle.

At the source a commit is made from a copy of the index: what is committed, changed and untracked
(ignored files are left out) stands in it, on the side ref `refs/fleet/handoff/<id>`; neither the
working tree nor the index nor a branch is touched. At the target the state comes back as
uncommitted changes over the same commit: in a new folder, or in a clean clone on a branch of its
own, so that nothing there is overwritten. Hooks are not run on either side.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.handoff.copy import copy
from fleet_tui.handoff.script import MARK, ask, told_by
from fleet_tui.model.errors import FleetError
from fleet_tui.transport.shell import posix_line

if TYPE_CHECKING:
    from fleet_tui.handoff.script import Told
    from fleet_tui.transport.base import Connection

SECONDS = 600.0
_COMMON = rf"""GIT_TERMINAL_PROMPT=0
GIT_AUTHOR_NAME=fleet-tui GIT_AUTHOR_EMAIL=fleet-tui@localhost
GIT_COMMITTER_NAME=fleet-tui GIT_COMMITTER_EMAIL=fleet-tui@localhost
export GIT_TERMINAL_PROMPT GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL
g() {{ git -c core.hooksPath=/dev/null -c core.fsmonitor=false -c gc.auto=0 "$@"; }}
fail() {{ echo "$1" >&2; exit 1; }}
command -v git >/dev/null 2>&1 || fail "git is not installed there"
echo {MARK}
"""
PACK = (
    _COMMON
    + r"""
cd -- "$1" || exit 1
g rev-parse --is-inside-work-tree >/dev/null 2>&1 || fail "$1 is no git working tree"
[ "$(g rev-parse --show-prefix)" = "" ] || fail "$1 is not the top folder of its working tree"
head=$(g rev-parse -q --verify HEAD) || fail "there is no commit yet in $1"
mkdir -p -- "${2%/*}" || exit 1
index="$2.index"
cp -- "$(g rev-parse --git-path index)" "$index" 2>/dev/null || rm -f -- "$index"
GIT_INDEX_FILE=$index
export GIT_INDEX_FILE
g add -A >/dev/null && tree=$(g write-tree) || exit 1
rm -f -- "$index"
unset GIT_INDEX_FILE
commit=$(g commit-tree "$tree" -p "$head" -m "State of the working tree for hand-off $3") || exit 1
g update-ref "refs/fleet/handoff/$3" "$commit" || exit 1
branch=$(g symbolic-ref -q --short HEAD || echo)
if [ "$branch" ]; then set -- "$2" "$3" "refs/heads/$branch"; else set -- "$2" "$3"; fi
out=$1 id=$2
shift 2
(umask 077 && g bundle create -q "$out" "refs/fleet/handoff/$id" "$@" >/dev/null) || exit 1
printf '%s\n%s\n%s\n' "$commit" "$head" "$branch"
"""
)
UNPACK = (
    _COMMON
    + r"""
dir=$1 bundle=$2 id=$3 commit=$4 head=$5 branch=$6
side=refs/fleet/handoff/$id
lay() { g read-tree -u --reset "$side" && g reset -q; }
if [ -d "$dir" ] && [ "$(ls -A -- "$dir")" ]; then
  cd -- "$dir" || exit 1
  [ "$(g rev-parse --show-toplevel 2>/dev/null)" = "$(pwd -P)" ] ||
    fail "$dir is not empty and is no git clone"
  if [ "$(g symbolic-ref -q --short HEAD)" != "handoff/$id" ]; then
    [ -z "$(g status --porcelain)" ] || fail "the clone in $dir has changes of its own"
    g fetch -q -- "$bundle" "+$side:$side" || exit 1
    g merge-base "$head" HEAD >/dev/null || fail "the clone in $dir has no history in common"
    g checkout -q -b "handoff/$id" "$head" || exit 1
  fi
  lay || exit 1
else
  new="${dir%/}.fleet-$id"
  rm -rf -- "$new"
  mkdir -p -- "$new" || exit 1
  (
    cd -- "$new" && g init -q && g fetch -q -- "$bundle" "+$side:$side" || exit 1
    if [ "$branch" ]; then
      g fetch -q -u -- "$bundle" "+refs/heads/$branch:refs/heads/$branch" &&
        g symbolic-ref HEAD "refs/heads/$branch" || exit 1
    else g update-ref --no-deref HEAD "$head" || exit 1; fi
    lay
  ) || { rm -rf -- "$new"; exit 1; }
  rmdir -- "$dir" 2>/dev/null
  mv -- "$new" "$dir" || exit 1
fi
cd -- "$dir" && pwd -P
"""
)
FITS = (
    _COMMON
    + r"""
if [ -d "$1" ] && [ "$(ls -A -- "$1")" ]; then
  cd -- "$1" || exit 1
  [ "$(g rev-parse --show-toplevel 2>/dev/null)" = "$(pwd -P)" ] ||
    fail "$1 is not empty and is no git clone"
  [ "$(g symbolic-ref -q --short HEAD)" = "handoff/$2" ] || [ -z "$(g status --porcelain)" ] ||
    fail "the clone in $1 has changes of its own"
fi
"""
)


async def check_fits(target: Connection, folder: str, identity: str) -> None:
    """Raise FleetError when the state could not be laid into `folder` without loss."""
    await _run(target, FITS, folder, identity)


async def take_along(
    source: Connection,
    folder: str,
    target: Connection,
    into: str,
    *,
    state: tuple[str, str],
    name: str,
) -> str:
    """Bring the working tree's state into a folder of the target; returns its commit.

    `state` is where both hosts keep what is ours; `name` names the hand-off. Raises Unreachable,
    FleetError.
    """
    packed, arrived = (f"{place}/handoff-{name}.bundle" for place in state)
    told = await _run(source, PACK, folder, packed, name)
    commit, head, branch = (*told.lines, "", "", "")[:3]
    if not commit or not head:
        raise FleetError("git did not say what it packed", where=source.host.name)
    await copy(source, packed, target, arrived)
    await _run(target, UNPACK, into, arrived, name, commit, head, branch)
    await ask(source, "remove", packed)
    await ask(target, "remove", arrived)
    return commit


async def _run(connection: Connection, program: str, *words: str) -> Told:
    argv = ("/bin/sh", "-c", program, "fleet", *words)
    line = posix_line(argv=argv, env=dict(connection.host.env))
    try:
        answer = await connection.run(line, timeout=SECONDS)
    except TimeoutError:
        what = f"git did not end within {SECONDS:g} s"
        raise FleetError(what, where=connection.host.name) from None
    return told_by(connection, answer)
