"""Signed tasks: SSHSIG in the namespace `fleet-task`, beside the task as `<name>.md.sig`.

What is signed is the file as it stands, byte for byte. Its front matter carries `id` and
`expires`, so that neither an old task nor a copy of one is carried out again.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from fleet_tui.model.errors import FleetError
from fleet_tui.model.text import one_line
from fleet_tui.queue.signing_allowed import parse_allowed_signers
from fleet_tui.transport.sshsig import BadSignature, NotTheData, read_signature

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_tui.queue.signing_allowed import Signer

NAMESPACE = "fleet-task"
FENCE = "+++"
MOST_VALID = timedelta(days=366)
"""A signature that says it holds for longer is refused: nobody meant that."""

Fault = Literal[
    "",
    "unsigned",
    "wrongly-signed",
    "changed",
    "no-id",
    "no-expiry",
    "expired",
    "replayed",
]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a task's signature is worth."""

    fault: Fault
    why: str = ""
    """One sentence; empty when the signature holds."""
    signer: str = ""
    """The principal of allowed_signers, once the key is known."""
    id: str = ""
    expires: float | None = None
    """Unix seconds."""

    @property
    def holds(self) -> bool:
        """True when somebody who may has signed exactly this, and it is not too old."""
        return not self.fault


UNSIGNED = Verdict("unsigned", "nobody signed it")


@dataclass(frozen=True, slots=True)
class SignedPart:
    """What the front matter says about identity; each None when it does not."""

    id: str | None = None
    expires: float | None = None
    """Unix seconds."""


def signed_part(data: bytes) -> SignedPart:
    """Return id and expiry from a task's front matter; nothing of one that cannot be read."""
    text = _text(data)
    place = _front_matter(text)
    if place is None:
        return SignedPart()
    try:
        options = tomllib.loads(text[place].replace("\r\n", "\n"))
    except (tomllib.TOMLDecodeError, RecursionError):
        return SignedPart()
    identifier, expires = options.get("id"), options.get("expires")
    when = None
    if isinstance(expires, datetime) and expires.tzinfo is not None:
        when = expires.timestamp()
    return SignedPart(identifier if isinstance(identifier, str) and identifier else None, when)


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return ""


def _front_matter(text: str) -> slice | None:
    """Return where the lines between the fences are; None without front matter."""
    lines = text.splitlines(keepends=True)
    if not lines or lines[0].rstrip() != FENCE:
        return None
    place = start = len(lines[0])
    for line in lines[1:]:
        if line.rstrip() == FENCE:
            return slice(start, place)
        place += len(line)
    return None


def with_identity(data: bytes, identifier: str, expires: float) -> bytes:
    """Return the task with `id` and a new `expires` in its front matter.

    An id that is there stays. Raises FleetError for a task that is not UTF-8.
    """
    text = _text(data)
    if data and not text:
        raise FleetError("the task is not UTF-8 text")
    moment = datetime.fromtimestamp(expires, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    lines = [] if signed_part(data).id is not None else [f'id = "{identifier}"\n']
    lines.append(f"expires = {moment}\n")
    place = _front_matter(text)
    if place is None:
        return f"{FENCE}\n{''.join(lines)}{FENCE}\n{text}".encode()
    kept = [line for line in text[place].splitlines(keepends=True) if not _sets_expiry(line)]
    return f"{text[: place.start]}{''.join(lines)}{''.join(kept)}{text[place.stop :]}".encode()


def _sets_expiry(line: str) -> bool:
    return line.split("=")[0].strip() == "expires" and "=" in line


class Signers:
    """The allowed_signers file, read again when it changes."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._stamp: tuple[int, int] | None = None
        self._signers: tuple[Signer, ...] = ()

    def read(self) -> tuple[Signer, ...]:
        """Return the signers; raises FleetError when there is no file or it cannot be read."""
        if self.path is None:
            raise FleetError("no allowed_signers file is named", mend="set queue.allowed_signers")
        try:
            found = self.path.stat()
            stamp = (found.st_mtime_ns, found.st_size)
            if stamp != self._stamp:
                text = self.path.read_text(encoding="utf-8")
                self._signers = parse_allowed_signers(text, str(self.path))
                self._stamp = stamp
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise FleetError(f"cannot be read: {reason}", where=str(self.path)) from None
        return self._signers


def judge(data: bytes, armor: str | None, signers: tuple[Signer, ...], now: float) -> Verdict:
    """Say what the signature of a task is worth at Unix time `now`; replays are the ledger's."""
    if armor is None:
        return UNSIGNED
    try:
        signature = read_signature(armor, data)
    except NotTheData:
        return Verdict("changed", "it was changed after it was signed")
    except BadSignature as error:
        return Verdict("wrongly-signed", f"its signature is no good: {one_line(error.what, 120)}")
    if signature.namespace != NAMESPACE:
        found = one_line(signature.namespace, 40)
        return Verdict("wrongly-signed", f"it is signed for {found!r}, not for {NAMESPACE!r}")
    known = [signer for signer in signers if signer.key == signature.key]
    if not known:
        return Verdict("wrongly-signed", f"its key {signature.fingerprint} is not an allowed one")
    reasons = [signer.why_not(NAMESPACE, now) for signer in known]
    if all(reasons):
        return Verdict("wrongly-signed", reasons[0])
    signer = one_line(known[reasons.index("")].principals, 80)
    return _judge_identity(signed_part(data), signer, now)


def _judge_identity(part: SignedPart, signer: str, now: float) -> Verdict:
    if part.id is None:
        return Verdict("no-id", "it has no id in its front matter", signer)
    if part.expires is None:
        return Verdict("no-expiry", "it does not say when it expires", signer, part.id)
    if now >= part.expires:
        ended = datetime.fromtimestamp(part.expires, tz=UTC).strftime("%Y-%m-%d %H:%M UTC")
        return Verdict("expired", f"it expired at {ended}", signer, part.id, part.expires)
    if part.expires - now > MOST_VALID.total_seconds():
        why = "it says it holds for more than a year"
        return Verdict("no-expiry", why, signer, part.id, part.expires)
    return Verdict("", "", signer, part.id, part.expires)
