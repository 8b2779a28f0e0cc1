"""The one place where exceptions of asyncssh and the socket layer become `Unreachable`."""

from __future__ import annotations

import errno
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fleet_tui.model.errors import Unreachable
from fleet_tui.model.text import one_line
from fleet_tui.transport.host_key_errors import host_key_error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet_tui.model.errors import ConnectFault
    from fleet_tui.transport.attempt import Attempt

_THROTTLE_WORDS = (b"Not allowed at this time", b"Exceeded MaxStartups")
"""What OpenSSH 9.8 and later writes instead of a version line when it refuses a login."""
_TOO_MANY_FILES = (errno.EMFILE, errno.ENFILE)


@contextmanager
def map_ssh_errors(host: str, attempt: Attempt | None = None) -> Iterator[None]:
    """Turn what asyncssh, asyncio and sockets raise into `Unreachable` for `host`.

    With an `attempt` the fault is read off how far the login came; without one the connection was
    up before.
    """
    import asyncssh

    try:
        yield
    except Unreachable:
        raise
    except (
        OSError,
        EOFError,
        ValueError,
        asyncssh.Error,
        asyncssh.ChannelListenError,
    ) as error:
        raise unreachable_from(error, host, attempt) from error


def unreachable_from(error: BaseException, host: str, attempt: Attempt | None) -> Unreachable:
    """Classify `error`."""
    import asyncssh

    if isinstance(error, asyncssh.ChannelOpenError):
        return _channel_error(error, host, attempt)
    if isinstance(error, asyncssh.ChannelListenError):
        return _made(host, "other", f"the host refused to listen: {error}")
    if attempt is None:
        return _made(host, "lost", f"the connection was lost: {describe(error)}")
    if isinstance(error, asyncssh.HostKeyNotVerifiable):
        return host_key_error(host, attempt, str(error.reason))
    if isinstance(error, asyncssh.PermissionDenied | asyncssh.IllegalUserName):
        return auth_error(host, attempt, "")
    if isinstance(error, asyncssh.KeyExchangeFailed):
        return _no_common_algorithm(error, host)
    if isinstance(error, asyncssh.ProtocolNotSupported):
        return _not_ssh(host, attempt, "it speaks a protocol older than SSH 2")
    if isinstance(error, asyncssh.DisconnectError):
        return _disconnected(error, host, attempt)
    if isinstance(error, TimeoutError):
        return _timed_out(error, host, attempt)
    if isinstance(error, OSError):
        return _socket_error(error, host, attempt)
    return _made(host, "other", f"the login failed: {describe(error)}")


def auth_error(host: str, attempt: Attempt, detail: str) -> Unreachable:
    """Return the error for a login nobody let in, saying which keys were not even tried."""
    endpoint = attempt.endpoint
    tried = f"{attempt.offered_keys} keys" if attempt.offered_keys != 1 else "one key"
    what = f"{endpoint.place} does not let {endpoint.user!r} in with {tried}"
    if detail:
        what = f"{what} ({detail})"
    if attempt.notes:
        what = f"{what}; {'; '.join(attempt.notes[:3])}"
    if attempt.encrypted:
        return _made(host, "key-unusable", what, f"ssh-add {attempt.encrypted[0]}")
    if not attempt.offered_keys:
        mend = f"set `key` for this host in fleet.toml, or run `ssh-add`, then `{ssh(attempt)}`"
        return _made(host, "auth", what, mend)
    address = f"{endpoint.user}@{endpoint.address}"
    port = f"-p {endpoint.port} " if endpoint.port != 22 else ""
    return _made(host, "auth", what, f"ssh-copy-id {port}{address}, or set `user` or `key`")


def ssh(attempt: Attempt) -> str:
    """Return the command a person would type to see for themselves."""
    return attempt.endpoint.ssh_command or f"ssh {attempt.endpoint.alias}"


def describe(error: BaseException) -> str:
    """Return an exception's words on one line, its kind when it has none."""
    if isinstance(error, OSError) and error.strerror:
        return one_line(error.strerror)
    return one_line(str(error)) or type(error).__name__


def _made(host: str, fault: ConnectFault, what: str, mend: str | None = None) -> Unreachable:
    return Unreachable(one_line(what, 600), host=host, fault=fault, mend=mend)


