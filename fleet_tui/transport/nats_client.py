"""Clients of NATS servers, of which nothing stays open when they cannot be made ready."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from nats.aio.client import Client

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

RECONNECT_PAUSE = 0.2
"""Seconds between attempts to reach a server that was lost."""
_SEEDS = (".nk", ".seed")


async def connect(
    url: str,
    name: str,
    login: Path | None,
    reconnected: Callable[[], Awaitable[None]] | None = None,
) -> Client:
    """Return a client that reconnects by itself, for ever.

    `login` is a file with a seed (.nk, .seed) or with credentials. Raises OSError, ValueError and
    the library's errors; cancelled, it closes what it had opened.
    """

    async def quiet(error: Exception) -> None:
        """Every failure reaches its caller; the library would write it to the terminal."""

    is_seed = login is not None and login.suffix in _SEEDS
    path = str(login) if login is not None else None
    client = Client()
    async with closed_on_failure(client):
        await client.connect(
            url,
            name=name,
            max_reconnect_attempts=-1,
            reconnect_time_wait=RECONNECT_PAUSE,  # type: ignore[arg-type]  # any number will do
            reconnected_cb=reconnected,
            error_cb=quiet,
            user_credentials=None if is_seed else path,
            nkeys_seed=path if is_seed else None,
        )
    return client


@asynccontextmanager
async def closed_on_failure(client: Client) -> AsyncIterator[None]:
    """Close `client` when what is done first with it fails: it would reconnect for ever."""
    try:
        yield
    except BaseException:
        await client.close()
        raise
