"""`python -m tests.bench`: speed and memory beside peers, and beside the goals.

`python -m tests.bench queue [TASKS] [ROUNDS]` measures the task queue.
`python -m tests.bench peers [MESSAGES]` measures messages between sessions.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import time

from tests.bench import memory, messages, queue, screen, ssh
from tests.bench.lab import open_lab
from tests.bench.options import parse
from tests.bench.report import Report


def main() -> None:
    """Run what the command line asks for."""
    if sys.argv[1:2] == ["queue"]:
        queue.run(
            tasks=int(sys.argv[2]) if sys.argv[2:] else 400,
            rounds=int(sys.argv[3]) if sys.argv[3:] else 50,
        )
        return
    if sys.argv[1:2] == ["peers"]:
        asyncio.run(messages.run(int(sys.argv[2]) if sys.argv[2:] else 200))
        return
    options = parse(sys.argv[1:])
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # the servers' clients are killed
    report = Report()
    began = time.monotonic()
    with open_lab(is_durable=options.is_durable) as lab:
        if options.part in ("ssh", "all"):
            asyncio.run(ssh.run(lab, options, report))
        if options.part in ("screen", "all"):
            screen.run(lab, options, report)
        if options.part == "memory":
            memory.run(lab, options, report)
    report.summary()
    print(f"{time.monotonic() - began:.0f} s")
    if options.json is not None:
        report.write(options.json)


if __name__ == "__main__":
    main()
