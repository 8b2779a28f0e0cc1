"""The second half of the asyncssh seams: a client connection with a leaner wire.

`TunedConnection` is asyncssh's own client connection with five things done differently. Each steps
aside for the stock code where it does not apply:

* packets written in one turn of the loop leave in one `send`;
* no empty MSG_IGNORE before each packet: that protects CBC ciphers, and ours are AEAD;
* with AES-GCM the key schedule is kept instead of being set up anew for every packet;
* received packets are read in place, and runs of data for one channel are handed over as one block;
* login offers a signature straight away instead of asking first, when the key is a file of ours.

Written against asyncssh 2.24; `asyncssh_seams.self_test` decides whether it may be used.
"""

from __future__ import annotations

import contextlib
import inspect
import logging
import os
import socket
import time
from typing import TYPE_CHECKING, Any

import asyncssh
from asyncssh.auth import _ClientPublicKeyAuth
from asyncssh.connection import SSHConnection
from asyncssh.constants import (
    MSG_CHANNEL_DATA,
    MSG_CHANNEL_FIRST,
    MSG_IGNORE,
    MSG_KEX_FIRST,
    MSG_KEX_LAST,
    MSG_SERVICE_ACCEPT,
    MSG_UNIMPLEMENTED,
    MSG_USERAUTH_BANNER,
    MSG_USERAUTH_FIRST,
    MSG_USERAUTH_LAST,
    MSG_USERAUTH_SUCCESS,
)
from asyncssh.encryption import ChachaEncryption, GCMEncryption
from asyncssh.misc import MACError
from asyncssh.packet import PacketDecodeError, SSHPacket
from asyncssh.public_key import SSHLocalKeyPair
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fleet_tui.transport.asyncssh_parts import (
    COUNTER_MASK,
    QUIET,
    Block,
    forget_login,
    limit_reads,
    next_nonce,
    wait_for_it,
)

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

QUICK_ACKS = 8
"""Reads after login that are acknowledged at once, against a server that waits (Nagle)."""
_PREAMBLE_KEPT = 200
_TAG = 16
_HEADER = 4
_SMALLEST_PACKET = _HEADER + _TAG + 16
_TCP_QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)


