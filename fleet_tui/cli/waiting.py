"""Hand-off documents that wait where a run would start: told, and read first if asked for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fleet_tui.cli.console import complain
from fleet_tui.journal.moved import FOLDER
from fleet_tui.model.errors import UsageError
from fleet_tui.model.threads import with_document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_tui.fleet import Fleet
    from fleet_tui.model.request import DispatchRequest


def with_waiting_document(
    fleet: Fleet, request: DispatchRequest, hosts: Sequence[str], *, is_wanted: bool
) -> DispatchRequest:
    """Return the request, its prompt beginning with the document if that is wanted.

    What waits and is not wanted is told. Raises UsageError when nothing waits that is wanted.
    """
    waiting = fleet.parts.handoff.waiting(hosts) if (fleet.data_dir / FOLDER).is_dir() else ()
    if is_wanted and not waiting:
        raise UsageError("no hand-off document waits there", mend="leave --handoff out")
    if is_wanted:
        return replace(request, prompt=with_document(request.prompt))
    if waiting and request.agent != "shell":
        one = waiting[0]
        complain(
            f"{one.name} from {one.origin} waits in {one.folder} on {one.host}; "
            "--handoff has it read first"
        )
    return request
