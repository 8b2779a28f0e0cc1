"""The key that pays: read when it is needed, kept in memory only, named in no error."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from fleet_tui.model.errors import FleetError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_tui.managed.settings import ManagedSettings

COMMAND_SECONDS = 20.0
WHERE = "[managed]"


def missing_key(settings: ManagedSettings, environ: Mapping[str, str] = os.environ) -> str:
    """Return why there is no key, as far as can be told without running a program."""
    if settings.key_command or environ.get(settings.key_env, "").strip():
        return ""
    return f"the variable {settings.key_env} is not set"


async def read_key(settings: ManagedSettings, environ: Mapping[str, str] = os.environ) -> str:
    """Return the key; raises FleetError when it cannot be had."""
    if settings.key_command:
        return await _printed(settings.key_command)
    why = missing_key(settings, environ)
    if why:
        raise FleetError(why, where=WHERE, mend="set it, or name a program in key_command")
    return environ[settings.key_env].strip()


async def _printed(command: str) -> str:
    """Return the first line that a program prints; what it writes to stderr is not shown."""
    quiet, piped = asyncio.subprocess.DEVNULL, asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_shell(
        command, stdin=quiet, stdout=piped, stderr=quiet
    )
    try:
        async with asyncio.timeout(COMMAND_SECONDS):
            printed, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        raise FleetError(
            f"key_command did not end in {COMMAND_SECONDS:.0f} s", where=WHERE
        ) from None
    key = printed.decode("utf-8", "replace").partition("\n")[0].strip()
    if process.returncode != 0 or not key:
        raise FleetError(
            f"key_command printed no key (exit status {process.returncode})",
            where=WHERE,
            mend="run it in a shell and see",
        )
    return key
