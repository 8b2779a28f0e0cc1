"""The POSIX `sh` programs by which a run lives on its host without us.

Each is sent as one line (`program_line`) that every login shell passes on unchanged. They keep to
POSIX `sh` and utilities, plus `head -c`; dash, bash and busybox ash run them. A run's folder is
`${XDG_STATE_HOME:-$HOME/.local/state}/fleet-tui/runs/<run>/`, mode 0700, and holds

- `command`, `meta`: what was asked; `stdin`: its input; `umask`: the user's, for the run
- `pid`: process id of the wrapper (leader of the run's session and process group), its start time
  and the boot it belongs to
- `out`, `err`: all that the run wrote, by two `cat` that read the FIFOs `o` and `e` (a run's own
  pipes, as `ssh` would give it: a script that opens `/dev/stderr` would truncate a plain file)
- `status`: `run`, and at the end `exit <code> <told> <out> <err>` where `told` is 1 when the code
  stands for a signal, and the last two are the exit codes of the two `cat`
- `live`: a FIFO the wrapper holds open; end-of-file on it is the wrapper's death, however it came
- `in`, `hold`: the run's input FIFO when it is open, and what lets go of it, which is open itself
  before anybody can write to it: else its one line would be lost; `fed`: bytes put in
- `killed`: made before the whole group is killed, when no wrapper is left to write the status

`epoch` beside `runs` grows a line with each higher epoch seen. A folder `.new-<pid>` becomes a run
by being renamed, with all in it: what has a run's name was started, once, or was about to be.

The programs hold no backslash, no exclamation mark and no newline: shells disagree on those.
"""

from __future__ import annotations

import functools
import re

from fleet_tui.model.errors import UsageError
from fleet_tui.transport.shell import quote

SHELL = "/bin/sh"
"""What runs the programs on the host."""
ORDERS_LIMIT = 112_000
"""Bytes; Linux passes no single argument of 128 KiB, and sshd passes a line as one."""
QUICK_SECONDS = "0.02"
"""A run that ends within this is answered without the price of following it live."""

_SHELLS_DISAGREE = frozenset("\\!\n\r")
_OCTAL = re.compile(r"""[\\!'"`$\x00-\x1f\x7f]""")

_PLACES = """
E=$1; N=$3; R="${XDG_STATE_HOME:-$HOME/.local/state}/fleet-tui"; B="$R/runs"; D="$B/$2";
"""

# born PID: sets s to the process's start time, empty when there is no such process.
# boot: sets b to what names the present boot. up: prints the seconds since, or `-`.
# look: sets X to the run's state; `running`, and p to its wrapper, only by proof.
_LOOK = """
nth() { [ "$1" = Z ] || s=${20}; };
born() { s=; if [ -r /proc/self/stat ]; then
{ read -r z <"/proc/$1/stat"; } 2>/dev/null && nth ${z##*") "};
else s=$(ps -o lstart= -p "$1" 2>/dev/null | tr -s " " _); fi; };
boot() { b=; { read -r b </proc/sys/kernel/random/boot_id; } 2>/dev/null ||
b=$(sysctl -n kern.bootsessionuuid 2>/dev/null ||
sysctl -n kern.boottime 2>/dev/null | cut -d, -f1 | tr -dc 0-9); b=${b:--}; };
up() { z=-; { read -r z w </proc/uptime; } 2>/dev/null; echo "$z"; };
over() { X=; { while read -r k v; do [ "$k" = exit ] && X="exit $v"; done <"$D/status"; }
2>/dev/null; [ "$X" ]; };
look() { [ -d "$D" ] || { X=unknown; return; };
[ -s "$D/pid" ] || { X=never; return; };
over && return;
read -r p t u <"$D/pid"; boot;
[ "$b" = "$u" ] || { X="rebooted $(up)"; return; };
born "$p"; [ "$s" ] && [ "$s" = "$t" ] && { X=running; return; };
over && return;
if [ -e "$D/killed" ]; then X="exit 137 1 0 0"; else X=died; fi; };
"""

