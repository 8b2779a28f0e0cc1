"""The POSIX `sh` programs that look after a mirror on its host; they need git and nothing else.

Each answers in lines after one that holds the mark alone: login shells talk. A path that begins
with `~/` means the host's own home. What a host remembers of roles is beside its runs, in
`${XDG_STATE_HOME:-~/.local/state}/fleet-tui/`: `epoch` (the highest seen is the greatest number in
it), `hold` (a promotion under way, and until when nothing new is begun), `beats/mirror-pull-<host>`
(how many pulls succeeded, and when the last one did) and `log/` (the shipped audit log).
"""

from __future__ import annotations

import re
import shlex

from fleet_tui.model.errors import UsageError
from fleet_tui.roles.git import QUIET
from fleet_tui.roles.log_script import LOG_PROGRAMS
from fleet_tui.transport.shell import posix_line

# $1 the mark, $2 the agent home, $3 the branch, $4 the host's name; the rest is the program's.
_HEAD = (
    "".join(f"export {name}='{value}'; " for name, value in QUIET.items() if "SSH" not in name)
    + """
: "${GIT_SSH_COMMAND:=ssh -o BatchMode=yes -o ConnectTimeout=8}"; export GIT_SSH_COMMAND
M=$1; F=$2; B=$3; H=$4; shift 4; echo; echo "$M"; exec 2>&1
R="${XDG_STATE_HOME:-$HOME/.local/state}/fleet-tui"; I="origin/$B"
case $F in "~") F=$HOME;; "~/"*) F="$HOME/${F#??}";; esac
g() { git -c user.name=fleet-tui -c "user.email=fleet-tui@$H" -c commit.gpgsign=false \\
-c core.hooksPath=/dev/null -c core.quotePath=false "$@"; }
no() { echo "state $*"; exit 0; }
bad() { echo "failed $*"; exit 0; }
why() { tr '\\n\\t' '  ' | tail -c 300; }
need_git() { command -v git >/dev/null || no no-git; }
enter() { need_git; cd "$F" 2>/dev/null || no absent; [ -e .git ] || no no-mirror; }
highest() { e=0; if [ -r "$R/epoch" ]; then while read -r k; do
[ "$k" -gt "$e" ] 2>/dev/null && e=$k; done <"$R/epoch"; fi; echo "$e"; }
mine() { mkdir -p "$R" && chmod 700 "$R"; }
beat() { mine; mkdir -p "$R/beats"; n=0
[ -r "$R/beats/mirror-pull-$H" ] && read -r n z <"$R/beats/mirror-pull-$H"
echo "$((n+1)) $(date -u +%Y-%m-%dT%H:%M:%SZ) $(date +%s)" >"$R/beats/.mirror-pull-$H" &&
mv "$R/beats/.mirror-pull-$H" "$R/beats/mirror-pull-$H"; }
keep() { t=; x="$(g rev-parse --absolute-git-dir)/fleet-keep-$$"; rm -f "$x"
h=$(g rev-parse -q --verify HEAD) || return 1
GIT_INDEX_FILE=$x g read-tree HEAD && GIT_INDEX_FILE=$x g add -A . &&
t=$(GIT_INDEX_FILE=$x g write-tree); rm -f "$x"; [ "$t" ] || return 1
if [ "$t" = "$(g rev-parse 'HEAD^{tree}')" ]; then c=$h; else
c=$(echo "What $H had that was not committed" | g commit-tree "$t" -p "$h") || return 1; fi; }
"""
)

_STATUS = """
echo "clock $(date +%s)"; echo "epoch $(highest)"
df -Pk "${F%/*}" 2>/dev/null | { read -r z; read -r a b c d z && echo "free $d"; }
[ -r "$R/beats/mirror-pull-$H" ] &&
{ read -r n z s <"$R/beats/mirror-pull-$H"; echo "pulled $n $s"; }
enter
echo "branch $(g symbolic-ref -q --short HEAD)"; echo "commit $(g rev-parse -q --verify HEAD)"
echo "remote $(g config remote.origin.url)"
if [ "$1" = ask ]; then if w=$(g fetch -q origin 2>&1); then echo "reachable yes"
else echo "reachable no"; echo "why $(echo "$w" | why)"; fi; fi
if g rev-parse -q --verify "refs/remotes/$I" >/dev/null; then
echo "count $(g rev-list --left-right --count "HEAD...$I")"; fi
g status --porcelain -uall | head -n 100 | sed 's/^/edit /'
g count-objects -v | sed -n 's/^size: /loose /p;s/^size-pack: /packed /p'
g ls-files -- projects sessions todos shell-snapshots statsig file-history debug history.jsonl \\
.credentials.json '*.jsonl' '*.key' '*.pem' | head -n 20 | sed 's/^/unfit /'
no ok
"""

