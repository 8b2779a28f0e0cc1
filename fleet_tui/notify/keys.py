"""The secrets of routes: read when they are needed, kept in memory only, named in no error."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fleet_tui.model.errors import FleetError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_tui.notify.settings import Route, Secret

COMMAND_TIMEOUT = 20.0
MAX_BYTES = 64 << 10


@dataclass(frozen=True, slots=True)
class Keys:
    """What a route needs; empty texts where there is nothing."""

    url: str = ""
    token: str = ""
    user: str = ""
    reply: str = ""
    """The topic on which a phone answers."""


class KeyRing:
    """Resolves the secrets of routes, once each while the program runs."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._environ = environ
        self._known: dict[str, Keys] = {}

    async def of(self, route: Route) -> Keys:
        """Return the secrets of a route; raises FleetError for one that cannot be had."""
        if route.name not in self._known:
            values = [
                await self._read(secret, route.name)
                for secret in (route.url, route.token, route.user, route.reply)
            ]
            self._known[route.name] = Keys(*values)
        return self._known[route.name]

    def forget(self, route: Route) -> None:
        """Read the secrets of a route anew next time."""
        self._known.pop(route.name, None)

    async def _read(self, secret: Secret, route: str) -> str:
        if secret.value is not None:
            return secret.value
        if secret.env is not None:
            value = self._environ.get(secret.env, "").strip()
            if not value:
                raise FleetError(
                    f"the variable {secret.env} is not set", where=f"[[notify]] {route}"
                )
            return value
        return await _output_of(secret.command, route) if secret.command is not None else ""


async def _output_of(command: str, route: str) -> str:
    """Return the first line that a program prints; what it writes to stderr is not shown."""
    where = f"[[notify]] {route}"
    process = await asyncio.create_subprocess_shell(
        command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        stdout, _ = await asyncio.wait_for(process.communicate(), COMMAND_TIMEOUT)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise FleetError(
            f"the program for its secret did not end in {COMMAND_TIMEOUT:.0f} s", where=where
        ) from None
    lines = stdout[:MAX_BYTES].decode("utf-8", "replace").split("\n")
    if process.returncode != 0 or not lines[0].strip():
        raise FleetError(
            f"the program for its secret printed none (exit status {process.returncode})",
            where=where,
            mend="run it in a shell and see",
        )
    return lines[0].strip()
