"""The file bus: `inbox-<name>.md`, one message a line, shared with anybody who can append.

A line is `[TYPE HH:MM] from:NAME | text`. Writers may be a plain `>>`, which locks nothing; so a
reader never truncates a file others append to. It renames the inbox away, waits until no writer
can still hold the old one open, and only then reads it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_tui.model.errors import FleetError, Unreachable, UsageError
from fleet_tui.model.text import one_line, sanitize
from fleet_tui.transport.shell import quote

if TYPE_CHECKING:
    from fleet_tui.model.peer import Message
    from fleet_tui.transport.base import Connection

WITHIN = 30.0
TAKE_BYTES = 8 << 20
BUS_LINE = "sh -s fleet-peers-bus"
_LINE = re.compile(r"^\[([A-Za-z][\w-]{0,19}) (\d\d:\d\d)\] from:(\S{1,80}) \| ?(.*)$")
_NAME = re.compile(r"^[A-Za-z0-9][\w.-]{0,60}$")

_APPEND = r"""
f=$2/inbox-$3.md; umask 077; mkdir -p "$2" || exit 3
l=$(cat <<'FLEET-LINE'
%s
FLEET-LINE
)
if command -v flock >/dev/null 2>&1; then
( flock -w 10 9 || exit 4; printf "%%s\n" "$l" >>"$f" ) 9>>"$2/.lock"
else printf "%%s\n" "$l" >>"$f"; fi
"""
"""One `write` of one line to a file opened for appending: whole, beside any other such write."""

_TAKE = r"""
d=$2; f=$d/inbox-$3.md; t=$d/.taken-$3; r=$d/.read-$3
cd "$d" 2>/dev/null || { echo none; exit 0; }
size() { wc -c <"$1" 2>/dev/null | tr -d " "; }
held() { for p in /proc/[0-9]*/fd/*; do [ "$p" -ef "$1" ] && return 0; done; return 1; }
if [ ! -s "$t" ] && [ -s "$r" ]; then
read -r k <"$r.size"; n=$(size "$r")
if [ "$n" -gt "${k:-0}" ]; then
tail -c "+$((k + 1))" "$r" >"$t.late" && mv -f "$t.late" "$t" && echo "$n" >"$r.size"; fi; fi
if [ ! -s "$t" ] && [ -s "$f" ]; then
if ln "$f" "$t" 2>/dev/null; then rm -f "$f"; else mv -f "$f" "$t"; fi
n=0; while held "$t" && [ "$n" -lt 50 ]; do
n=$((n + 1)); sleep 0.02 2>/dev/null || sleep 1; done; fi
[ -s "$t" ] || { echo none; exit 0; }
echo "taken $(size "$t")"; cat "$t"
"""
_DONE = r"""
t=$2/.taken-$3; r=$2/.read-$3
s=$(wc -c <"$t" 2>/dev/null | tr -d " ")
if [ "$s" = "$4" ]; then rm -f "$r"; echo "$s" >"$r.size"; mv -f "$t" "$r"; echo removed
else echo grown; fi
"""
"""What was read is kept once: a writer so slow that it was not seen is still read from there."""


@dataclass(frozen=True, slots=True)
class BusLine:
    """One line of an inbox; strings are sanitized."""

    kind: str
    clock: str
    """Hours and minutes as its writer wrote them."""
    sender: str
    text: str


def write_line(message: Message, clock: str) -> str:
    """Return the line of a message; newlines in it become ` ⏎ `, for a line is one message."""
    kind = {"interrupt": "URGENT", "normal": "MSG", "fyi": "FYI"}[message.urgency]
    text = " \N{RETURN SYMBOL} ".join(sanitize(message.text).split("\n"))
    sender = re.sub(r"\s", "_", message.sender)
    return f"[{kind} {clock}] from:{sender} | {text} ({message.id})"


def read_line(line: str) -> BusLine | None:
    """Return what a line says; None for an empty one. What is in no known form is kept whole."""
    clean = one_line(line, 64_000)
    if not clean:
        return None
    found = _LINE.match(clean)
    if found is None:
        return BusLine("MSG", "", "unknown", clean)
    return BusLine(found[1].upper(), found[2], found[3], found[4])


async def append(connection: Connection, folder: str, name: str, message: Message) -> None:
    """Append a message to an inbox of the host; raises UsageError, Unreachable, FleetError."""
    clock = await _output(connection, "date +%H:%M")
    line = write_line(message, clock.decode("utf-8", "replace").strip()[:5])
    await _script(connection, _APPEND % line, folder, name)


async def take(connection: Connection, folder: str, name: str) -> tuple[list[BusLine], int]:
    """Return the lines of an inbox, and how many bytes they were, to be given to `taken`.

    They stay on the host until `taken` is told that they are kept: a reader that dies in between
    is given them again. Raises UsageError, Unreachable, FleetError.
    """
    answer = await _script(connection, _TAKE, folder, name)
    head, _, body = answer.partition(b"\n")
    if not head.startswith(b"taken "):
        return [], 0
    size = int(head.split()[1])
    # A writer that is not done yet has no newline at its end: its line is read the next time.
    whole = body[:size]
    if not whole.endswith(b"\n"):
        return [], 0
    lines = whole.decode("utf-8", "replace").split("\n")
    return [line for line in map(read_line, lines) if line is not None], size


async def taken(connection: Connection, folder: str, name: str, size: int) -> bool:
    """Remove what `take` gave; False when it has grown meanwhile and must be taken again."""
    answer = await _script(connection, _DONE, folder, name, str(size))
    return answer.strip() == b"removed"


async def inboxes(connection: Connection, folder: str) -> tuple[str, ...]:
    """Return the names that have an inbox on the host."""
    line = 'ls "$2" 2>/dev/null || true'
    answer = await _script(connection, line, folder, "-")
    names = answer.decode("utf-8", "replace").split("\n")
    found = (n.removeprefix("inbox-").removesuffix(".md") for n in names if n.startswith("inbox-"))
    return tuple(name for name in found if _NAME.match(name))


async def _script(connection: Connection, script: str, folder: str, name: str, *more: str) -> bytes:
    if name != "-" and not _NAME.match(name):
        raise UsageError(f"{one_line(name, 60)!r} cannot be the name of an inbox")
    place = f'"$HOME"/{quote(folder[2:])}' if folder.startswith("~/") else quote(folder)
    words = " ".join(map(quote, more))
    return await _output(connection, f"{BUS_LINE} {place} {name} {words}".rstrip(), script)


async def _output(connection: Connection, line: str, script: str | None = None) -> bytes:
    stdin = None if script is None else script.encode()
    done = await connection.run(line, stdin=stdin, timeout=WITHIN, limit=TAKE_BYTES)
    host = connection.host.name
    if done.status.is_lost:
        raise Unreachable(done.status.reason or "the connection was lost", host=host, fault="lost")
    if done.status.code != 0:
        said = one_line(done.stderr.decode("utf-8", "replace"), 160)
        raise FleetError(
            f"the file bus cannot be used: {said or done.status.code}",
            where=host,
            mend="see that the folder of [peers] bus can be written there",
        )
    return done.stdout
