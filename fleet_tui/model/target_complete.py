"""Completion of a target expression while it is typed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, get_args

from fleet_tui.model.host import Role

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fleet_tui.model.host import Host

_TOKEN_BORDER = ",&!() \t"
_COMPLETABLE = re.compile(r"[@%^]?[\w.:+-]*")


def token_start(prefix: str) -> int:
    """Return where the token at the end of `prefix` begins; brackets belong to their token."""
    start = 0
    depth = 0
    for index, char in enumerate(prefix):
        if char == "[":
            depth = 1
        elif char == "]":
            depth = 0
        elif char in _TOKEN_BORDER and not depth:
            start = index + 1
    return start


def complete(prefix: str, hosts: Sequence[Host]) -> tuple[str, ...]:
    """Return what the token at the end of `prefix` could become, whole tokens, best first.

    `prefix` is the expression up to the cursor; a completion replaces what `token_start` begins.
    Hosts come first, then `all`, `@groups`, `%roles` held by somebody, `^tiers`; a bare word finds
    those too. Nothing is offered where an operator belongs, inside brackets, or in a glob.
    """
    start = token_start(prefix)
    token = prefix[start:]
    before = prefix[:start]
    if not _COMPLETABLE.fullmatch(token) or not _expects_operand(before):
        return ()
    found = (
        candidate
        for candidate in _candidates(hosts)
        if candidate != token and _begins(candidate, token)
    )
    return tuple(dict.fromkeys(found))


def _begins(candidate: str, token: str) -> bool:
    """Return whether `token` begins the candidate, or its name after its `@`, `%` or `^`."""
    wanted = token.casefold()
    folded = candidate.casefold()
    return folded.startswith(wanted) or folded.lstrip("@%^").startswith(wanted)


def _expects_operand(before: str) -> bool:
    """Return whether a host, group or role may come after `before`."""
    last = before.rstrip()[-1:]
    return not last or last in ",&!("


def _candidates(hosts: Sequence[Host]) -> Iterator[str]:
    for host in hosts:
        yield host.name
    if hosts:
        yield "all"
    for host in hosts:
        for group in host.groups:
            yield f"@{group}"
    held = {role for host in hosts for role in host.roles}
    for role in get_args(Role):
        if role in held:
            yield f"%{role}"
    for host in hosts:
        if host.tier is not None:
            yield f"^{host.tier}"
