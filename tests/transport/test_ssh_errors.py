"""What each exception is called, and what is said to mend it."""

from __future__ import annotations

import errno
import socket

import asyncssh
import pytest

from fleet_tui.model.errors import ConnectFault, Unreachable
from fleet_tui.transport.attempt import Attempt, LoginPhase
from fleet_tui.transport.endpoint import Endpoint
from fleet_tui.transport.ssh_errors import map_ssh_errors

PLACE = Endpoint("web", "10.0.0.5", "me", 2222)


def mapped(error: BaseException, attempt: Attempt | None = None) -> Unreachable:
    with pytest.raises(Unreachable) as caught, map_ssh_errors("web", attempt):
        raise error
    return caught.value


@pytest.mark.parametrize(
    ("error", "phase", "fault"),
    [
        (socket.gaierror(-2, "Name or service not known"), "dialing", "dns"),
        (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), "dialing", "refused"),
        (TimeoutError(), "dialing", "connect-timeout"),
        (TimeoutError(), "connected", "silent"),
        (TimeoutError(), "greeted", "silent"),
        (OSError(errno.EHOSTUNREACH, "No route to host"), "dialing", "connect-timeout"),
        (OSError(errno.EMFILE, "Too many open files"), "dialing", "other"),
        (ConnectionResetError(), "connected", "throttled"),
        (ConnectionResetError(), "greeted", "lost"),
        (asyncssh.ConnectionLost("Connection lost"), "connected", "throttled"),
        (asyncssh.ConnectionLost("Connection lost"), "greeted", "lost"),
        (asyncssh.PermissionDenied("no"), "greeted", "auth"),
        (asyncssh.ProtocolError("Too many authentication failures"), "greeted", "auth"),
        (asyncssh.KeyExchangeFailed("No matching cipher"), "greeted", "no-common-algorithm"),
        (asyncssh.ProtocolNotSupported("Unsupported SSH version"), "connected", "not-ssh"),
        (asyncssh.HostKeyNotVerifiable("Host key is revoked"), "greeted", "hostkey-revoked"),
        (asyncssh.HostKeyNotVerifiable("Host key is not trusted"), "greeted", "hostkey-unknown"),
        (ValueError("Invalid private key"), "dialing", "other"),
    ],
)
def test_during_login(error: BaseException, phase: LoginPhase, fault: ConnectFault) -> None:
    caught = mapped(error, Attempt(PLACE, phase=phase, offered_keys=1))
    assert caught.fault == fault
    assert caught.host == "web"
    assert caught.what


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (b"Not allowed at this time\r\n", "throttled"),
        (b"Exceeded MaxStartups\r\n", "throttled"),
        (b"220 mail.example.net ESMTP\r\n", "not-ssh"),
    ],
)
def test_what_the_peer_said_first_decides(words: bytes, fault: ConnectFault) -> None:
    attempt = Attempt(PLACE, phase="connected", preamble=words)
    assert mapped(asyncssh.ConnectionLost("Connection lost"), attempt).fault == fault
    assert mapped(ConnectionResetError(), attempt).fault == fault


@pytest.mark.parametrize(
    ("reason", "fault"),
    [
        ("Connection refused", "refused"),
        ("administratively prohibited", "jump"),
        ("Could not resolve hostname", "dns"),
        ("Network is unreachable", "jump"),
    ],
)
def test_behind_a_jump_host(reason: str, fault: ConnectFault) -> None:
    attempt = Attempt(PLACE, via="gate")
    caught = mapped(asyncssh.ChannelOpenError(2, reason), attempt)
    assert caught.fault == fault
    assert "gate" in caught.what


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (asyncssh.ConnectionLost("Connection lost"), "lost"),
        (asyncssh.ChannelOpenError(2, "SSH connection closed"), "lost"),
        (asyncssh.ChannelOpenError(2, "open failed"), "channel-limit"),
        (BrokenPipeError(), "lost"),
        (asyncssh.ChannelListenError("Failed to create remote port"), "other"),
    ],
)
def test_on_an_open_connection(error: BaseException, fault: ConnectFault) -> None:
    assert mapped(error).fault == fault


def test_what_is_already_told_is_left_alone() -> None:
    error = Unreachable("as it was", host="web", fault="refused")
    assert mapped(error) is error


def test_a_mistake_of_ours_is_not_hidden() -> None:
    with pytest.raises(KeyError), map_ssh_errors("web"):
        raise KeyError("bug")


def test_remote_words_are_made_harmless() -> None:
    error = asyncssh.ConnectionLost("bye \x1b]0;owned\x07\r\n\x9b31m")
    caught = mapped(error, Attempt(PLACE, phase="greeted"))
    assert "\x1b" not in str(caught)
    assert "\n" not in caught.what
