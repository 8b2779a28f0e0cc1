"""A mock of the claude-peers client: it speaks the documented protocol and knows nothing of us.

`python client.py PORT NAME` registers, then obeys lines on standard input: `list`, `send ID TEXT`,
`poll`; it prints one JSON value for each. The real client is in no package registry; `python -m
tests.peers.unmodified FOLDER` tries a copy of it.
"""

from __future__ import annotations

import http.client
import json
import os
import sys
from typing import Any


def call(port: int, path: str, body: dict[str, Any]) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    headers = {"Content-Type": "application/json"}
    connection.request("POST", path, json.dumps(body), headers)
    response = connection.getresponse()
    if response.status != 200:
        raise SystemExit(f"{path}: {response.status} {response.read()!r}")
    return json.loads(response.read())


def main() -> None:
    port, name = int(sys.argv[1]), sys.argv[2]
    about = {"pid": os.getpid(), "cwd": f"/srv/{name}", "git_root": None, "tty": None}
    mine = call(port, "/register", {**about, "summary": f"I am {name}"})["id"]
    print(json.dumps(mine), flush=True)  # noqa: T201
    for line in sys.stdin:
        word, _, rest = line.strip().partition(" ")
        if word == "list":
            wanted = {"scope": "machine", "cwd": "/", "git_root": None, "exclude_id": mine}
            said = call(port, "/list-peers", wanted)
        elif word == "send":
            to, _, text = rest.partition(" ")
            said = call(port, "/send-message", {"from_id": mine, "to_id": to, "text": text})
        else:
            said = call(port, "/poll-messages", {"id": mine})["messages"]
        print(json.dumps(said), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