class TunedWire(SSHConnection):
    """The sending and receiving half, for a client or a server."""

    heard: bool
    """True once bytes arrived; whoever looks sets it back."""
    preamble: bytes
    """What the peer sent before it had sent a version line."""

    def tune(self) -> None:
        """Set up what this class adds to asyncssh's state; to be called before any byte."""
        if not logging.getLogger("asyncssh").isEnabledFor(logging.INFO):
            self._logger = QUIET
        self.heard = False
        self.preamble = b""
        self._outbox: list[bytes] = []
        self._sealer: tuple[Any, Callable[..., bytes]] | None = None
        self._opener: tuple[Any, Callable[..., bytes]] | None = None
        self._quick_acks = 0
        self._socket: Any = None

    def rest(self) -> None:
        """Let go of the key schedules, 5 KB, until the next packet; for a connection that idles."""
        self._sealer = self._opener = None

    # Sending.

    def _send(self, data: bytes) -> None:
        """Collect what is sent in this turn of the loop."""
        if self._transport is None:
            return
        if not self._outbox:
            self._loop.call_soon(self._empty_outbox, self._transport)
        self._outbox.append(data)

    def _empty_outbox(self, transport: asyncio.Transport) -> None:
        data = b"".join(self._outbox) if len(self._outbox) > 1 else self._outbox[0]
        self._outbox.clear()
        with contextlib.suppress(ConnectionError):
            transport.write(data)

    def send_packet(self, pkttype: int, *args: bytes, handler: Any = None) -> None:
        """Seal and send a packet; stock code does it during key exchange and rekeying."""
        encryption: Any = self._send_encryption
        kind = type(encryption)
        if not (
            (kind is GCMEncryption or kind is ChachaEncryption)
            and self._kex_complete
            and self._compressor is None
            and (self._auth_complete or pkttype <= MSG_USERAUTH_LAST)
            and MSG_KEX_LAST < pkttype != MSG_USERAUTH_BANNER
            and self._rekey_bytes_sent < self._rekey_bytes
            and not (self._rekey_seconds and time.monotonic() >= self._rekey_time)
        ):
            super().send_packet(pkttype, *args, handler=handler)
            return
        payload = b"".join((pkttype.to_bytes(1, "big"), *args))
        padding = -(self._send_enchdrlen + len(payload)) % self._send_blocksize
        if padding < 4:
            padding += self._send_blocksize
        packet = b"".join((padding.to_bytes(1, "big"), payload, os.urandom(padding)))
        header = len(packet).to_bytes(_HEADER, "big")
        if kind is GCMEncryption:
            self._send(header + self._seal(encryption, packet, header))
        else:
            sealed, mac = encryption.encrypt_packet(self._send_seq, header, packet)
            self._send(sealed + mac)
        self._send_seq = (self._send_seq + 1) & 0xFFFFFFFF
        self._rekey_bytes_sent += len(packet)

    def _seal(self, encryption: Any, packet: bytes, header: bytes) -> bytes:
        cipher = encryption._cipher
        if self._sealer is None or self._sealer[0] is not cipher:
            self._sealer = (cipher, AESGCM(cipher._key).encrypt)
        nonce: bytes = cipher._iv
        cipher._iv = next_nonce(nonce)
        return self._sealer[1](nonce, packet, header)

    # Receiving.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Cap the size of reads."""
        limit_reads(transport)
        if _TCP_QUICKACK is not None:
            sock = transport.get_extra_info("socket")
            if sock is not None and sock.family in (socket.AF_INET, socket.AF_INET6):
                self._socket = sock
        super().connection_made(transport)

    def data_received(self, data: bytes, datatype: int | None = None) -> None:
        """Take bytes off the wire."""
        self.heard = True
        if not self._server_version and len(self.preamble) < _PREAMBLE_KEPT:
            self.preamble += data[:_PREAMBLE_KEPT]
        self._inpbuf = self._inpbuf + data if self._inpbuf else data
        self._recv_data()
        if self._quick_acks:
            self._acknowledge_now()

    def _acknowledge_now(self) -> None:
        self._quick_acks -= 1
        if self._transport is None:
            self._quick_acks = 0
            return
        self._socket.setsockopt(socket.IPPROTO_TCP, _TCP_QUICKACK, 1)

    def _recv_pkthdr(self) -> bool:
        encryption = self._recv_encryption
        if (
            self._auth_complete
            and type(encryption) is GCMEncryption
            and self._decompressor is None
            and not self._packet
        ):
            return self._recv_sealed(encryption._cipher)
        return super()._recv_pkthdr()

    def _recv_sealed(self, cipher: Any) -> bool:
        """Read every whole AES-GCM packet in the buffer; False when more bytes are needed."""
        if self._opener is None or self._opener[0] is not cipher:
            self._opener = (cipher, AESGCM(cipher._key).decrypt)
        decrypt = self._opener[1]
        buffer = self._inpbuf
        size = len(buffer)
        position = 0
        sequence = self._recv_seq
        fixed = cipher._iv[:4]
        counter = int.from_bytes(cipher._iv[4:], "big")
        block = Block()
        special: bytes | None = None
        try:
            while size - position >= _SMALLEST_PACKET:
                start = position + _HEADER
                header = buffer[position:start]
                length = int.from_bytes(header, "big")
                if length > self._max_recv_pktlen:
                    raise asyncssh.ProtocolError("Max packet size exceeded")
                end = start + length + _TAG
                if end > size:
                    break
                try:
                    packet = decrypt(fixed + counter.to_bytes(8, "big"), buffer[start:end], header)
                except InvalidTag:
                    raise MACError("MAC verification failed") from None
                position = end
                counter = (counter + 1) & COUNTER_MASK
                sequence = (sequence + 1) & 0xFFFFFFFF
                kind = packet[1]
                if kind == MSG_CHANNEL_DATA and block.takes(packet, self._channels):
                    continue
                if kind == MSG_IGNORE:
                    continue
                block.flush()
                payload = packet[1 : -packet[0]]
                if kind <= MSG_USERAUTH_LAST:
                    special = payload
                    break
                self._recv_for_session(kind, sequence - 1, payload)
                if self._transport is None:
                    break
            block.flush()
        finally:
            self._inpbuf = buffer[position:] if position else buffer
            self._recv_seq = sequence
            cipher._iv = fixed + counter.to_bytes(8, "big")
        if special is not None:
            return self._recv_special(special, sequence)
        return False

    def _recv_for_session(self, kind: int, sequence: int, payload: bytes) -> None:
        """Process a packet of the connection protocol (RFC 4254); none of them needs waiting."""
        packet = SSHPacket(payload)
        handler: Any = self
        try:
            packet.get_byte()
            if kind >= MSG_CHANNEL_FIRST:
                number = packet.get_uint32()
                handler = self._channels.get(number)
                if handler is None:
                    raise asyncssh.ProtocolError(f"Invalid channel number {number} received")
            if not handler.process_packet(kind, sequence, packet):
                self._not_implemented(sequence)
        except PacketDecodeError as error:
            raise asyncssh.ProtocolError(str(error)) from None

    def _recv_special(self, payload: bytes, sequence: int) -> bool:
        """Process a packet of transport or login, as the stock `_recv_packet` does."""
        sequence = (sequence - 1) & 0xFFFFFFFF
        packet = SSHPacket(payload)
        kind = packet.get_byte()
        handler: Any = self
        if MSG_KEX_FIRST <= kind <= MSG_KEX_LAST:
            handler = self._kex
        elif MSG_USERAUTH_FIRST <= kind <= MSG_USERAUTH_LAST:
            handler = self._auth
        if handler is None:
            raise asyncssh.ProtocolError(f"Unexpected packet type {kind} received")
        if handler is self._kex and self._ignore_first_kex:
            self._ignore_first_kex = False
            self._finish_recv_packet(kind, sequence)
            return True
        try:
            result = handler.process_packet(kind, sequence, packet)
        except PacketDecodeError as error:
            raise asyncssh.ProtocolError(str(error)) from None
        if inspect.isawaitable(result):
            self._recv_handler = wait_for_it
            task = self.create_task(result)
            task.add_done_callback(
                lambda task: self._finish_recv_packet(kind, sequence, task, is_async=True)
            )
            return False
        if not result:
            self._not_implemented(sequence)
        self._finish_recv_packet(kind, sequence)
        return True

    def _not_implemented(self, sequence: int) -> None:
        self.send_packet(MSG_UNIMPLEMENTED, (sequence & 0xFFFFFFFF).to_bytes(4, "big"))

    # A packet log nobody reads costs a formatted string a packet.

    def log_sent_packet(self, *args: Any, **kwargs: Any) -> None:
        """Keep no packet log."""

    def log_received_packet(self, *args: Any, **kwargs: Any) -> None:
        """Keep no packet log."""


