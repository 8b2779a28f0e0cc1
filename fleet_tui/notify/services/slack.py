"""Slack: an incoming webhook, with blocks of plain text and a fallback."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from fleet_tui.notify.message import Request
from fleet_tui.notify.services.common import cut, http_url, judge, plain_words

if TYPE_CHECKING:
    from fleet_tui.notify.message import Message, Response, ServiceAnswer
    from fleet_tui.notify.services import Credentials

MAX_SECTION = 3000
MAX_HEADER = 150
_SIGN = {
    "info": "\N{INFORMATION SOURCE}",
    "warning": "\N{WARNING SIGN}",
    "error": "\N{BLACK SQUARE FOR STOP}",
}


def request(message: Message, keys: Credentials) -> Request:
    """Return the webhook request. Blocks are `plain_text`: nothing in them is markup."""
    title = f"{_SIGN[message.severity]} {message.title}"
    origin = f"{message.event}, fleet {message.fleet}, {message.id}"
    body = {
        "text": escape(cut(f"{title}: {message.text}", MAX_SECTION)),
        "blocks": [
            {"type": "header", "text": _plain(cut(title, MAX_HEADER))},
            {"type": "section", "text": _plain(cut(message.text, MAX_SECTION))},
            {"type": "context", "elements": [_plain(cut(origin, MAX_SECTION))]},
        ],
        "unfurl_links": False,
        "unfurl_media": False,
    }
    headers = {"content-type": "application/json"}
    return Request(
        "POST", http_url(keys.url, "Slack"), json.dumps(body, ensure_ascii=False).encode(), headers
    )


def escape(text: str) -> str:
    """Return `text` with Slack's three control characters escaped: no link, no mention."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def answer(response: Response) -> ServiceAnswer:
    """Read the answer: `ok`, or a word such as `no_service`."""
    return judge(response, plain_words)


def _plain(text: str) -> dict[str, object]:
    return {"type": "plain_text", "text": text or " ", "emoji": False}
