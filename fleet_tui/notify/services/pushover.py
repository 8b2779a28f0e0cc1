"""Pushover: an error is an emergency, whose receipt says that a person has seen it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit, urlunsplit

from fleet_tui.notify.message import Request, ServiceAnswer
from fleet_tui.notify.services.common import body_json, cut, http_url, judge

if TYPE_CHECKING:
    from fleet_tui.notify.message import Message, Response
    from fleet_tui.notify.services import Credentials

API = "https://api.pushover.net/1/messages.json"
EMERGENCY_RETRY = 60
EMERGENCY_EXPIRE = 3600
"""Seconds between its repeats, and after which it gives up; at least 30, at most 10,800."""
POLL_SECONDS = 5.0
"""A receipt may be asked for no oftener."""
_PRIORITY = {"info": -1, "warning": 0, "error": 2}


def request(message: Message, keys: Credentials) -> Request:
    """Return the message as a form."""
    priority = _PRIORITY[message.severity]
    form: dict[str, object] = {
        "token": keys.token,
        "user": keys.user,
        "title": cut(message.title, 250),
        "message": cut(message.text, 1024) or message.event,
        "priority": priority,
        "tags": f"fleet-{message.fleet},{message.id}",
    }
    if priority == 2:
        form |= {"retry": EMERGENCY_RETRY, "expire": EMERGENCY_EXPIRE}
    if message.click:
        form["url"] = cut(message.click, 512)
    return _form("POST", keys.url or API, form)


def answer(response: Response) -> ServiceAnswer:
    """Read the answer; a 429 means that the month is spent, which no waiting mends soon."""
    judged = judge(response, _words)
    said = body_json(response)
    if judged.state == "accepted" and said.get("status") != 1:
        return ServiceAnswer("refused", judged.text)
    if judged.state == "accepted" and isinstance(said.get("receipt"), str):
        return ServiceAnswer("accepted", judged.text, receipt=str(said["receipt"]))
    return judged


def receipt_request(receipt: str, keys: Credentials) -> Request:
    """Return the request that asks whether a person has acknowledged an emergency."""
    parts = urlsplit(http_url(keys.url or API, "Pushover"))
    path = parts.path.rpartition("/")[0] + f"/receipts/{receipt}.json"
    query = urlencode({"token": keys.token})
    return Request("GET", urlunsplit((parts.scheme, parts.netloc, path, query, "")), b"")


def seen(response: Response) -> tuple[bool, str] | None:
    """Return whether a person has seen it, and by what proof; None while that is open.

    (False, why) once the emergency has expired unseen.
    """
    said = body_json(response)
    if said.get("acknowledged") == 1:
        device = said.get("acknowledged_by_device") or "a device"
        return True, f"acknowledged on {device}"
    if said.get("expired") == 1:
        return False, "it expired and nobody had acknowledged it"
    return None


def _words(response: Response) -> str:
    said = body_json(response)
    errors = said.get("errors")
    if isinstance(errors, list):
        return "; ".join(str(error) for error in errors)
    return f"request {said.get('request', '?')}"


def _form(method: str, url: str, form: dict[str, object]) -> Request:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return Request(method, http_url(url, "Pushover"), urlencode(form).encode(), headers)