_PULL = """
enter
w=$(g pull -q --ff-only origin "$B" 2>&1) || bad "$(echo "$w" | why)"
beat; echo "done $(g rev-parse HEAD)"
"""

# $1 remote, $2 a stamp for what is kept aside; the ignore rules come on the input.
_SETUP = """
need_git; mkdir -p "$F" && cd "$F" || bad "cannot make $F"
k="$F.before-fleet-$2"
if [ -e .git ] && [ ! -e .git/fleet-setup ]; then u=$(g config remote.origin.url)
[ "$u" = "$1" ] || bad "it is a repository of ${u:-no remote} already: nothing was touched"
echo "already"; else
[ -e .git ] || { w=$(g init -q 2>&1) || bad "$(echo "$w" | why)"
g symbolic-ref HEAD "refs/heads/$B"; }
: >.git/fleet-setup
fi
g config remote.origin.url "$1"; g config remote.origin.fetch "+refs/heads/*:refs/remotes/origin/*"
mkdir -p .git/info; cat >.git/info/exclude
w=$(g fetch -q origin 2>&1) || bad "$(echo "$w" | why)"
if [ -e .git/fleet-setup ]; then
if g rev-parse -q --verify "refs/remotes/$I" >/dev/null; then
g read-tree "$I" || bad "cannot read the remote"
mkdir -p "$k" && chmod 700 "$k" || bad "cannot keep a copy in $k"
g ls-files -co --exclude-standard | { while IFS= read -r f; do
if [ -f "$f" ] || [ -L "$f" ]; then case $f in */*) mkdir -p "$k/${f%/*}" || exit 1;; esac
cp -pP "$f" "$k/$f" || exit 1; fi; done; } || bad "cannot keep a copy in $k: nothing was changed"
rmdir "$k" 2>/dev/null || { echo "kept $k"
g diff-files --name-only --diff-filter=M | sed 's/^/replaced /'; }
g update-ref "refs/heads/$B" "$I" && g checkout-index -q -f -a || bad "cannot write the files"
g config "branch.$B.remote" origin; g config "branch.$B.merge" "refs/heads/$B"
fi
rm -f .git/fleet-setup; fi
g rev-parse -q --verify "refs/remotes/$I" >/dev/null || { echo "empty"; echo "done"; exit 0; }
beat; echo "done $(g rev-parse -q --verify HEAD)"
"""

# The first commit of an empty remote; the ignore rules come on the input.
_BEGIN = """
enter; [ -e .gitignore ] || cat >.gitignore
w=$(g add -A . 2>&1) || bad "$(echo "$w" | why)"
g rev-parse -q --verify HEAD >/dev/null && g diff --cached --quiet ||
g commit -q -m "Begin the mirror of the agent home" >/dev/null || bad "cannot commit"
w=$(g push -q -u origin "HEAD:refs/heads/$B" 2>&1) || bad "$(echo "$w" | why)"
g fetch -q origin; echo "done $(g rev-parse HEAD)"
"""

_DIFF = """
enter
g rev-parse -q --verify "refs/remotes/$I" >/dev/null &&
g log --oneline "$I..HEAD" | head -n 50 | sed 's/^/unpushed /'
{ g diff HEAD; g ls-files -o --exclude-standard | while IFS= read -r f; do
g diff --no-index -- /dev/null "$f"; done; } | head -c 200000 | sed 's/^/diff /'
echo; echo "done"
"""

# $1 a branch: what is not in the remote goes there, and is pushed; nothing here is changed.
# $2 is what was kept before, so that it is not kept twice.
_KEEP = """
enter; keep || bad "what is here cannot be written down"
if g rev-parse -q --verify "refs/remotes/$I" >/dev/null &&
g merge-base --is-ancestor "$c" "$I"; then echo "nothing"; echo "done"; exit 0; fi
[ "$2" = "$h:$t" ] && { echo "nothing"; echo "done"; exit 0; }
g update-ref "refs/heads/$1" "$c"
w=$(g push -q origin "$c:refs/heads/$1" 2>&1) || bad "$(echo "$w" | why)"
echo "kept $c $h:$t"; echo "done"
"""

