"""Names that last: of repositories, so that clones match, and of sessions, over their restarts."""

from __future__ import annotations

import re

from fleet_tui.model.text import one_line

_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_SCP = re.compile(r"^(?:[^@/\s]+@)?(\[[^\]]+\]|[^:/\s]+):(?!//)(.+)$")
_PORT = re.compile(r":\d+$")
_NOT_A_NAME = re.compile(r"[^a-z0-9._-]+")


def normal_repo(remote: str) -> str:
    """Return `host/owner/name` of a git remote's URL, empty when it names no other machine.

    User, password, port, `.git` and the scheme are left out, letters of the host are folded, so
    that clones by SSH and by HTTPS are one repository. A secret in the URL never gets out.
    """
    text = remote.strip()
    scheme = _SCHEME.match(text)
    if scheme is not None:
        if scheme[0].lower() == "file://":
            return ""
        authority, _, path = text[scheme.end() :].partition("/")
        host = _PORT.sub("", authority.rpartition("@")[2])
    elif (scp := _SCP.match(text)) is not None:
        host, path = scp[1], scp[2]
    else:
        return ""
    path = re.sub(r"/+", "/", path).strip("/").removesuffix(".git").strip("/")
    if not host or not path:
        return ""
    return one_line(f"{host.lower()}/{path}", 200)


def slug(text: str, limit: int = 40) -> str:
    """Return `text` as a part of a name: lower case, without spaces; empty when nothing is left."""
    return _NOT_A_NAME.sub("-", one_line(text, 200).lower()).strip("-.")[:limit].strip("-.")


def session_name(given: str, cwd: str, agent: str, session: str) -> str:
    """Return the durable name of a session, without its host.

    A name that a person gave it stays; otherwise it is the folder's, with the beginning of the
    session's id: both survive a restart, process ids and derived names do not.
    """
    if own := slug(given):
        return own
    folder = slug(cwd.rstrip("/\\").replace("\\", "/").rpartition("/")[2], 24)
    return "-".join(part for part in (folder or agent, slug(session)[:4]) if part)