# The wrapper: $1 an exclamation mark, $2 where all is kept, then its orders: run, mark, epoch,
# input (`-`, `open`, or how many bytes come on fd 5), meta, command line; or `-` alone, when the
# orders will come on fd 5, one a line. fd 9 tells the follower.
#
# All is made in a folder of another name, whose renaming is what makes the run start once.
# The wrapper shares the group with the run, so it outlives all signals to it but KILL; the `cat`
# do too. Nothing else is asynchronous: what is started with `&` would ignore INT for ever.
_WRAPPER = (
    """
E=$1; R=$2; B="$R/runs"; exec 9>&1 >/dev/null; [ "$BASH_VERSION" ] && set +o posix;
trap : INT TERM HUP QUIT; tell() { trap "" PIPE; echo "$*" >&9; trap - PIPE; } 2>/dev/null;
"""
    + _LOOK
    + """
P="$B/.new-$$"; F=; mkdir -m 700 "$P" 2>/dev/null ||
F=$({ rm -rf "$P" && (umask 077; mkdir -p "$B") && mkdir -m 700 "$P"; } 2>&1) || F="folder $F";
if [ -z "$F" ]; then
umask >"$P/umask"; read -r u <"$P/umask"; umask 077; exec 2>>"$P/note";
mkfifo "$P/o" "$P/e" "$P/in" "$P/hold" "$P/live" || F=fifo; boot; born $$; fi;
[ -z "$F" ] && { true >"$P/out" && true >"$P/err" && echo run >"$P/status" &&
echo "$$ $s $b" >"$P/pid" || F=disk; };
[ -z "$F" ] && exec 8<>"$P/live" &&
exec 3<>"$P/o" && exec 4<"$P/o" 7>"$P/o" 3>>"$P/out" && {
(trap "" INT TERM HUP QUIT; exec cat <&4 >&3 3>&- 4<&- 5<&- 7>&- 8<&- 9<&-) & eval "p=$"$E; } &&
exec 3<>"$P/e" && exec 4<"$P/e" 6>"$P/e" 3>>"$P/err" && {
(trap "" INT TERM HUP QUIT; exec cat <&4 >&3 3>&- 4<&- 5<&- 6>&- 7>&- 8<&- 9<&-) & eval "q=$"$E; };
exec 3<&- 4<&-;
if [ "$3" = - ]; then
{ read -r i && read -r N && read -r h && read -r I && IFS= read -r m && IFS= read -r l; } <&5 ||
{ rm -rf "$P"; exit; }; else i=$3; N=$4; h=$5; I=$6; m=$7; l=$8; fi;
D="$B/$i"; bad() { tell fail "$N" "$@"; rm -rf "$P"; exit; };
[ "$F" ] && bad $F;
e=0; [ -r "$R/epoch" ] && while read -r k; do [ "$k" -gt "$e" ] && e=$k; done <"$R/epoch";
[ "$h" -lt "$e" ] && bad epoch "$e"; [ "$h" -gt "$e" ] && echo "$h" >>"$R/epoch";
old() { tell old "$i" "$N"; rm -rf "$P" "$D/.new-$$"; exit; };
[ -e "$D/pid" ] && old; [ -d "$D" ] && rm -rf "$D";
plain() { case $1 in e*) v=$(printf %b_ "${1#e}"); v=${v%_};; *) v=${1#p};; esac; };
{ plain "$m"; printf %s "$v" >"$P/meta" && plain "$l" && printf %s "$v" >"$P/command" &&
umask "$u" && umask >"$P/umask" && umask 077; } || bad disk;
case $I in -) J=/dev/null;; open) J="$D/in";; *) J="$D/stdin";
head -c "$I" <&5 >"$P/stdin"; z=$(wc -c <"$P/stdin"); [ $((${z:-0})) = "$I" ] || bad stdin;; esac;
exec 5<&-; [ "$I" = open ] && exec 3<>"$P/in" 5<>"$P/hold";
mv "$P" "$D" 2>/dev/null; { read -r z w <"$D/pid"; } 2>/dev/null; [ "$z" = $$ ] || old;
export FLEET_RUN="$i"; tell new "$i" "$N";
(trap "" INT TERM HUP QUIT; exec 2>/dev/null 3<&- 5<&- 6>&- 7>&- 8<&-;
sleep QUICK || sleep 1; echo tick >&9) &
[ "$I" = open ] && {
(trap "" INT TERM HUP QUIT; exec 6>&- 7>&- 8<&- 9<&-; read -r w <&5) & };
exec <"$J" 3<&- 5<&-;
(umask "$u"; exec "${SHELL:-/bin/sh}" -c "$v" >&7 2>&6 6>&- 7>&- 8<&- 9<&-); r=$?; exec 6>&- 7>&-;
wait $p; a=$?; while kill -0 $p 2>/dev/null; do wait $p; a=$?; done;
wait $q; c=$?; while kill -0 $q 2>/dev/null; do wait $q; c=$?; done;
k=0; if [ $r -gt 128 ]; then
case $r in 130|141) k=1;; *) [ -s "$D/note" ] && k=1;; esac; fi;
echo "exit $r $k $a $c" >>"$D/status";
[ "$I" = open ] && echo x 1<>"$D/hold";
tell end;
"""
)

