"""What the screen may ask of the shared queue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from fleet_tui.model.queue_view import TaskDetail

Place = Literal["first", "last"]


class QueueControl(Protocol):
    """Orders to the queue; every future may raise FleetError, and then says what was not done."""

    def detail(self, name: str) -> Future[TaskDetail]:
        """Return everything known of a task."""

    def add(self, text: str) -> Future[str]:
        """Put a task on the queue; resolves to its name."""

    def edit(self, name: str, text: str) -> Future[None]:
        """Replace the text of a pending or held task; its signature is gone then."""

    def retry(self, names: Sequence[str]) -> Future[int]:
        """Put ended tasks back to pending; resolves to how many were."""

    def cancel(self, names: Sequence[str]) -> Future[int]:
        """End tasks that are pending, held or running."""

    def hold(self, names: Sequence[str]) -> Future[int]:
        """Keep pending tasks from being taken."""

    def unhold(self, names: Sequence[str]) -> Future[int]:
        """Let held tasks be taken again."""

    def reorder(self, names: Sequence[str], place: Place) -> Future[int]:
        """Put tasks before or behind all others."""

    def sign(self, names: Sequence[str]) -> Future[int]:
        """Sign tasks with the key of fleet.toml; it must not be locked."""

    def take_back(self, names: Sequence[str]) -> Future[int]:
        """Take running tasks from their owners and put them back to pending."""

    def pause(self, is_paused: bool) -> Future[None]:
        """Tell the workers of this machine to take nothing, or to go on."""

    def report(self) -> Future[str]:
        """Return the report on finished tasks, as Markdown."""
