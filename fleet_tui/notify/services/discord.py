"""Discord: a webhook, with no one mentioned whatever the text says."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from fleet_tui.notify.message import Request
from fleet_tui.notify.services.common import (
    body_json,
    bounded,
    cut,
    http_url,
    judge,
    service_id,
)

if TYPE_CHECKING:
    from fleet_tui.notify.message import Message, Response, ServiceAnswer
    from fleet_tui.notify.services import Credentials

MAX_NONCE = 25
"""A second message with the nonce of one of the last minutes is not shown."""
_COLOUR = {"info": 0x3B82F6, "warning": 0xF59E0B, "error": 0xDC2626}
_MARKUP = re.compile(r"([\\*_~`|>\[\]()#<@:-])")


def request(message: Message, keys: Credentials) -> Request:
    """Return the webhook request; it asks for the message back (`wait=true`), as proof."""
    parts = urlsplit(http_url(keys.url, "Discord"))
    query = urlencode({**dict(parse_qsl(parts.query)), "wait": "true"})
    url = urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))
    body = {
        "embeds": [
            {
                "title": cut(plain(message.title), 256),
                "description": cut(plain(message.text), 4000),
                "color": _COLOUR[message.severity],
                "footer": {"text": cut(f"{message.event}, fleet {message.fleet}", 2048)},
            }
        ],
        "allowed_mentions": {"parse": []},
        "nonce": service_id(message.id, MAX_NONCE),
        "enforce_nonce": True,
    }
    return Request(
        "POST",
        url,
        json.dumps(body, ensure_ascii=False).encode(),
        {"content-type": "application/json"},
    )


def plain(text: str) -> str:
    """Return `text` with every character escaped that Discord reads as markup."""
    return _MARKUP.sub(r"\\\1", text)


def answer(response: Response) -> ServiceAnswer:
    """Read the answer; a 429 says how long to wait in JSON, with fractions."""
    judged = judge(response, _words)
    wait = body_json(response).get("retry_after")
    if judged.state == "again" and isinstance(wait, int | float):
        return replace(judged, retry_after=bounded(float(wait)))
    reset = response.headers.get("x-ratelimit-reset-after", "")
    if judged.state == "again" and judged.retry_after is None and reset:
        try:
            return replace(judged, retry_after=bounded(float(reset)))
        except ValueError:
            return judged
    return judged


def _words(response: Response) -> str:
    said = body_json(response)
    return f"message {said['id']}" if "id" in said else str(said.get("message", ""))