# Following. N is the mark that tells our lines from the run's bytes. fd 5 is the channel's input,
# whose end means that nobody listens any more; fd 6 is its standard error, so that no word of the
# shell itself gets there; fd 7 is where a wrapper just started tells its end.
# live OUT ERR: deliver from these offsets as it comes, until the input ends.
# rest OUT ERR: deliver what there is, and end; a size is told only where that costs nothing.
_FOLLOW = """
exec 5<&0 </dev/null;
fail() { echo "$N"; echo "$N fail $*" >&2; exit 0; };
[ "$XDG_STATE_HOME$HOME" ] || fail home;
begin() { exec 6>&2 2>/dev/null; exec 3<"$D/out" 4<"$D/err"; f=0;
[ -s "$D/fed" ] && read -r f <"$D/fed"; echo "$N"; echo "$N head $1 $f" >&6; };
size() { z=$(wc -c <"$1"); echo $((${z:-0})); };
conclude() { echo "$N end $(size "$D/out") $(size "$D/err") $X" >&6; };
from() { if [ "$1" = 0 ]; then cat; else tail -c +$(($1+1)); fi; };
rest() { g=0; [ -s "$D/out" ] && { g=-; from "$1" <&3; };
h=0; [ -s "$D/err" ] && { h=-; from "$2" <&4 >&6; }; echo "$N end $g $h $X" >&6; };
evented() { case $(tail --version) in *coreutils*) return 0;; esac;
case $(uname) in Darwin|*BSD|DragonFly) return 0;; esac; return 1; };
ended() { while look; [ "$X" = running ]; do
{ exec 8<&-; read -r w <&7; } 8<>"$D/live" 7<"$D/live"; look;
[ "$X" = running ] && sleep 0.1; done; };
poll() { from "$1" <&3; from "$2" <&4 >&6; d=0.05; o=;
while look; [ "$X" = running ]; do n=$(wc -c "$D/out" "$D/err");
if [ "$n" = "$o" ]; then case $d in 0.05) d=0.1;; 0.1) d=0.2;; *) d=0.4;; esac;
else o=$n; d=0.05; cat <&3; cat <&4 >&6; fi; sleep $d || sleep 1; done;
cat <&3; cat <&4 >&6; conclude; };
live() { if evented; then
tail -c +$(($1+1)) -f "$D/out" 3<&- 4<&- 5<&- 6<&- 7<&- & eval "z=$"$E; q=$z;
tail -c +$(($2+1)) -f "$D/err" >&6 3<&- 4<&- 5<&- 6<&- 7<&- & eval "z=$"$E; q="$q $z";
(exec 3<&- 4<&- 5<&-; while read -r w <&7; do [ "$w" = tick ] || break; done; ended; conclude) &
eval "z=$"$E; q="$q $z";
else (exec 5<&-; poll "$1" "$2") & eval "q=$"$E; fi;
exec >/dev/null 6>&-; while read -r w <&5; do :; done; kill $q; kill $$; exit; };
"""

# Launching: the wrapper's orders are our arguments.
_LAUNCH_BODY = """
T=; for t in setsid perl python3; do command -v $t >/dev/null 2>&1 && { T=$t; break; }; done;
[ "$T" ] || fail setsid;
session() { case $T in setsid) exec setsid "$@";;
perl) exec perl -MPOSIX -e "POSIX::setsid();exec(@ARGV)" "$@";;
*) exec python3 -c "import os,sys;os.setsid();os.execvp(sys.argv[1],sys.argv[1:])" "$@";; esac; };
{ shift; session SHELL -c "$W" fleet-run "$E" "$R" "$@" 2>/dev/null; } |
{ exec 7<&0 </dev/null; A=; n=; while read -r w i z <&7; do case $w in
new|old) D="$B/$i"; N=$z; A=1; begin $w;; fail) N=$i; fail "$z";; tick) n=1;; *) break;; esac;
[ "$n" ] && [ "$A" ] && live 0 0; done;
[ "$A" ] || exit; look; if [ "$X" = running ]; then live 0 0; else rest 0 0; fi; };
"""

