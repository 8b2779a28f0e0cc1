"""The cost of runs, added up by the store itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.model.costs_view import CostCell

if TYPE_CHECKING:
    from fleet_tui.journal.store import RunStore

_ENDED = "COALESCE(finished_at, created_at)"
QUERY = f"""SELECT date({_ENDED}, 'unixepoch', 'localtime') AS day, host, agent,
    coalesce(model, '') AS model, coalesce(sum(cost_usd), 0.0), count(*),
    coalesce(sum(cost_usd IS NULL AND finished_at IS NOT NULL
        AND (started_at IS NOT NULL OR state = 'lost')), 0),
    coalesce(min(nullif(priced_as_of, '')), '')
FROM runs WHERE {_ENDED} >= ? AND agent != 'shell' GROUP BY 1, 2, 3, 4 ORDER BY 1"""
"""Served by the index on the end of runs. A run counts for the day it ended, as for the cap."""


def cost_cells(store: RunStore, since: float) -> list[CostCell]:
    """Return what agents' runs cost since a Unix time; plain commands cost nothing."""
    return [CostCell(*row) for row in store.rows(QUERY, (since,))]
