"""From notices to the message that leaves: redacted, sanitized, with its count and origin."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from fleet_tui.journal import redact
from fleet_tui.model.text import one_line, sanitize
from fleet_tui.notify.message import Message
from fleet_tui.notify.routing import RANK

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_tui.model.notice import Notice
    from fleet_tui.notify.outbox import Delivery

TITLE = 100
TEXT = 3000
DIGEST_LINES = 40
TIMES = "\N{MULTIPLICATION SIGN}"


def message_for(delivery: Delivery, fleet_name: str, fleet_id: str) -> Message:
    """Return the message about one notice."""
    notice = delivery.notice
    text = clean(notice.text)
    if notice.count > 1:
        text += f" ({_times(notice)})"
    return Message(
        id=f"{notice.id}.{notice.count}" if delivery.told else notice.id,
        title=title_of(fleet_name, notice.source, notice.event),
        text=text,
        severity=notice.severity,
        event=notice.event,
        source=one_line(notice.source, 80),
        fleet=fleet_id,
        via=tuple(delivery.origin.split(" ")[1:]),
        hops=delivery.hops + 1,
        count=notice.count,
    )


def digest_of(deliveries: Sequence[Delivery], fleet_name: str, fleet_id: str) -> Message:
    """Return one message about several notices, in the order in which they happened."""
    notices = [delivery.notice for delivery in deliveries]
    lines = [
        f"{_clock(notice.at)} {one_line(notice.source, 40)}: {clean(notice.text, 200)}"
        + (f" ({TIMES}{notice.count})" if notice.count > 1 else "")
        for notice in notices[:DIGEST_LINES]
    ]
    if len(notices) > DIGEST_LINES:
        lines.append(f"and {len(notices) - DIGEST_LINES} more")
    worst = max((notice.severity for notice in notices), key=RANK.__getitem__)
    return Message(
        id=f"digest-{deliveries[0].id}-{deliveries[-1].id}",
        title=title_of(fleet_name, f"{len(notices)} notices", "digest"),
        text="\n".join(lines)[:TEXT],
        severity=worst,
        event="digest",
        source="fleet",
        fleet=fleet_id,
        via=tuple({fleet for one in deliveries for fleet in one.origin.split(" ")[1:]}),
        hops=1 + max(delivery.hops for delivery in deliveries),
        count=len(notices),
    )


def title_of(fleet_name: str, source: str, event: str) -> str:
    """Return a title that says which fleet, where, and what kind of thing."""
    return one_line(f"{fleet_name} · {source} · {event}", TITLE)


def clean(text: str, limit: int = TEXT) -> str:
    """Return `text` without secrets and without control characters, at most `limit` long."""
    kept = redact(sanitize(text))
    return kept if len(kept) <= limit else kept[: limit - 1] + "\N{HORIZONTAL ELLIPSIS}"


def _times(notice: Notice) -> str:
    return f"{TIMES}{notice.count}, last at {_clock(notice.at)}"


def _clock(at: float) -> str:
    return datetime.fromtimestamp(at).astimezone().strftime("%H:%M")