_FOLLOW_BODY = """
look; case $X in unknown|never) fail "$X";; esac;
begin old; exec 7</dev/null;
if [ "$X" = running ]; then live "$4" "$5"; else rest "$4" "$5"; fi;
"""

_SIGNAL_BODY = """
look; if [ "$X" = running ]; then [ "$4" = KILL ] && true >"$D/killed";
kill -"$4" "-$p" && X=sent; fi; echo "$X";
"""

# What a short command answers comes after a line with its mark: login shells talk.
_ANSWER = """
echo; echo "$N";
"""

# found RUN: prints the processes that carry the run's mark in their environment.
_FOUND = """
found() { if [ -r /proc/self/environ ]; then
grep -ls "FLEET_RUN=$1" /proc/[0-9]*/environ | tr -dc "0-9/" | tr -s / " ";
else ps -Eaxww -o pid=,command= | grep "[F]LEET_RUN=$1" | while read -r z w; do echo "$z"; done;
fi; };
"""

# After the group, whoever left it, until a pass finds nobody.
_KILL_TREE_BODY = """
n=0; [ -d "$D" ] && true >"$D/killed"; look; [ "$X" = running ] && kill -KILL "-$p";
for i in 1 2 3 4 5 6 7 8; do h=$(found "$2"); [ "$h" ] || break;
for z in $h; do kill -KILL "$z" 2>/dev/null && n=$((n+1)); done; sleep 0.05; done;
h=$(found "$2"); look; echo "$X"; echo "$n" $h;
"""

# One feeds at a time. stale: removes the lock of one that was killed.
_FEEDING = """
L="$D/feeding"; j=0;
stale() { j=$((j+1)); if { read -r g h <"$L/pid"; } 2>/dev/null; then
born "$g"; [ "$s" = "$h" ] || rm -rf "$L"; elif [ $j -gt 100 ]; then j=0; rm -rf "$L"; fi; };
"""

# $4 offset of the first byte in all of the run's input, $5 bytes to come on our own input.
# Answers the state and how many bytes the run was given by then.
_FEED_BODY = """
look; until [ "$X" = running ] && mkdir "$L" 2>/dev/null; do
[ "$X" = running ] || { echo "$X"; exit; }; stale; sleep 0.05; look; done;
born $$; echo "$$ $s" >"$L/pid"; f=0; [ -s "$D/fed" ] && read -r f <"$D/fed";
head -c "$5" >"$L/data"; n=$(($(wc -c <"$L/data")));
if [ "$n" = "$5" ] && [ "$f" -ge "$4" ] && [ "$f" -lt $(($4+$5)) ]; then
{ exec 8<&-; tail -c +$(($f-$4+1)) "$L/data" >&9; } 8<>"$D/in" 9>"$D/in" &&
f=$(($4+$5)) && echo "$f" >"$D/fed"; fi;
rm -rf "$L"; echo "$X"; echo "$f";
"""

_CLOSE_INPUT_BODY = """
look; while [ -d "$L" ] && [ "$X" = running ]; do stale; sleep 0.05; look; done;
[ "$X" = running ] && [ -p "$D/hold" ] && echo x 1<>"$D/hold"; echo "$X";
"""

_INVENTORY_BODY = """
date +%s; cd "$B" 2>/dev/null || exit 0;
for D in *; do [ -d "$D" ] || continue; look; c=; { read -r c <"$D/command"; } 2>/dev/null;
z=; { read -r z <"$D/meta"; } 2>/dev/null;
echo "run $D $X"; printf %s "command $c"; echo; printf %s "meta $z"; echo; done;
wc -c */out */err 2>/dev/null | while read -r n z; do echo "size $n $z"; done;
{ stat -c "%Y %n" */umask */status 2>/dev/null || stat -f "%m %N" */umask */status 2>/dev/null; } |
while read -r n z; do echo "time $n $z"; done;
"""

