"""Parts of the leaner wire: channel, silent logger, blocks of data, size of reads."""

from __future__ import annotations

from sys import intern
from typing import TYPE_CHECKING, Any

import asyncssh

if TYPE_CHECKING:
    import asyncio

    from asyncssh.packet import SSHPacket

READ_SIZE = 32768
"""Bytes taken from a socket at once; asyncio's 256 KB keep the loop busy for too long a turn."""
COUNTER_MASK = (1 << 64) - 1


class Channel(asyncssh.SSHClientChannel[bytes]):
    """A session channel that may be abandoned before the server has opened it."""

    is_abandoned = False

    def process_open_confirmation(
        self, send_chan: int, send_window: int, send_pktsize: int, packet: SSHPacket
    ) -> None:
        """Close what nobody waits for any more: it would use up one of the server's sessions."""
        super().process_open_confirmation(send_chan, send_window, send_pktsize, packet)
        if self.is_abandoned:
            self.close()


class _Quiet:
    """A logger that formats nothing; asyncssh's own does before it looks at the level."""

    def get_child(self, *args: Any, **kwargs: Any) -> _Quiet:
        """Return itself."""
        return self

    def _nothing(self, *args: Any, **kwargs: Any) -> None:
        """Drop the message."""

    log = info = debug = debug1 = debug2 = packet = warning = error = _nothing


QUIET: Any = _Quiet()


class Block:
    """Consecutive data packets of one channel, to be handed over at once."""

    __slots__ = ("channel", "number", "parts", "room")

    def __init__(self) -> None:
        self.channel: Any = None
        self.number = b""
        self.parts: list[bytes] = []
        self.room = 0

    def takes(self, packet: bytes, channels: dict[int, Any]) -> bool:
        """Add a data packet's bytes; False when stock code must look at it."""
        number = packet[2:6]
        length = int.from_bytes(packet[6:10], "big")
        if len(packet) != 10 + length + packet[0]:
            return False
        if number != self.number or self.channel is None:
            self.flush()
            channel = channels.get(int.from_bytes(number, "big"))
            if channel is None or channel._recv_state != "open":
                return False
            self.channel, self.number, self.room = channel, number, channel._recv_window
        self.room -= length
        if self.room < 0:
            return False
        self.parts.append(packet[10 : 10 + length])
        return True

    def flush(self) -> None:
        """Hand over what was collected."""
        channel, self.channel = self.channel, None
        if channel is not None:
            parts, self.parts = self.parts, []
            channel._accept_data(parts[0] if len(parts) == 1 else b"".join(parts))


_NONE: frozenset[Any] = frozenset()


def forget_login(connection: Any) -> None:
    """Drop what only the login needed; a rekeying makes its own, and checks the host key again."""
    connection._client_kexinit = connection._server_kexinit = b""
    connection._server_sig_algs = _NONE
    connection._client_keys = []
    connection._protocol_factory = connection._waiter = None
    extra = connection._extra
    extra.update({key: intern(text) for key, text in extra.items() if type(text) is str})
    connection._options = getattr(connection._options, "shared", connection._options)
    for name in ("_trusted_ca_keys", "_revoked_host_keys", "_x509_revoked_certs"):
        if not getattr(connection, name):
            setattr(connection, name, _NONE)


def limit_reads(transport: asyncio.BaseTransport) -> bool:
    """Cap what one turn of the loop reads from `transport`; False where asyncio has no such cap."""
    if not hasattr(transport, "max_size"):
        return False
    transport.max_size = READ_SIZE
    return True


def next_nonce(nonce: bytes) -> bytes:
    """Count up the invocation field (RFC 5647, 7.1)."""
    counter = (int.from_bytes(nonce[4:], "big") + 1) & COUNTER_MASK
    return nonce[:4] + counter.to_bytes(8, "big")


def wait_for_it() -> bool:
    """Buffer what arrives while a packet is still being processed."""
    return False
