"""The shared queue for a face: orders to it, and everything known of one task."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from fleet_tui.queue.report import markdown
from fleet_tui.queue.store import Draft

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Sequence
    from concurrent.futures import Future

    from fleet_tui.fleet import Fleet
    from fleet_tui.model.queue_control import Place
    from fleet_tui.model.queue_view import TaskDetail
    from fleet_tui.queue.orders import Orders
    from fleet_tui.queue.service import Queue

T = TypeVar("T")


class QueueDesk:
    """Implements `model.queue_control.QueueControl`."""

    def __init__(
        self, call: Callable[[Coroutine[None, None, object]], Future[object]], fleet: Fleet
    ) -> None:
        self._call = call
        self._fleet = fleet

    def detail(self, name: str) -> Future[TaskDetail]:
        """Return everything known of a task."""
        return self._ask(lambda orders: orders.detail(name))

    def add(self, text: str) -> Future[str]:
        """Put a task on the queue."""

        async def add(orders: Orders) -> str:
            return (await orders.add([Draft(text.encode("utf-8", "replace"))]))[0]

        return self._order(add)

    def edit(self, name: str, text: str) -> Future[None]:
        """Replace a task's text."""
        return self._order(lambda orders: orders.edit(name, text))

    def retry(self, names: Sequence[str]) -> Future[int]:
        """Put ended tasks back."""

        async def retry(orders: Orders) -> int:
            return len(await orders.retry(names))

        return self._order(retry)

    def cancel(self, names: Sequence[str]) -> Future[int]:
        """End tasks."""
        return self._order(lambda orders: orders.cancel(names))

    def hold(self, names: Sequence[str]) -> Future[int]:
        """Keep tasks from being taken."""
        return self._order(lambda orders: orders.hold(names))

    def unhold(self, names: Sequence[str]) -> Future[int]:
        """Let tasks be taken."""
        return self._order(lambda orders: orders.unhold(names))

    def reorder(self, names: Sequence[str], place: Place) -> Future[int]:
        """Put tasks first or last."""
        return self._order(lambda orders: orders.reorder(names, place))

    def sign(self, names: Sequence[str]) -> Future[int]:
        """Sign tasks with the key of fleet.toml."""
        key = self._queue.settings.signing_key
        return self._order(lambda orders: orders.sign(names, key))

    def take_back(self, names: Sequence[str]) -> Future[int]:
        """Take running tasks from their owners."""
        return self._order(lambda orders: orders.take_back(names))

    def pause(self, is_paused: bool) -> Future[None]:
        """Stop or wake all workers of the queue."""

        async def pause(_orders: Orders) -> None:
            await self._queue.pause(is_paused)

        return self._order(pause)

    def report(self) -> Future[str]:
        """Return the report as Markdown."""

        async def report(orders: Orders) -> str:
            return markdown(await orders.report())

        return self._ask(report)

    @property
    def _queue(self) -> Queue:
        return self._fleet.parts.queue

    def _ask(self, work: Callable[[Orders], Awaitable[T]]) -> Future[T]:
        async def run() -> T:
            await self._queue.find()
            return await work(self._queue.orders)

        return self._call(run())  # type: ignore[return-value]

    def _order(self, work: Callable[[Orders], Awaitable[T]]) -> Future[T]:
        """Do what changes the queue, and show it at once."""

        async def run() -> T:
            await self._queue.open()
            try:
                return await work(self._queue.orders)
            finally:
                self._queue.hurry()

        return self._call(run())  # type: ignore[return-value]
