"""What the services have in common: addresses, cutting, `Retry-After`, statuses."""

from __future__ import annotations

import hashlib
import json
import math
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from fleet_tui.model.errors import FleetError
from fleet_tui.model.text import one_line
from fleet_tui.notify.message import ServiceAnswer

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_tui.notify.message import Response

MAX_WAIT = 3600.0
"""However long a service asks us to wait, it is asked again after an hour."""
_UNFIT = re.compile(r"[^-_A-Za-z0-9]")
_AGAIN = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})


def http_url(url: str, service: str) -> str:
    """Return `url` when a request can be made to it; raises FleetError."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise FleetError(f"the address of {service} is no http or https URL")
    return url


def cut(text: str, limit: int) -> str:
    """Return `text`, at most `limit` characters of it."""
    return text if len(text) <= limit else text[: limit - 1] + "\N{HORIZONTAL ELLIPSIS}"


def service_id(identifier: str, limit: int) -> str:
    """Return an id of at most `limit` (from 25) letters, digits, `-` and `_`.

    The same for the same, another for another: what does not fit ends with a digest of all of it.
    """
    if len(identifier) <= limit and not _UNFIT.search(identifier):
        return identifier
    digest = hashlib.sha256(identifier.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"{_UNFIT.sub('_', identifier)[: limit - 17]}-{digest}"


def cut_bytes(text: str, limit: int) -> str:
    """Return `text`, at most `limit` bytes of it in UTF-8."""
    encoded = text.encode()
    if len(encoded) <= limit:
        return text
    return encoded[: limit - 3].decode("utf-8", "ignore") + "\N{HORIZONTAL ELLIPSIS}"


def body_json(response: Response) -> dict[str, object]:
    """Return the response's JSON object, an empty one when it is none."""
    try:
        found = json.loads(response.body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def judge(response: Response, words: Callable[[Response], str]) -> ServiceAnswer:
    """Judge by the status alone: 2xx accepted, what may pass again, all else refused for good."""
    said = one_line(words(response), 200)
    text = f"{response.status} {said}".strip()
    if 200 <= response.status < 300:
        return ServiceAnswer("accepted", text)
    if response.status in _AGAIN:
        return ServiceAnswer("again", text, retry_after(response))
    return ServiceAnswer("refused", text)


def plain_words(response: Response) -> str:
    """Return the beginning of the body as text."""
    return response.body[:2000].decode("utf-8", "replace")


def retry_after(response: Response, now: datetime | None = None) -> float | None:
    """Return the seconds of `Retry-After`, given as a number or as an HTTP date; at most MAX_WAIT.

    None without one that makes sense (RFC 9110, section 10.2.3).
    """
    value = response.headers.get("retry-after", "").strip()
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            at = parsedate_to_datetime(value)
        except ValueError:
            return None
        if at.tzinfo is None:
            at = at.replace(tzinfo=UTC)
        seconds = (at - (now or datetime.now(UTC))).total_seconds()
    return bounded(seconds)


def bounded(seconds: float) -> float | None:
    """Return `seconds` between 0 and MAX_WAIT; None for what is no number."""
    return None if math.isnan(seconds) else min(max(seconds, 0.0), MAX_WAIT)
