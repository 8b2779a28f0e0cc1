"""The bearer tokens of servers: read when they are needed, kept in no file, named in no error."""

from __future__ import annotations

import asyncio
import os
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from fleet_tui.mcp.trouble import McpTrouble

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from fleet_tui.mcp.settings import McpServer
    from fleet_tui.model.mcp_view import McpServerView

MOST_BYTES = 64 << 10
HIDDEN = "[redacted:token]"
_TOKEN = re.compile(r"[\x21-\x7e]+")
"""What a header takes (RFC 6750, 2.1, is stricter)."""


async def token_of(server: McpServer, environ: Mapping[str, str] = os.environ) -> str:
    """Return a server's token, empty where it has none; raises McpTrouble."""
    if server.token_env:
        token = environ.get(server.token_env, "").strip()
        if not token:
            raise McpTrouble(
                f"the variable {server.token_env} with its token is not set",
                mend="set it where fleet-tui is started",
            )
        return _checked(token, f"the variable {server.token_env}")
    if server.token_file is not None:
        file = server.token_file
        token = await asyncio.to_thread(_first_line, file)
        return _checked(token, f"the file {file}")
    return ""


def _first_line(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            data = stream.read(MOST_BYTES)
    except OSError as error:
        raise McpTrouble(
            f"the file {file} with its token cannot be read: {error.strerror}",
            mend="correct `token_file` in fleet.toml",
        ) from None
    return data.split(b"\n", 1)[0].decode("utf-8", "replace").strip()


def _checked(token: str, place: str) -> str:
    if not _TOKEN.fullmatch(token):
        raise McpTrouble(f"what {place} holds is no token", mend="it is one word on its first line")
    return token


def without_token(view: McpServerView, token: str) -> McpServerView:
    """Return a picture in which nothing that the server said repeats its token."""
    if not token:
        return view

    def hide(text: str) -> str:
        return text.replace(token, HIDDEN)

    tools = tuple(replace(one, name=hide(one.name), about=hide(one.about)) for one in view.tools)
    return replace(
        view,
        why=hide(view.why),
        mend=hide(view.mend),
        server=hide(view.server),
        version=hide(view.version),
        protocol=hide(view.protocol),
        tools=tools,
    )
