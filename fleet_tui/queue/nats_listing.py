"""What a key-value bucket holds, read by a watch (nats-py has no other way).

A watch says with an update of None that all there was has come. It says so too early when the
server has sent it and the client has not read it yet: it asks how much is pending, and takes none
for nothing there (`KeyValue.watch`, nats-py 2.16.0). So the consumer is asked here how much it has
sent, and the last of it is known by its own count of what follows.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import nats.errors
from nats.js.kv import KV_DEL, KV_PURGE

if TYPE_CHECKING:
    from nats.js.kv import KeyValue

ANSWER_SECONDS = 10.0
IDLE_SECONDS = 1.0
"""Silence after which the consumer is asked again: what was to come may have expired meanwhile."""


async def entries(bucket: KeyValue, keys: str) -> list[KeyValue.Entry]:
    """Return what a bucket holds now under keys that match."""
    watcher = await bucket.watch(keys)
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            found = await first_updates(watcher)
    finally:
        await asyncio.shield(watcher.stop())  # type: ignore[no-untyped-call]
    return [entry for entry in found if entry.operation not in (KV_DEL, KV_PURGE)]


async def first_updates(watcher: KeyValue.KeyWatcher) -> list[KeyValue.Entry]:
    """Return what was there when a watch began, what was removed too; waits until it has come."""
    found: list[KeyValue.Entry] = []
    if not await _still_to_come(watcher, 0):
        return found
    while True:
        try:
            entry = await watcher.updates(IDLE_SECONDS)  # type: ignore[no-untyped-call]
        except nats.errors.TimeoutError:
            if await _still_to_come(watcher, len(found)):
                continue
            return found
        if entry is None:
            continue
        found.append(entry)
        if not entry.delta:
            return found


async def _still_to_come(watcher: KeyValue.KeyWatcher, came: int) -> bool:
    """Tell whether the consumer has sent, or has to send, more than these."""
    subscription: Any = watcher._sub
    told = await subscription.consumer_info()
    sent = told.delivered.consumer_seq if told.delivered is not None else 0
    return bool(told.num_pending or sent > came)
