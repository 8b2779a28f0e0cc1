"""What the keys in the host's authorized_keys may do."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet_tui.health.doctor_authorized import AuthorizedEntry
    from fleet_tui.health.doctor_case import Case
    from fleet_tui.health.doctor_findings import Result

OUR_OPTIONS = "restrict,pty,port-forwarding"
"""What this program needs of a key: commands, a terminal for `attach`, tunnels; no agent
forwarding, no X11, no ~/.ssh/rc (sshd(8))."""
FORCED = 'restrict,command="/usr/local/bin/the-one-command"'


def check_authorized(case: Case) -> Iterator[Result]:
    """Judge our own keys and those of others."""
    if case.remote is None or case.host.connection == "local":
        return
    entries = case.remote.authorized
    if entries is None:
        yield case.unchecked("authorized-open", "its authorized_keys could not be found or read")
        return
    ours = set(case.answers.client.offered)
    for entry in entries:
        if entry.fingerprint in ours and not entry.is_confined:
            yield _our_key(case, entry)
    others = [entry for entry in entries if entry.fingerprint not in ours]
    if loose := [entry for entry in others if not entry.is_confined]:
        yield _other_keys(case, loose)


def _our_key(case: Case, entry: AuthorizedEntry) -> Result:
    joint = "," if entry.options else " "
    line = f"{OUR_OPTIONS}{joint}… {entry.kind} …{entry.tail} {entry.comment}".replace(" … ", " ")
    file = case.home_path(entry.file)
    return case.finding(
        "authorized-open",
        "note",
        f"our key in {entry.file}:{entry.line} is not restricted",
        why="whoever takes it may also forward agents and X11 there; runs, attaching and tunnels "
        f"need no more than: {line}",
        mend=case.on_host(f"sed -i.bak '{entry.line}s/^/{OUR_OPTIONS}{joint}/' {file}"),
    )


def _other_keys(case: Case, loose: list[AuthorizedEntry]) -> Result:
    first = loose[0]
    shown = ", ".join(
        f"line {entry.line} ({entry.comment or '…' + entry.tail})" for entry in loose[:4]
    )
    more = f" and {len(loose) - 4} more" if len(loose) > 4 else ""
    count = "one further key" if len(loose) == 1 else f"{len(loose)} further keys"
    return case.finding(
        "authorized-others",
        "note",
        f"{count} may do everything: {first.file} {shown}{more}",
        why="a key that a script or another machine uses for one thing should open only that: "
        f"{FORCED} {first.kind} …{first.tail}",
        mend=case.on_host(f"${{EDITOR:-vi}} {case.home_path(first.file)}", needs_terminal=True),
    )
