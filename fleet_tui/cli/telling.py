"""Sends the notices of a command on the routes of fleet.toml before the command ends."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from fleet_tui.cli.console import complain
from fleet_tui.notify.settings import URL_VARIABLE

if TYPE_CHECKING:
    from fleet_tui.fleet import Fleet

SECONDS = 10.0
"""How long a command waits for the services; what is left goes out with the next program."""


def hear_notices(fleet: Fleet) -> None:
    """From now on, keep the notices of this program for the routes, where there are some."""
    if _has_routes(fleet):
        _ = fleet.parts.notices


async def keep_telling(fleet: Fleet) -> None:
    """From now on, send the notices of this program as they come."""
    if _has_routes(fleet):
        await fleet.parts.notices.start_sending()


async def tell_before_leaving(fleet: Fleet) -> None:
    """Send what was heard; says so when something could not be sent in time."""
    if not _has_routes(fleet):
        return
    left = await fleet.parts.notices.flush(SECONDS)
    if left:
        complain(f"{len(left)} notices are not sent yet; the next program sends them")


def _has_routes(fleet: Fleet) -> bool:
    return bool(fleet.config.sections.get("notify") or os.environ.get(URL_VARIABLE))
