"""A plain webhook: JSON with stable keys, and an idempotency key."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from fleet_tui.notify.message import Request
from fleet_tui.notify.services.common import http_url, judge, plain_words

if TYPE_CHECKING:
    from fleet_tui.notify.message import Message, Response, ServiceAnswer
    from fleet_tui.notify.services import Credentials

ORIGIN_HEADER = "x-fleet-origin"
"""`fleet/hops`, so that a fleet knows its own notices again."""


def request(message: Message, keys: Credentials) -> Request:
    """Return the request; keys of the body are only ever added."""
    body = {
        "id": message.id,
        "event": message.event,
        "severity": message.severity,
        "source": message.source,
        "title": message.title,
        "text": message.text,
        "count": message.count,
        "fleet": message.fleet,
        "hops": message.hops,
        "test": message.is_test,
    }
    headers = {
        "content-type": "application/json",
        "idempotency-key": message.id,
        ORIGIN_HEADER: f"{message.fleet}/{message.hops}",
    }
    if keys.token:
        headers["authorization"] = f"Bearer {keys.token}"
    return Request(
        "POST",
        http_url(keys.url, "the webhook"),
        json.dumps(body, ensure_ascii=False).encode(),
        headers,
    )


def answer(response: Response) -> ServiceAnswer:
    """Judge by the status."""
    return judge(response, plain_words)
