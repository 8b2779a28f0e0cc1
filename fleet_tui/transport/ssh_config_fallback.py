"""Reading `~/.ssh/config` where no `ssh` binary exists: asyncssh's parser, its limits told."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import asyncssh

from fleet_tui.model.errors import Unreachable
from fleet_tui.model.text import one_line
from fleet_tui.transport.endpoint import (
    Endpoint,
    agent_from_environment,
    default_identity_files,
    default_known_hosts,
)

if TYPE_CHECKING:
    from fleet_tui.transport.ssh_config import Query
    from fleet_tui.transport.ssh_config_files import ConfigFiles


def ask_asyncssh(query: Query, files: ConfigFiles) -> Endpoint:
    """Resolve `query`; raises Unreachable for what this parser cannot read.

    It refuses some of what OpenSSH accepts: a comment behind a value, times such as `1m`, and
    `Match` conditions it does not know (reference: asyncssh's config documentation).
    """
    given: dict[str, Any] = {}
    if query.user is not None:
        given["username"] = query.user
    if query.port is not None:
        given["port"] = query.port
    try:
        options = asyncssh.SSHClientConnectionOptions(
            host=query.alias,
            config=[path for path in _paths(files) if os.access(path, os.R_OK)],
            client_keys=None,
            known_hosts=b"",
            x509_trusted_certs=None,
            gss_host=None,
            **given,
        )
    except (ValueError, OSError) as error:
        raise Unreachable(
            one_line(f"the SSH configuration cannot be read without OpenSSH's client: {error}"),
            host=query.alias,
            fault="other",
            mend="install the OpenSSH client, or simplify that line",
        ) from error
    return _endpoint(query, options)


def _paths(files: ConfigFiles) -> list[str]:
    if files.argument is not None:
        return [files.argument]
    return [str(Path.home() / ".ssh" / "config"), "/etc/ssh/ssh_config"]


def _endpoint(query: Query, options: asyncssh.SSHClientConnectionOptions) -> Endpoint:
    def many(keyword: str) -> tuple[str, ...]:
        value = cast("list[str] | str | None", options.config.get(keyword, None))
        names = [value] if isinstance(value, str) else value or []
        return tuple(os.path.expanduser(name) for name in names if name != "none")

    identities = many("IdentityFile")
    agent = cast("str | None", options.config.get("IdentityAgent", None))
    tunnel = cast("str | None", options.tunnel)
    command = options.config.get("ProxyCommand", None)
    return Endpoint(
        alias=query.alias,
        address=query.address or options.host,
        user=options.username,
        port=options.port,
        host_key_alias=options.host_key_alias,
        identity_files=identities or default_identity_files(),
        has_default_identities=not identities,
        identities_only=bool(options.config.get("IdentitiesOnly", False)),
        certificate_files=many("CertificateFile"),
        agent=os.path.expanduser(agent) if agent else agent_from_environment(),
        known_hosts=(many("UserKnownHostsFile") + many("GlobalKnownHostsFile"))
        or default_known_hosts(),
        proxy_jump=tuple(hop for hop in (tunnel or "").split(",") if hop and hop != "none"),
        proxy_command=cast("str | None", command) if command not in (None, "none") else None,
        connect_timeout=options.connect_timeout,
    )
