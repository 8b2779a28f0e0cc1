"""`fleet/role.toml` in the mirror's remote: the one place that says who leads."""

from __future__ import annotations

import tomllib

from fleet_tui.model.errors import FleetError
from fleet_tui.model.roles_view import RoleRecord
from fleet_tui.model.text import one_line

ROLE_PATH = "fleet/role.toml"
"""Its place in the repository."""

_HEAD = """\
# Who leads this fleet. Written by fleet-tui with each promotion, by a push that succeeds for one
# machine only. Do not edit it by hand: promote a host instead.
"""


def render(record: RoleRecord) -> str:
    """Return the file's text."""
    import tomli_w

    fields: dict[str, str | int] = {
        "primary": record.primary,
        "epoch": record.epoch,
        "since": record.since,
        "by": record.by,
        "plan": record.plan,
    }
    return _HEAD + tomli_w.dumps(fields)


def parse(text: str, *, where: str = ROLE_PATH) -> RoleRecord:
    """Return what the file says, sanitized; raises FleetError when it cannot be that file."""
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise _unreadable(str(error), where) from error
    primary, epoch = found.get("primary"), found.get("epoch")
    if not isinstance(primary, str) or not primary:
        raise _unreadable("it names no primary", where)
    if not isinstance(epoch, int) or isinstance(epoch, bool) or epoch < 1:
        raise _unreadable("its epoch is not a number above 0", where)
    since, by, plan = (one_line(str(found.get(key, "")), 200) for key in ("since", "by", "plan"))
    return RoleRecord(one_line(primary, 128), epoch, since, by, plan)


def _unreadable(why: str, where: str) -> FleetError:
    return FleetError(
        f"the role file cannot be read: {one_line(why)}",
        where=where,
        mend="restore it from the mirror's history: `git log -p fleet/role.toml`",
    )
