"""The demo's notices: a receiver that its hosts tell things, and a route that leads no further.

The route's topic is a branch of the receiver's own, where a telephone would listen.
"""

from __future__ import annotations

import secrets
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ANSWER_WITHIN = 90.0
"""Seconds for which a telephone's buttons work, so short that one can be seen to expire."""
LOOPBACK = "127.0.0.1"


def sections() -> Mapping[str, object]:
    """Return the receiver, and a route to a branch of its topic."""
    port, topic = _free_port(), secrets.token_hex(16)
    url = f"http://{LOOPBACK}:{port}/{topic}"
    route = {
        "kind": "ntfy",
        "name": "phone",
        "url": f"{url}-phone",
        "reply": f"{url}-answers",
        "min_severity": "warning",
        "answer_within": ANSWER_WITHIN,
    }
    return {"receiver": {"port": port, "topic": topic}, "notify": (route,)}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