# $1 the commit that keeps everything and must be in the remote; then this becomes the remote's.
_REVERT = """
enter; keep || bad "what is here cannot be written down"
[ "$t" = "$(g rev-parse "$1^{tree}")" ] ||
bad "it was edited again since it was kept: look at it anew"
w=$(g fetch -q origin 2>&1) || bad "$(echo "$w" | why)"
[ "$(g branch -r --contains "$1")" ] || bad "the remote does not have what would be undone here"
g reset -q --hard "$I" && g clean -fdq && echo "done $(g rev-parse HEAD)"
"""

# $1 the branch to take in. Here is where the fleet's files are written.
_MERGE = """
enter; w=$(g fetch -q origin 2>&1) || bad "$(echo "$w" | why)"
w=$(g merge -q --no-edit -m "Carry over what was edited on $2" "origin/$1" 2>&1) || {
g merge --abort 2>/dev/null; bad "$(echo "$w" | why)"; }
w=$(g push -q origin "HEAD:refs/heads/$B" 2>&1) || bad "$(echo "$w" | why)"
echo "done $(g rev-parse HEAD)"
"""

_PUSH = """
enter; w=$(g push -q origin "HEAD:refs/heads/$B" 2>&1) || bad "$(echo "$w" | why)"
echo "done $(g rev-parse HEAD)"
"""

# $1 the epoch: the host remembers it, and what was held may go on, or is over.
_FENCE = """
mine || bad "cannot write $R"; e=$(highest)
[ "$1" -gt "$e" ] && { echo "$1" >>"$R/epoch" || bad "cannot write $R/epoch"; }
[ "$1" -ge "$e" ] && rm -f "$R/hold"
echo "epoch $(highest)"; echo "done"
"""

_HOLD = """
mine; e=$(highest); [ "$3" -lt "$e" ] && bad "this host has seen epoch $e"
echo "$1 $(($(date +%s)+$2))" >"$R/hold" || bad "cannot write $R/hold"; echo "done"
"""

_RELEASE = """
[ -r "$R/hold" ] && { read -r p z <"$R/hold"; [ "$p" = "$1" ] && rm -f "$R/hold"; }; echo "done"
"""

PROGRAMS = {
    "status": _STATUS,
    "pull": _PULL,
    "setup": _SETUP,
    "begin": _BEGIN,
    "diff": _DIFF,
    "keep": _KEEP,
    "revert": _REVERT,
    "merge": _MERGE,
    "push": _PUSH,
    "fence": _FENCE,
    "hold": _HOLD,
    "release": _RELEASE,
    **LOG_PROGRAMS,
}
_ENCODED = re.compile(r"""exec /bin/sh -c 'eval "\$\(printf %b "([^"]*)"\)"'""")
_OCTAL = re.compile(r"\\0([0-7]{3})")

NAME = "fleet-mirror"
"""What the programs are called in a host's process list."""


def program_line(program: str, *args: str) -> str:
    """Return the line that runs one of the programs, for any login shell; raises UsageError."""
    for arg in args:
        if not arg.isprintable():
            raise UsageError(f"{arg!r} cannot be passed to a host", mend="leave such signs out")
    return posix_line(argv=["/bin/sh", "-c", _HEAD + PROGRAMS[program], NAME, *args])


def read_line(line: str) -> tuple[str, tuple[str, ...]] | None:
    """Return the program and the arguments of a line that `program_line` made; None for others."""
    found = _ENCODED.fullmatch(line)
    if found is None:
        return None
    inner = _OCTAL.sub(lambda match: chr(int(match[1], 8)), found[1])
    try:
        words = shlex.split(inner)
    except ValueError:
        return None
    if words[:3] != ["exec", "/bin/sh", "-c"] or len(words) < 5 or words[4] != NAME:
        return None
    known = words[3] in {_HEAD + program for program in PROGRAMS.values()}
    return (words[3], tuple(words[5:])) if known else None


def pull_program() -> str:
    """Return the program of a scheduled pull; it takes home, branch and host after a mark."""
    return _HEAD + _PULL