class TunedConnection(TunedWire, asyncssh.SSHClientConnection):
    """asyncssh's client connection, tuned; see the module."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tune()

    def _process_service_accept(self, pkttype: int, pktid: int, packet: SSHPacket) -> Any:
        """Begin with the public key instead of asking which methods there are."""
        if self._client_keys and b"Tailscale" not in self._server_version:
            self._auth_methods = [b"publickey", b"none"]
        return super()._process_service_accept(pkttype, pktid, packet)

    async def send_userauth_request(
        self, method: bytes, *args: bytes, key: Any = None, trivial: bool = True
    ) -> None:
        """Turn the question "would this key do?" into the signed request itself."""
        auth = self._auth
        if method == b"publickey" and key is None and isinstance(auth, _ClientPublicKeyAuth):
            pair = auth._keypair
            if isinstance(pair, SSHLocalKeyPair) and not pair.use_executor:
                args = (b"\1", *args[1:])
                key, trivial = pair, False
        await super().send_userauth_request(method, *args, key=key, trivial=trivial)

    def _process_userauth_success(self, pkttype: int, pktid: int, packet: SSHPacket) -> Any:
        """Drop what only the login needed, and answer quickly for a moment."""
        result = super()._process_userauth_success(pkttype, pktid, packet)
        forget_login(self)
        if self._socket is not None:
            self._quick_acks = QUICK_ACKS
            self._acknowledge_now()
        return result

    _packet_handlers = {  # noqa: RUF012 -- as the base class has it
        **asyncssh.SSHClientConnection._packet_handlers,
        MSG_SERVICE_ACCEPT: _process_service_accept,
        MSG_USERAUTH_SUCCESS: _process_userauth_success,
    }
