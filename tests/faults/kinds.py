"""The ways in which contact is lost."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from typing import TYPE_CHECKING

from tests.support.parts import require

if TYPE_CHECKING:
    import random
    from collections.abc import Awaitable, Callable, Mapping

    from tests.support.durable_site import Site

    Fault = Callable[[Site, random.Random], Awaitable[None]]

LONGEST_OUTAGE = 3.0
"""Seconds; the client notices a silent link after about two."""


async def reset_after_bytes(site: Site, chance: random.Random) -> None:
    """Reset the link when so many more bytes have come down, anywhere within a packet."""
    site.relay.cut_after("down", int(10 ** chance.uniform(1, 5.5)))
    await site.relay.until_cut()


async def reset_on_the_way_up(site: Site, chance: random.Random) -> None:
    """Reset it in the middle of what we send: a launch, or the order to follow."""
    site.relay.cut_after("up", int(10 ** chance.uniform(0, 3.8)))
    site.relay.cut_after("down", int(10 ** chance.uniform(4, 6)))
    await site.relay.until_cut()


async def network_down(site: Site, chance: random.Random) -> None:
    """Reset the link and refuse new ones for a while."""
    site.relay.go_down()
    await asyncio.sleep(chance.uniform(0.05, 1.0))
    site.relay.come_up()


async def silence(site: Site, chance: random.Random) -> None:
    """Let no byte pass for a while; it ends by itself, or with a reset."""
    site.relay.freeze()
    await asyncio.sleep(chance.uniform(0.05, LONGEST_OUTAGE))
    if chance.random() < 0.5:
        site.relay.cut()
    site.relay.thaw()


async def sshd_child_killed(site: Site, chance: random.Random) -> None:
    """SIGKILL the server's processes that hold our connection."""
    await to_the_end(site.server.kill_connections)


async def sshd_restarted(site: Site, chance: random.Random) -> None:
    """SIGKILL the whole server, and start it again after a while."""
    await to_the_end(site.server.kill)
    await asyncio.sleep(chance.uniform(0.0, 0.5))
    await to_the_end(site.server.start)


async def interface_down(site: Site, chance: random.Random, seconds: float | None = None) -> None:
    """Take the loopback interface of this network namespace down for a while."""
    await to_the_end(loopback, "down")
    await asyncio.sleep(chance.uniform(0.1, LONGEST_OUTAGE) if seconds is None else seconds)
    await to_the_end(loopback, "up")


FAULTS: Mapping[str, Fault] = {
    "reset after bytes": reset_after_bytes,
    "reset on the way up": reset_on_the_way_up,
    "network down": network_down,
    "silence": silence,
    "sshd child killed": sshd_child_killed,
    "sshd restarted": sshd_restarted,
}
INTERFACE = "interface down"
CLIENT = "client killed"


async def to_the_end(function: Callable[..., object], *args: object) -> None:
    """Call `function` in a thread; being cancelled does not leave it half done."""
    call = asyncio.ensure_future(asyncio.to_thread(function, *args))
    try:
        await asyncio.shield(call)
    except asyncio.CancelledError:
        await call
        raise


def own_network(command: list[str]) -> list[str] | None:
    """Return `command` in a network namespace of its own, None when that is not allowed."""
    unshare, ip = shutil.which("unshare"), shutil.which("ip")
    if unshare is None or ip is None:
        return None
    wrapped = [unshare, "--net", "sh", "-c", f'{ip} link set lo up && exec "$@"', "sh"]
    works = subprocess.run([*wrapped, "true"], capture_output=True).returncode == 0
    return [*wrapped, *command] if works else None


def loopback(state: str) -> None:
    """Take the interface `up` or `down`."""
    subprocess.run([require("ip"), "link", "set", "lo", state], check=True)
