"""Makes lines that are safe to show out of a stream of bytes, whole chunks at a time.

A line of a view is a tag (one ASCII letter, `model.snapshot.LineTag`), the text, a newline. The
text may hold SGR sequences (colours, `model.sgr`) and no other; a reader takes them out.
"""

from __future__ import annotations

import codecs

from fleet_tui.model.text import sanitize, sanitize_coloured

LINE_LIMIT = 1 << 16
"""Bytes of a line that the view keeps; the spool's raw file keeps them all."""
_TAIL_BYTES = 4096


def tagged_lines(tag: bytes, body: bytes, limit: int = LINE_LIMIT) -> tuple[bytes, int]:
    """Return `body` (complete lines, the last one ended) as view lines, and their number."""
    if b"\r" in body:
        body = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if len(body) > limit:
        body = b"\n".join(
            line if len(line) <= limit else _cut(line[:limit], len(line) - limit)
            for line in body.split(b"\n")
        )
    return _tagged(tag, body)


def _tagged(tag: bytes, body: bytes) -> tuple[bytes, int]:
    clean = sanitize_coloured(body)
    count = clean.count(b"\n")
    return tag + clean[:-1].replace(b"\n", b"\n" + tag) + b"\n", count


def _cut(kept: bytes, missing: int) -> bytes:
    """Return a line that ends early, at a whole character, and says so."""
    if not kept.isascii():
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        text = decoder.decode(kept)
        missing += len(decoder.getstate()[0])
        kept = text.encode()
    return kept + f" … [{missing:,} bytes cut]".encode()


class LineAssembler:
    """Cuts one stream into view lines; what has no line end yet is held back.

    LF, CRLF and a lone CR end a line, wherever chunks are cut. Holds `limit` bytes at most.
    """

    def __init__(self, tag: bytes, limit: int = LINE_LIMIT) -> None:
        self._tag = tag
        self._limit = limit
        self._held = b""
        self._dropped = 0
        self._has_return = False  # a CR at the end of a chunk: an LF may follow

    @property
    def held_bytes(self) -> int:
        """Bytes taken that are in no line yet."""
        return len(self._held) + self._dropped + self._has_return

    @property
    def tail(self) -> str:
        """The unfinished line, sanitized, its first 4 KiB."""
        text = sanitize(self._held[:_TAIL_BYTES].decode("utf-8", "replace"))
        return text if len(self._held) <= _TAIL_BYTES else f"{text}…"

    def feed(self, data: bytes) -> tuple[bytes, int]:
        """Take the next bytes; returns the view lines they complete, and their number."""
        if self._has_return:
            data = b"\r" + data
            self._has_return = False
        if data.endswith(b"\r"):
            data = data[:-1]
            self._has_return = True
        newline = data.rfind(b"\n")
        end = max(newline, data.rfind(b"\r", newline + 1)) + 1
        if not end:
            self._hold(data)
            return b"", 0
        body = data[:end]
        lines, count = b"", 0
        if self._dropped:
            lines, count, body = self._end_long_line(body)
        elif self._held:
            body = self._held + body
        self._held = b""
        self._hold(data[end:])
        if not body:
            return lines, count
        more, added = tagged_lines(self._tag, body, self._limit)
        return lines + more, count + added

    def finish(self) -> tuple[bytes, int]:
        """Return the unfinished line as a line, if there is one."""
        if not self.held_bytes:
            return b"", 0
        line = _cut(self._held, self._dropped) if self._dropped else self._held
        self._held, self._dropped, self._has_return = b"", 0, False
        return _tagged(self._tag, line + b"\n")

    def _hold(self, data: bytes) -> None:
        room = self._limit - len(self._held)
        if len(data) <= room:
            self._held += data
            return
        self._held += data[:room]
        self._dropped += len(data) - room

    def _end_long_line(self, body: bytes) -> tuple[bytes, int, bytes]:
        """Return the long line that ends in `body`, and what follows it there."""
        ends = [at for at in (body.find(b"\n"), body.find(b"\r")) if at >= 0]
        end = min(ends)
        self._dropped += end
        lines, count = _tagged(self._tag, _cut(self._held, self._dropped) + b"\n")
        self._dropped = 0
        after = end + 2 if body[end : end + 2] == b"\r\n" else end + 1
        return lines, count, body[after:]
