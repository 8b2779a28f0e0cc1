"""Waiting for the core without holding up the screen."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from fleet_tui.model.errors import FleetError

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from fleet_tui.tui.app import FleetApp

T = TypeVar("T")


def ask(
    app: FleetApp,
    future: Future[T],
    then: Callable[[T], object],
    failed: Callable[[FleetError], object] | None = None,
) -> None:
    """Call `then` with the answer on the screen's loop; show a refusal as a toast."""

    async def wait() -> None:
        try:
            answer = await asyncio.wrap_future(future)
        except FleetError as error:
            if failed is not None:
                failed(error)
            else:
                app.toast(str(error), "error")
            return
        then(answer)

    app.run_worker(wait(), group="ask", description="answer of the core", exit_on_error=True)
