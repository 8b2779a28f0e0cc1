"""What a face may ask of the cloud sessions. Futures resolve on the core's thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from concurrent.futures import Future

    from fleet_tui.model.snapshot import ViewLine


class ManagedControl(Protocol):
    """Orders to the cloud; every future may raise FleetError, and then says what was not done."""

    def start(self, prompt: str, title: str, budget_usd: float | None) -> Future[str]:
        """Start a session; resolves to our id once the service has named it."""

    def send(self, identifier: str, text: str) -> Future[None]:
        """Say something to a session."""

    def raise_budget(self, identifier: str, budget_usd: float, text: str) -> Future[None]:
        """Let a session that has stopped at its budget go on with a larger one."""

    def stop(self, identifier: str) -> Future[None]:
        """Stop what it does; it can be talked to then."""

    def archive(self, identifier: str) -> Future[None]:
        """End it for good."""

    def decide(self, identifier: str, use: str, is_allowed: bool, why: str) -> Future[None]:
        """Allow or deny the one use of a tool that the person was shown."""

    def lines(self, identifier: str) -> Future[tuple[ViewLine, ...]]:
        """Return its conversation."""
