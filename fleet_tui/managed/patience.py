"""When a request is made again, and when that would do twice what was asked once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from fleet_tui.managed.faults import MOST_PATIENCE, CloudError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

T = TypeVar("T")

TRIES = 4


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait between tries; `sleep` is the loop's, or a test's."""

    first: float = 0.5
    longest: float = 10.0
    tries: int = TRIES
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    def pause(self, failures: int) -> float:
        """Return the seconds to wait after so many failures in a row, at least one."""
        return float(min(self.longest, self.first * 2 ** min(failures - 1, 16)))

    async def ask(self, look: Callable[[], Awaitable[T]]) -> T:
        """Return what `look` returns, which changes nothing and so may be repeated."""
        failures = 0
        while True:
            try:
                return await look()
            except CloudError as error:
                failures += 1
                if error.kind not in ("slow", "busy", "network") or failures >= self.tries:
                    raise
                await self.wait(error, failures)

    async def once(
        self, act: Callable[[], Awaitable[T]], was_done: Callable[[], Awaitable[T | None]]
    ) -> T:
        """Return what `act` returns, and do it once, whatever gets lost on the way.

        After an answer that did not come, `was_done` looks whether it was done: None says no, and
        only then it is asked for again. Raises CloudError, with `is_unsure` when nobody can tell.
        """
        failures = 0
        while True:
            try:
                return await act()
            except CloudError as error:
                failures += 1
                may_repeat = error.is_unsure or error.kind == "slow"
                if not may_repeat:
                    raise
                await self.wait(error, failures)
                if error.is_unsure:
                    done = await self._looked(was_done)
                    if done is not None:
                        return done
                if failures >= self.tries:
                    raise _surely_not(error) from None

    async def _looked(self, was_done: Callable[[], Awaitable[T | None]]) -> T | None:
        try:
            return await self.ask(was_done)
        except CloudError as error:
            raise CloudError(
                f"{error.what}; whether the request before was carried out is not known",
                kind=error.kind,
                is_unsure=True,
            ) from None

    async def wait(self, error: CloudError, failures: int) -> None:
        """Wait as the service asked, or longer each time; raises it when that is too long."""
        asked = error.retry_after
        if asked is not None and asked > MOST_PATIENCE:
            raise error
        await self.sleep(self.pause(failures) if asked is None else asked)


def _surely_not(error: CloudError) -> CloudError:
    """Return the error of a request that was looked for and not found."""
    return CloudError(f"{error.what}; nothing was begun there", kind=error.kind)
