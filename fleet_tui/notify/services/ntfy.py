"""ntfy: JSON to the server's root, the topic inside; the last part of the address is the topic."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from fleet_tui.model.errors import FleetError
from fleet_tui.notify.message import Request
from fleet_tui.notify.services.common import (
    body_json,
    cut,
    cut_bytes,
    http_url,
    judge,
    service_id,
)

if TYPE_CHECKING:
    from fleet_tui.notify.message import Message, Response, ServiceAnswer
    from fleet_tui.notify.services import Credentials

MAX_BYTES = 3800
"""Of 4,096 for the whole message; a larger one would become an attachment."""
MAX_SEQUENCE = 64
"""Of letters, digits, `-` and `_`; a server refuses a message with another sequence id (400)."""
ORIGIN_TAG = "fleet-"
HOPS_TAG = "hop-"
_PRIORITY = {"info": 3, "warning": 4, "error": 5}
_SIGN = {"info": "information_source", "warning": "warning", "error": "rotating_light"}
SIGNS = frozenset(_SIGN.values())


def place(url: str) -> tuple[str, str]:
    """Return the server's address and the topic; raises FleetError."""
    if url.startswith(("ntfy://", "ntfys://")):
        scheme, _, rest = url.partition("://")
        url = f"{'https' if scheme == 'ntfys' else 'http'}://{rest}"
    parts = urlsplit(http_url(url, "ntfy"))
    base, _, topic = parts.path.rstrip("/").rpartition("/")
    if not topic:
        raise FleetError("the address of ntfy names no topic", mend="https://server/topic")
    return urlunsplit((parts.scheme, parts.netloc, base + "/", "", "")), topic


def request(message: Message, keys: Credentials) -> Request:
    """Return the publish request; `X-Sequence-ID` lets newer servers drop a second one."""
    server, topic = place(keys.url)
    sequence = service_id(message.id, MAX_SEQUENCE)
    body: dict[str, object] = {
        "topic": topic,
        "title": cut(message.title, 200),
        "message": cut_bytes(message.text, MAX_BYTES),
        "priority": 5 if message.buttons else _PRIORITY[message.severity],
        "tags": [
            _SIGN[message.severity],
            message.event,
            *(f"{ORIGIN_TAG}{fleet}" for fleet in (message.fleet, *message.via)),
            f"{HOPS_TAG}{message.hops}",
        ],
        "sequence_id": sequence,
    }
    if message.click:
        body["click"] = message.click
    if message.buttons:
        body["actions"] = [
            {
                "action": "http",
                "label": button.label,
                "url": button.url,
                "method": "POST",
                "body": button.body,
                "clear": True,
            }
            for button in message.buttons
        ]
    headers = {"content-type": "application/json", "x-sequence-id": sequence}
    if keys.token:
        headers["authorization"] = f"Bearer {keys.token}"
    return Request("POST", server, json.dumps(body, ensure_ascii=False).encode(), headers)


def answer(response: Response) -> ServiceAnswer:
    """Read ntfy's answer: its errors are JSON with a code and a sentence."""
    return judge(response, _words)


def _words(response: Response) -> str:
    said = body_json(response)
    if response.status == 200:
        return f"id {said.get('id', '?')}"
    return f"{said.get('code', '')} {said.get('error', '')}"
