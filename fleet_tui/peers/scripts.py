"""The POSIX `sh` programs that look for sessions and for proof on a host. They only look.

They travel on standard input of `sh -s`, so that no login shell sees a word of them, and run in
dash, bash and busybox ash. Nothing is written or kept there.
"""

from __future__ import annotations

LOOK_LINE = "sh -s fleet-peers-look"
PROOF_LINE = "sh -s fleet-peers-proof"
MARKER = "fleet-peers"

_COMMON = """
say() { printf "%s\\n" "$*"; }
c=${CLAUDE_CONFIG_DIR:-$HOME/.claude}
if timeout 5 true 2>/dev/null </dev/null; then limited() { timeout 8 "$@" </dev/null 2>/dev/null; }
else limited() { "$@" </dev/null 2>/dev/null; }; fi
born() { s=-; i=-; z=; if [ -r /proc/self/stat ]; then
{ read -r z <"/proc/$1/stat"; } 2>/dev/null && field ${z##*") "}
elif kill -0 "$1" 2>/dev/null; then s=yes; i=$(ps -o sess= -p "$1" 2>/dev/null | tr -d " "); fi; }
field() { [ "$1" = Z ] || { s=${20}; i=$4; }; }
"""

LOOK = f"""{_COMMON}
echo "{MARKER}=1"
one() {{ tr -d "\\n\\r" <"$1" 2>/dev/null | head -c 8000; }}
seen() {{ for f in "$c"/sessions/*.json; do [ -f "$f" ] || continue
p=${{f##*/}}; p=${{p%.json}}; case $p in ""|*[!0-9]*) continue;; esac
born "$p"; echo "alive=$p $s $i"; j=$(one "$f"); say "session=$j"
q=$(say "$j" | sed -n "s/.*\\"sessionId\\":\\"\\([0-9a-f-]*\\)\\".*/\\1/p")
[ "$q" ] && for t in "$c"/projects/*/"$q".jsonl; do [ -f "$t" ] || continue
say "doing=$(tail -c 40000 "$t" | grep -a "^.\\"type\\":\\"last-prompt\\"" | tail -n 1 |
head -c 4000)"; done; done; }}
seen
if [ "$2" = agents ]; then a=$3
if [ -z "$a" ]; then for d in "$(command -v claude)" "$HOME/.local/bin/claude" \\
"$HOME/.claude/local/claude" /usr/local/bin/claude /opt/homebrew/bin/claude; do
if [ -x "$d" ]; then a=$d; break; fi; done; fi
if [ -n "$a" ]; then
say "agents=$(limited "$a" agents --json | tr -d "\\n\\r" | head -c 200000)"; fi; fi
b="${{XDG_STATE_HOME:-$HOME/.local/state}}/fleet-tui/runs"
for d in "$b"/*/; do [ -s "$d/pid" ] || continue
grep -q "^exit" "$d/status" 2>/dev/null && continue
read -r p t u <"$d/pid" || continue; born "$p"; [ "$s" = "$t" ] || continue
d=${{d%/}}; say "run=${{d##*/}} $p $(head -n 1 "$d/meta" 2>/dev/null | head -c 300)"; done
x=${{CODEX_HOME:-$HOME/.codex}}/sessions
rollouts() {{ [ -d "$x" ] || return 0; echo "now=$(date +%s)"
for d in /proc/[0-9]*; do n=; {{ read -r n <"$d/comm"; }} 2>/dev/null; [ "$n" = codex ] || continue
o=$(ls -l "$d/fd" 2>/dev/null | sed -n "s/.* -> \\(.*rollout-.*[.]jsonl\\)$/\\1/p" | head -n 1)
[ -n "$o" ] && say "codex-live=${{d##*/}} $o"; done
find "$x" -name "rollout-*.jsonl" -mtime -1 2>/dev/null | sort | tail -n 20 | while read -r f; do
m=$(stat -c %Y "$f" 2>/dev/null || stat -f %m "$f" 2>/dev/null)
say "rollout=${{m:-0}} $f"; say "codex=$(head -n 1 "$f" | head -c 6000)"; done; }}
rollouts
folders() {{ for f in "$c"/sessions/*.json; do [ -f "$f" ] && one "$f" && echo; done
[ -d "$x" ] && find "$x" -name "rollout-*.jsonl" -mtime -1 2>/dev/null | sort | tail -n 20 |
while read -r f; do head -n 1 "$f" | head -c 6000; echo; done; }}
folders | sed -n "s/.*\\"cwd\\":\\"\\([^\\"]*\\)\\".*/\\1/p" | sort -u | head -n 60 |
while read -r w; do r=$(limited git -C "$w" rev-parse --show-toplevel) || continue
say "git=$w"; say "root=$r"
say "common=$(limited git -C "$w" rev-parse --path-format=absolute --git-common-dir)"
say "branch=$(limited git -C "$w" rev-parse --abbrev-ref HEAD)"
say "remote=$(limited git -C "$w" config --get remote.origin.url)"; done
echo "{MARKER}-end=1"
"""
"""Arguments: `agents` or `-` (whether to ask the agent too), and the agent's path if known."""

PROOF = f"""{_COMMON}
echo "{MARKER}=1"; shift
while [ $# -gt 3 ]; do q=$1; g=$2; n=$3; k=$4; shift 4
born "$g"; echo "of=$q $s"
for f in "$c"/projects/*/"$q".jsonl; do [ -f "$f" ] || continue
t=$(wc -c <"$f" | tr -d " "); [ "$n" = end ] && n=$t; [ "$n" -le "$t" ] || n=0; echo "size=$t"
tail -c "+$((n + 1))" "$f" | LC_ALL=C awk -v base="$n" -v list="$k" '
BEGIN {{ count = split(list, ids, ","); at = base }}
{{ here = at; at += length($0) + 1; what = "" }}
/^[{{]"type":"queue-operation","operation":"enqueue"/ {{
for (j = 1; j <= count; j++) if (index($0, "[fleet message " ids[j] " from"))
print "queued=" here " " ids[j]; next }}
/^[{{].*"type":"(user|attachment)"/ && !/^[{{]"type":"(queue-operation|last-prompt)"/ {{
for (j = 1; j <= count; j++) if (index($0, "[fleet message " ids[j] " from"))
what = what " " ids[j] }}
what != "" {{ found = 1; print "seen=" here what; next }}
found && /"type":"assistant"/ && /"stop_reason":"(end_turn|stop_sequence)"/ {{
print "answer=" here " " $0 }}
'
done; done
echo "{MARKER}-end=1"
"""
"""Arguments, four for each session: its id, its process id, from which byte of the transcript to
look (`end`: from none), message ids joined by commas. A message that only waits in the session's
queue is in the transcript too; that proves that it has it, not that its model saw it."""
