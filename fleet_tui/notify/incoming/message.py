"""What came in, as a notice is made of it: how bad, what of, and whose. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_tui.notify.services.ntfy import HOPS_TAG, ORIGIN_TAG, SIGNS

if TYPE_CHECKING:
    from fleet_tui.model.notice import Severity
    from fleet_tui.notify.incoming.publication import Publication

RECEIVED = "received"
"""The event of a message that names none."""
_ORIGIN = re.compile(re.escape(ORIGIN_TAG) + r"([0-9a-f]{6,32})")
_HOPS = re.compile(re.escape(HOPS_TAG) + r"([0-9]{1,3})")
_WORD = re.compile(r"[a-z][a-z0-9-]{0,39}")


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message from elsewhere; strings are sanitized."""

    key: str
    """The same for the same message, however often it comes."""
    severity: Severity
    event: str
    text: str
    fleets: tuple[str, ...] = ()
    """The fleets that it says it has passed; empty when anybody else sends it."""
    hops: int = 0
    """Fleets it says it has passed through."""


def incoming_of(publication: Publication) -> Incoming:
    """Return what a publication says."""
    hops, event = 0, ""
    fleets: list[str] = []
    for tag in publication.tags:
        if (origin := _ORIGIN.fullmatch(tag)) is not None:
            fleets.append(origin[1])
        elif (passed := _HOPS.fullmatch(tag)) is not None:
            hops = int(passed[1])
        elif not event and tag not in SIGNS and _WORD.fullmatch(tag):
            event = tag
    title = publication.title
    text = f"{title}: {publication.message}" if title else publication.message
    return Incoming(
        key=publication.id,
        severity=_severity(publication.priority),
        event=event or RECEIVED,
        text=text,
        fleets=tuple(fleets),
        hops=hops,
    )


def _severity(priority: int) -> Severity:
    if priority == 5:
        return "error"
    return "warning" if priority == 4 else "info"
