"""What a face may ask about MCP servers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future


class McpControl(Protocol):
    """Asks the declared servers whether they answer."""

    def ask(self, names: Sequence[str] = ()) -> Future[int]:
        """Ask these servers, all without a name; resolves to how many answered.

        What they said comes as a picture. Raises UsageError for a name that is not declared.
        """
