"""Peers on loopback that nobody can log in to."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.support.sshd import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def refused_port() -> Iterator[int]:
    """Yield a port that refuses, and keeps doing so: it is ours, but nobody listens."""
    with socket.socket() as bound:
        bound.bind((LOOPBACK, 0))
        yield int(bound.getsockname()[1])


@contextmanager
def silent_peer(greeting: bytes = b"") -> Iterator[int]:
    """Yield a port that accepts, says `greeting`, and then nothing."""
    with socket.create_server((LOOPBACK, 0)) as listener:
        accepted: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    peer, _ = listener.accept()
                except OSError:
                    return
                peer.sendall(greeting)
                accepted.append(peer)

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
            for peer in accepted:
                peer.close()
