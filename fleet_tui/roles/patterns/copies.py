"""The files of one surface on one machine: their digests, a backup of them, a copy elsewhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fleet_tui.model.errors import FleetError
from fleet_tui.model.text import one_line, sanitize
from fleet_tui.transport.shell import quote, sh_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from fleet_tui.transport.base import Completed, Connection

TIMEOUT = 120.0
MAX_ARCHIVE_BYTES = 256 << 20
"""What is carried from one machine to another at most; more is moved by hand."""
_DIGEST = re.compile(r"\\?([0-9a-f]{64}) [ *](.+)")

_ENTER = """\
case $h in "~") h=$HOME;; "~/"*) h=$HOME/${h#??};; esac
"""
_DIGESTS = """\
cd "$h" || exit 1
digest() { if command -v sha256sum >/dev/null 2>&1; then sha256sum "$1"; else shasum -a 256 "$1"; fi; }
while IFS= read -r f; do if [ -f "$f" ]; then digest "$f" || exit 1; fi; done
echo end
"""  # noqa: E501  a line of sh
_BACKUP = """\
b=$HOME/.local/state/fleet-tui/migrations
umask 077; mkdir -p "$b" || exit 1
if [ -f "$b/$n.tar.gz" ]; then echo "$b/$n.tar.gz"; exit 0; fi
cat >"$b/$n.list" || exit 1
cd "$h" || exit 1
tar -czf "$b/$n.part" -T "$b/$n.list" && mv "$b/$n.part" "$b/$n.tar.gz" && rm -f "$b/$n.list" &&
  echo "$b/$n.tar.gz"
"""
_SEND = """\
cat "$HOME/.local/state/fleet-tui/migrations/$n.tar.gz"
"""
_UNPACK = """\
umask 077; mkdir -p "$h" && tar -xzkf - -C "$h"
"""


async def digests(connection: Connection, home: Path, paths: Iterable[str]) -> Mapping[str, str]:
    """Return SHA-256 (hex) by path, of those that are there; raises FleetError, Unreachable."""
    listed = "".join(f"{path}\n" for path in sorted(paths)).encode()
    answer = await _run(connection, home, "", _DIGESTS, listed)
    lines = sanitize(answer.stdout.decode("utf-8", "replace")).split("\n")
    if "end" not in lines:
        raise _failed(connection, "its files could not be read", answer)
    found = (_DIGEST.fullmatch(line) for line in lines)
    return {match[2]: match[1] for match in found if match is not None}


async def back_up(connection: Connection, home: Path, paths: Iterable[str], name: str) -> str:
    """Pack these files into an archive on their own machine and return its path there.

    An archive of that name is left as it is. Raises FleetError, Unreachable.
    """
    listed = "".join(f"{path}\n" for path in sorted(paths)).encode()
    answer = await _run(connection, home, name, _BACKUP, listed)
    if answer.status.code != 0:
        raise _failed(connection, "no backup could be made", answer)
    return one_line(answer.stdout.decode("utf-8", "replace"), 500)


async def carry(source: Connection, target: Connection, home: Path, name: str) -> None:
    """Unpack the archive `name` of one machine in the agent's home of another.

    A file that is already there is kept. Raises FleetError, Unreachable.
    """
    packed = await _run(source, home, name, _SEND, None, limit=MAX_ARCHIVE_BYTES + 1)
    if packed.status.code != 0:
        raise _failed(source, "its backup could not be read", packed)
    if len(packed.stdout) > MAX_ARCHIVE_BYTES:
        raise FleetError(
            f"its files are more than {MAX_ARCHIVE_BYTES >> 20} MiB", where=source.host.name
        )
    # Some versions of tar fail because of files that are kept; the digests decide afterwards.
    await _run(target, home, name, _UNPACK, packed.stdout)


async def _run(
    connection: Connection,
    home: Path,
    name: str,
    program: str,
    stdin: bytes | None,
    limit: int = 4 << 20,
) -> Completed:
    head = f"h={quote(str(home))}\nn={quote(name)}\n"
    line = sh_line(head + _ENTER + program)
    try:
        return await connection.run(line, stdin=stdin, timeout=TIMEOUT, limit=limit)
    except TimeoutError:
        raise FleetError(f"no answer in {TIMEOUT:.0f} s", where=connection.host.name) from None


def _failed(connection: Connection, what: str, answer: Completed) -> FleetError:
    said = one_line(answer.stderr.decode("utf-8", "replace"))
    return FleetError(f"{what}: {said}" if said else what, where=connection.host.name)
