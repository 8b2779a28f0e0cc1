"""Why an MCP server is not up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.model.errors import FleetError
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping


class McpTrouble(FleetError):
    """A server that was asked and did not answer as it must."""


class McpRefusal(McpTrouble):
    """A server's own error answer to a request."""

    def __init__(self, method: str, error: object) -> None:
        code, said = 0, ""
        if isinstance(error, dict):
            code = error.get("code") if isinstance(error.get("code"), int) else 0  # type: ignore[assignment]
            said = one_line(str(error.get("message", "")), 160)
        super().__init__(f"it answered {method} with error {code}: {said or 'no word why'}")
        self.code = code


def result_of(method: str, answer: Mapping[str, object]) -> Mapping[str, object]:
    """Return what an answer holds; raises McpRefusal, McpTrouble."""
    if "error" in answer:
        raise McpRefusal(method, answer["error"])
    result = answer.get("result")
    if not isinstance(result, dict):
        raise McpTrouble(f"its answer to {method} holds no result")
    return result
