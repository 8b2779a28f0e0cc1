"""The programs by which the audit log reaches other machines, and comes back from them.

A copy is kept in `log/<fleet>/` of a host's state folder, as `fleet.log.1`, `fleet.log.2`, …: the
names that the files of the log get when they are full, so that a file keeps its name for good. A
live log is `fleet.log.1`, …, `fleet.log`; there the last one counts as the next number.
"""

from __future__ import annotations

TAIL_BYTES = 160
"""How much of the end of a file is compared: with it goes the hash of the line before, and so of
all that came before."""

# files KIND PLACE: sets L to the files, oldest first, and calls each by its number.
_FILES = """
files() { n=0; if [ "$1" = copy ]; then p="$R/log/$2/fleet.log"; else p=$2
case $p in "~/"*) p="$HOME/${p#??}";; esac; fi
for k in $(ls -d "$p".[0-9]* 2>/dev/null | sed 's/.*[.]//' | grep -x '[0-9]*' | sort -n); do
n=$k; "$3" "$k" "$p.$k"; done
[ "$1" = live ] && [ -f "$p" ] && "$3" "$((n+1))" "$p"; }
"""

_STATE = (
    _FILES
    + f"""
show() {{ s=$(wc -c <"$2"); echo "seg $1 $((s)) \\
$(tail -c {TAIL_BYTES} "$2" | od -An -v -tx1 | tr -d ' \\n')"; }}
files "$1" "$2" show; echo "done"
"""
)

# $1 fleet, $2 file number, $3 where the bytes belong, $4 how many come, $5 the sender's epoch.
_ADD = """
e=$(highest); [ "$5" -lt "$e" ] && { echo "epoch $e"; bad "this host has seen epoch $e"; }
D="$R/log/$1"; mine; mkdir -p "$D" && chmod 700 "$D" || bad "cannot write $D"
f="$D/fleet.log.$2"; x="$D/.part-$$"
size() { s=0; [ -f "$f" ] && s=$(wc -c <"$f"); s=$((s)); }
size; if [ "$s" = "$3" ]; then umask 077; head -c "$4" >"$x"; n=$(wc -c <"$x")
if [ "$((n))" = "$4" ]; then size; [ "$s" = "$3" ] && cat "$x" >>"$f"; fi; rm -f "$x"; fi
size; echo "at $s"; echo "done"
"""

_ASIDE = """
D="$R/log/$1"; [ -d "$D" ] && mv "$D" "$D.aside-$2"; echo "done"
"""

# $1 kind, $2 place, $3 file number, $4 from which byte: all that follows, after a line `bytes`.
_READ = (
    _FILES
    + """
give() { [ "$1" = "$w" ] && { echo bytes; tail -c +$((o+1)) "$2"; }; }
w=$3; o=$4; files "$1" "$2" give
"""
)

LOG_PROGRAMS = {"log-state": _STATE, "log-add": _ADD, "log-aside": _ASIDE, "log-read": _READ}
"""The programs by name; `mirror_script` sends them."""
