"""What a bucket holds is read whole, whenever the watch says that it has come.

The watch here is a stand-in for nats-py's: what a stalled client does to it cannot be made to
happen with a real server.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

pytest.importorskip("nats")

import nats.errors

from fleet_tui.queue import nats_listing
from fleet_tui.queue.nats_listing import entries

if TYPE_CHECKING:
    from collections.abc import Iterable


def entry(key: str, delta: int, operation: str | None = None) -> SimpleNamespace:
    return SimpleNamespace(key=key, delta=delta, operation=operation)


@dataclass
class Watch:
    """Gives these updates, then none; its consumer tells each time how many it sent and has."""

    given: list[Any]
    told: list[tuple[int, int]]
    is_stopped: bool = False
    asked: int = field(default=0)

    @property
    def _sub(self) -> Watch:
        return self

    async def consumer_info(self) -> SimpleNamespace:
        sent, pending = self.told[min(self.asked, len(self.told) - 1)]
        self.asked += 1
        return SimpleNamespace(
            num_pending=pending, delivered=SimpleNamespace(consumer_seq=sent, stream_seq=9)
        )

    async def updates(self, timeout: float) -> Any:
        if self.given:
            return self.given.pop(0)
        await asyncio.sleep(0)
        raise nats.errors.TimeoutError

    async def stop(self) -> None:
        self.is_stopped = True


async def listed(watch: Watch) -> list[str]:
    class Bucket:
        async def watch(self, keys: str) -> Watch:
            return watch

    found: Iterable[Any] = await entries(Bucket(), ">")  # type: ignore[arg-type]
    assert watch.is_stopped
    return [one.key for one in found]


async def test_a_mark_that_comes_too_early_ends_nothing() -> None:
    watch = Watch([None, entry("a", 1), entry("b", 0)], [(2, 0)])
    assert await listed(watch) == ["a", "b"]


async def test_an_empty_bucket_is_waited_for_no_longer() -> None:
    watch = Watch([None], [(0, 0)])
    assert await listed(watch) == []
    assert watch.given == [None]


async def test_what_was_removed_counts_and_is_not_listed() -> None:
    watch = Watch([entry("a", 1), entry("b", 0, "PURGE"), None], [(0, 2)])
    assert await listed(watch) == ["a"]


async def test_what_expires_on_its_way_is_not_waited_for() -> None:
    watch = Watch([entry("a", 1)], [(1, 1), (1, 1), (1, 0)])
    assert await listed(watch) == ["a"]


async def test_what_never_comes_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nats_listing, "ANSWER_SECONDS", 0.05)
    watch = Watch([entry("a", 1)], [(2, 0)])
    with pytest.raises(TimeoutError):
        await listed(watch)
    assert watch.is_stopped
