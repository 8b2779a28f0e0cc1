"""The demo's cloud: a stand-in for the service on loopback, where the SDK is installed.

It serves in the demo's own child process. Its key is made up for one demo and opens nothing else.
"""

from __future__ import annotations

import os
import secrets
import socket
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from fleet_tui.demo.managed_api import ManagedApi

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fleet_tui.demo.spec import DemoSpec

KEY_FILE = "cloud.key"
PORT_FILE = "cloud.port"
LOOPBACK = "127.0.0.1"


def sections(home: Path) -> Mapping[str, object]:
    """Return the `[managed]` of the demo's fleet; makes its key."""
    port = _free_port()
    (home / PORT_FILE).write_text(f"{port}\n", encoding="ascii")
    key = home / KEY_FILE
    key.touch(mode=0o600)
    key.write_text(f"demo-{secrets.token_hex(16)}\n", encoding="ascii")
    return {
        "managed": {
            "agent": "agent_demo",
            "environment": "env_demo",
            "key_command": f'type "{key}"' if os.name == "nt" else f"cat '{key}'",
            "base_url": f"http://{LOOPBACK}:{port}",
            "budget_usd": 0.25,
            "budget_usd_per_day": 2.0,
            "max_parallel": 3,
            "tools": "ask",
        }
    }


@contextmanager
def service(spec: DemoSpec) -> Iterator[None]:
    """Serve while the demo's hosts do; a port that somebody took meanwhile leaves it out."""
    home = Path(spec.home)
    slowness = 1 / spec.speed if spec.speed > 0 else 0.0
    try:
        port = int((home / PORT_FILE).read_text(encoding="ascii"))
        key = (home / KEY_FILE).read_text(encoding="ascii").strip()
        api = ManagedApi(key, port=port, slowness=slowness)
    except (OSError, ValueError):
        yield
        return
    with api:
        yield


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
