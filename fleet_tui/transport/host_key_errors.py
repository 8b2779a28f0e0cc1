"""A server whose key is not trusted: unknown, changed and revoked are three different stories."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.model.errors import Unreachable
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    from fleet_tui.transport.attempt import Attempt
    from fleet_tui.transport.known_hosts import HostKeyLine, KnownKeys


def host_key_error(host: str, attempt: Attempt, reason: str) -> Unreachable:
    """Return the error, its mend naming the file to look at; `reason` is asyncssh's wording."""
    known = attempt.known
    shown = _shown(attempt)
    if "revoked" in reason:
        return _revoked(host, known, shown)
    if known is None or not (known.trusted or known.authorities):
        return _unknown(host, attempt, shown)
    same_kind = next((k for k in known.trusted if k.kind == attempt.presented_kind), None)
    if same_kind is not None:
        return _changed(host, known, same_kind, shown)
    if not known.trusted:
        return _not_certified(host, known, reason, shown)
    return _other_kind(host, attempt, known, shown)


def _shown(attempt: Attempt) -> str:
    if not attempt.presented_fingerprint:
        return "a key"
    return f"{attempt.presented_kind} {attempt.presented_fingerprint}"


def _unknown(host: str, attempt: Attempt, shown: str) -> Unreachable:
    command = attempt.endpoint.ssh_command or f"ssh {attempt.endpoint.alias}"
    file = attempt.known.file if attempt.known is not None else ""
    where = f" into {file}" if file else "; name a UserKnownHostsFile first, none is configured"
    return Unreachable(
        f"its host key is not known yet; it shows {shown}",
        host=host,
        fault="hostkey-unknown",
        mend=f"compare that fingerprint, then run `{command}` once to accept it{where}",
    )


def _changed(host: str, known: KnownKeys, before: HostKeyLine, shown: str) -> Unreachable:
    return Unreachable(
        f"its host key has CHANGED: {before.file}:{before.line} has {before.kind} "
        f"{before.fingerprint}, it now shows {shown}; someone may be in between",
        host=host,
        fault="hostkey-changed",
        mend=f"if the change is expected: ssh-keygen -R '{known.name}' -f {before.file}",
    )


def _revoked(host: str, known: KnownKeys | None, shown: str) -> Unreachable:
    line = known.revoked[0] if known is not None and known.revoked else None
    where = f"{line.file}:{line.line}" if line is not None else "known_hosts"
    return Unreachable(
        f"its host key is revoked by {where}; it shows {shown}",
        host=host,
        fault="hostkey-revoked",
        mend=f"give the server a new host key; only then remove the @revoked line in {where}",
    )


def _not_certified(host: str, known: KnownKeys, reason: str, shown: str) -> Unreachable:
    authority = known.authorities[0]
    return Unreachable(
        one_line(f"its host certificate is not accepted: {reason}; it shows {shown}", 400),
        host=host,
        fault="hostkey-unknown",
        mend=f"have the authority at {authority.file}:{authority.line} sign a certificate for "
        f"{known.name}",
    )


def _other_kind(host: str, attempt: Attempt, known: KnownKeys, shown: str) -> Unreachable:
    first = known.trusted[0]
    command = attempt.endpoint.ssh_command or f"ssh {attempt.endpoint.alias}"
    return Unreachable(
        f"only its {' and '.join(known.kinds)} key is known ({first.file}:{first.line}), "
        f"it shows {shown}",
        host=host,
        fault="hostkey-unknown",
        mend=f"compare the fingerprint, then run `{command} -o HostKeyAlgorithms="
        f"{attempt.presented_kind or 'ssh-ed25519'}` once to accept it into {known.file}",
    )