def _channel_error(error: BaseException, host: str, attempt: Attempt | None) -> Unreachable:
    text = describe(error)
    if "SSH connection closed" in text:
        return _made(host, "lost", "the connection was lost")
    if attempt is not None and attempt.via:
        return _refused_behind_jump(text, host, attempt)
    return _made(
        host,
        "channel-limit",
        f"the host refused another session: {text}",
        "raise MaxSessions in its sshd_config",
    )


def _refused_behind_jump(text: str, host: str, attempt: Attempt) -> Unreachable:
    place = attempt.endpoint.place
    lower = text.lower()
    if "prohibited" in lower:
        what = f"jump host {attempt.via} does not forward connections to {place}"
        return _made(host, "jump", what, "set AllowTcpForwarding yes on the jump host")
    if "refused" in lower:
        what = f"{place} refused the connection, asked from jump host {attempt.via}"
        return _made(host, "refused", what, "start sshd there, or correct `port`")
    if "resolve" in lower or "not known" in lower:
        what = f"jump host {attempt.via} does not know the name {attempt.endpoint.address}"
        return _made(host, "dns", what, "set `address` as the jump host knows it")
    return _made(host, "jump", f"jump host {attempt.via} could not reach {place}: {text}")


def _no_common_algorithm(error: BaseException, host: str) -> Unreachable:
    return _made(
        host,
        "no-common-algorithm",
        f"no algorithm in common: {describe(error)}",
        "update its SSH server, or allow the old one for it in ~/.ssh/config",
    )


def _disconnected(error: BaseException, host: str, attempt: Attempt) -> Unreachable:
    text = describe(error)
    if "Too many authentication failures" in text:
        return auth_error(host, attempt, "it hung up after too many keys")
    if attempt.phase in ("dialing", "connected"):
        return _closed_before_version(host, attempt)
    if "MAC" in text or "protocol" in text.lower():
        return _made(host, "other", f"the login failed: {text}")
    return _made(host, "lost", f"it closed the connection during login: {text}")


def _closed_before_version(host: str, attempt: Attempt) -> Unreachable:
    place = attempt.endpoint.place
    preamble = attempt.preamble
    if preamble and not any(words in preamble for words in _THROTTLE_WORDS):
        shown = one_line(preamble.decode("utf-8", "replace"), 60)
        return _not_ssh(host, attempt, f"it said {shown!r}")
    return _made(
        host,
        "throttled",
        f"{place} hung up before its version line: it limits logins, or has blocked this address",
        "wait; then raise MaxStartups, or see PerSourcePenalties and fail2ban there",
    )


def _not_ssh(host: str, attempt: Attempt, why: str) -> Unreachable:
    what = f"{attempt.endpoint.place} is no SSH server: {why}"
    return _made(host, "not-ssh", what, "correct `port` or `address`")


def _timed_out(error: TimeoutError, host: str, attempt: Attempt) -> Unreachable:
    place = attempt.endpoint.place
    mend = "see that the machine is up and reachable"
    if attempt.phase == "dialing":
        behind = f" through {attempt.via}" if attempt.via else ""
        return _made(host, "connect-timeout", f"no answer from {place}{behind} in time", mend)
    if attempt.phase == "connected":
        if attempt.preamble:
            return _closed_before_version(host, attempt)
        return _made(host, "silent", f"{place} took the connection and then said nothing", mend)
    return _made(host, "silent", f"{place} stopped answering during login", mend)


def _socket_error(error: OSError, host: str, attempt: Attempt) -> Unreachable:
    endpoint = attempt.endpoint
    if isinstance(error, socket.gaierror):
        what = f"the name {endpoint.address!r} cannot be resolved: {describe(error)}"
        return _made(host, "dns", what, "correct `address`, or the network's DNS")
    if isinstance(error, ConnectionRefusedError):
        what = f"{endpoint.place} refused the connection"
        return _made(host, "refused", what, "start sshd there, or correct `port`")
    if isinstance(error, ConnectionResetError | BrokenPipeError | ConnectionAbortedError):
        if attempt.phase in ("dialing", "connected"):
            return _closed_before_version(host, attempt)
        return _made(host, "lost", f"{endpoint.place} closed the connection during login")
    if error.errno in _TOO_MANY_FILES:
        return _made(host, "other", "this machine is out of open files", "raise `ulimit -n`")
    if error.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ETIMEDOUT):
        what = f"{endpoint.place}: {describe(error)}"
        return _made(host, "connect-timeout", what, "see that the machine is up and reachable")
    return _made(host, "other", f"{endpoint.place}: {describe(error)}")
