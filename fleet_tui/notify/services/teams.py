"""Teams: a Workflow that takes an Adaptive Card. Its 202 is not delivery, and is not said to be."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from fleet_tui.notify.message import Request
from fleet_tui.notify.services.common import (
    body_json,
    cut,
    cut_bytes,
    http_url,
    judge,
    plain_words,
)

if TYPE_CHECKING:
    from fleet_tui.notify.message import Message, Response, ServiceAnswer
    from fleet_tui.notify.services import Credentials

MAX_BYTES = 20_000
"""Of about 28 KB for the whole message."""
_COLOUR = {"info": "Accent", "warning": "Warning", "error": "Attention"}
_SCHEMA = "http://adaptivecards.io/schemas/adaptive-card.json"


def request(message: Message, keys: Credentials) -> Request:
    """Return the workflow's request. Text stands in text runs, which know no Markdown."""
    card: dict[str, object] = {
        "$schema": _SCHEMA,
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [
            _text(cut(message.title, 250), weight="Bolder", color=_COLOUR[message.severity]),
            _text(cut_bytes(message.text, MAX_BYTES)),
            _text(f"{message.event}, fleet {message.fleet}", isSubtle=True, size="Small"),
        ],
        "msteams": {"width": "Full"},
    }
    if message.click:
        card["actions"] = [{"type": "Action.OpenUrl", "title": "Open", "url": message.click}]
    body = {
        "type": "message",
        "attachments": [
            {
                "contentType": "application/vnd.microsoft.card.adaptive",
                "contentUrl": None,
                "content": card,
            }
        ],
    }
    headers = {"content-type": "application/json"}
    return Request(
        "POST", http_url(keys.url, "Teams"), json.dumps(body, ensure_ascii=False).encode(), headers
    )


def answer(response: Response) -> ServiceAnswer:
    """Read the answer. A flow that answers by itself may report its own failure with a 2xx."""
    judged = judge(response, plain_words)
    said = body_json(response)
    error = said.get("error")
    if judged.state == "accepted" and (error or said.get("status") == "Failed"):
        return replace(judged, state="refused")
    if response.status == 202:
        return replace(judged, text="202 taken by the workflow, which may still fail")
    return judged


def _text(text: str, **style: object) -> dict[str, object]:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, **style}]}