# The runs to remove follow as further arguments; one that is not over stays.
_COLLECT_BODY = """
cd "$B" 2>/dev/null && for D in .new-*; do kill -0 "${D#.new-}" 2>/dev/null || rm -rf "$D"; done;
shift 3; for i in "$@"; do D="$B/$i"; look; [ "$X" = running ] || [ "$(found "$i")" ] ||
{ rm -rf "$D" && echo "$i"; }; done; echo done;
"""


def orders(run: str, mark: str, *, epoch: int, stdin: str, meta: str, line: str) -> tuple[str, ...]:
    """Return what a wrapper must be told to start a run.

    `stdin` is `-`, `open`, or how many bytes will come. Raises UsageError for what no host can be
    told.
    """
    told = (run, mark, str(epoch), stdin, _packed(meta), _packed(line))
    if sum(len(quote(word).encode()) for word in told) > ORDERS_LIMIT:
        raise UsageError(
            f"the command is longer than a host takes ({len(line.encode())} bytes)",
            mend="pass the long part as standard input",
        )
    return told


def launch_line(
    run: str,
    mark: str,
    *,
    epoch: int,
    stdin: str,
    meta: str,
    line: str,
    shell: str = SHELL,
) -> str:
    """Return the line that starts a run once and follows it; as for `orders`."""
    told = orders(run, mark, epoch=epoch, stdin=stdin, meta=meta, line=line)
    return line_of(told, shell=shell)


def line_of(told: tuple[str, ...], *, shell: str = SHELL) -> str:
    """Return the line that carries `orders` itself."""
    return _line(_launch_program(shell), told, shell)


def spare_line(*, shell: str = SHELL) -> str:
    """Return the line that makes all ready for a run, and then waits for its orders.

    They are the lines of its input, one for each of `orders`; a run's input follows them.
    """
    return _line(_launch_program(shell), ("-",), shell)


def program_line(name: str, *args: str, shell: str = SHELL) -> str:
    """Return the line that runs one of `PROGRAMS`; `args` are the run id and what follows it.

    An exclamation mark goes before them: csh expands it even where it is quoted, but not here,
    and the programs need it for the id of a background process.
    """
    return _line(PROGRAMS[name], args, shell)


def _line(program: str, args: tuple[str, ...], shell: str) -> str:
    words = " ".join(quote(arg) for arg in args)
    return f"exec {quote(shell)} -c {quote(program)} fleet-run \\! {words}"


def _packed(text: str) -> str:
    """Return text as an argument that all shells agree on; `plain` in the program undoes it."""
    if "\0" in text:
        raise UsageError("a command cannot hold a NUL character")
    if not _SHELLS_DISAGREE & set(text):
        return "p" + text
    return "e" + _OCTAL.sub(lambda match: f"\\0{ord(match[0]):03o}", text)


def _compiled(*parts: str) -> str:
    """Return the program on one line; a source line ends where a blank may stand."""
    program = " ".join(" ".join(parts).split())
    assert not _SHELLS_DISAGREE & set(program)
    return program


@functools.cache
def _launch_program(shell: str) -> str:
    wrapper = _compiled(_WRAPPER.replace("QUICK", QUICK_SECONDS))
    body = _LAUNCH_BODY.replace("SHELL", quote(shell))
    return _compiled(_PLACES, _LOOK, _FOLLOW, f"W='{wrapper}';", body)


PROGRAMS = {
    "follow": _compiled(_PLACES, _LOOK, _FOLLOW, _FOLLOW_BODY),
    "signal": _compiled(_PLACES, _ANSWER, _LOOK, _SIGNAL_BODY),
    "kill-tree": _compiled(_PLACES, _ANSWER, _LOOK, _FOUND, _KILL_TREE_BODY),
    "feed": _compiled(_PLACES, _ANSWER, _LOOK, _FEEDING, _FEED_BODY),
    "close-input": _compiled(_PLACES, _ANSWER, _LOOK, _FEEDING, _CLOSE_INPUT_BODY),
    "inventory": _compiled(_PLACES, _ANSWER, _LOOK, _INVENTORY_BODY),
    "collect": _compiled(_PLACES, _ANSWER, _LOOK, _FOUND, _COLLECT_BODY),
}
"""The programs by name; each takes the run id first, or `-` where it is about none."""
