"""`fleet-tui queue migrate`: moves the queue of fleet.toml to another folder, host or server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.cli.console import complain, emit, say
from fleet_tui.model.errors import UsageError

if TYPE_CHECKING:
    import argparse

    from fleet_tui.fleet import Fleet

JOURNAL = "queue-migration.json"


def declare(made: argparse.ArgumentParser) -> None:
    """Declare where to."""
    made.add_argument("--to-path", metavar="DIR", help="a folder, here or on --to-host")
    made.add_argument("--to-host", metavar="HOST", help="the host that keeps the folder")
    made.add_argument("--to-url", metavar="URL", help="a NATS server, nats://host:4222")
    made.add_argument("--to-name", metavar="NAME", help="the queue's name on that server")
    made.add_argument("--no-history", action="store_true", help="leave what has ended behind")
    made.add_argument("--json", action="store_true", help="one JSON object")


async def migrate(fleet: Fleet, options: argparse.Namespace) -> int:
    """Move what waits and copy what ended; run again it goes on where it was cut short."""
    from fleet_tui.queue import migrate as moving
    from fleet_tui.queue.open import store_from

    target = store_from(_section(options), fleet.config, fleet.pool, fleet.clock)
    queue = fleet.parts.queue
    await queue.open()
    if target.place == queue.store.place:
        raise UsageError(f"the queue is there already: {target.place}")
    await target.open()
    try:
        journal = fleet.data_dir / JOURNAL
        history = not options.no_history
        done = await moving.migrate(queue.store, target, journal, history=history)
    finally:
        await target.close()
    if options.json:
        emit(
            "queue-migrated",
            fleet.clock.time(),
            place=target.place,
            moved=done.moved,
            copied=done.copied,
            left=done.left,
        )
    else:
        say(f"{len(done.moved)} moved, {len(done.copied)} ended ones copied to {target.place}")
        for name, why in done.left.items():
            complain(f"{name} stays: {why}")
        say("now write the new place into [queue] of fleet.toml, on every machine")
    return 1 if done.left else 0


def _section(options: argparse.Namespace) -> dict[str, object]:
    if options.to_url:
        if options.to_path or options.to_host:
            raise UsageError("--to-url beside a folder", mend="give one place")
        named = {"name": options.to_name} if options.to_name else {}
        return {"backend": "nats", "url": options.to_url, **named}
    if not options.to_path:
        raise UsageError("no place to move to", mend="give --to-path, or --to-url")
    if options.to_host:
        return {"backend": "sftp", "host": options.to_host, "path": options.to_path}
    return {"backend": "directory", "path": options.to_path}
