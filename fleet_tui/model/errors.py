"""Every error a user can meet: one sentence, where it happened, and the next step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

ConnectFault = Literal[
    "dns",
    "refused",
    "connect-timeout",
    "throttled",
    "hostkey-unknown",
    "hostkey-changed",
    "hostkey-revoked",
    "no-common-algorithm",
    "auth",
    "key-unusable",
    "jump",
    "channel-limit",
    "lost",
    "silent",
    "not-ssh",
    "other",
]
"""Why a host could not be reached or was lost."""

NEVER_RETRIED: frozenset[ConnectFault] = frozenset(
    {
        "hostkey-unknown",
        "hostkey-changed",
        "hostkey-revoked",
        "no-common-algorithm",
        "auth",
        "key-unusable",
    }
)
"""Faults that another attempt cannot mend, or (with a wrong key) makes worse."""


class FleetError(Exception):
    """What went wrong, where, and what mends it; printed as one line."""

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, where: str | None = None, mend: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.mend = mend

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        step = f" ({self.mend})" if self.mend else ""
        return " ".join(f"{place}{self.what}{step}".split())


class UsageError(FleetError):
    """The command line asks for something that does not exist."""

    exit_code = 2


class TargetError(UsageError):
    """A target expression that cannot be read."""


class EmptyTarget(TargetError):
    """A target expression that selects no host, or names some that do not exist."""

    exit_code = 3


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault in a file a person wrote."""

    file: str
    line: int | None
    key: str
    found: str
    allowed: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.key}: {self.found}; {self.allowed}"


class ConfigError(FleetError):
    """A configuration that cannot be used; carries every problem found, in file order."""

    exit_code = 2

    def __init__(self, problems: tuple[Problem, ...], *, mend: str | None = None) -> None:
        first = str(problems[0]) if problems else "no configuration"
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(f"{first}{more}", mend=mend)
        self.problems = problems


class Refused(FleetError):
    """A gate said no: nothing was started."""

    exit_code = 3


class Unreachable(FleetError):
    """A host that could not be reached, or was lost; `fault` is the class of reason."""

    exit_code = 4

    def __init__(
        self,
        what: str,
        *,
        host: str,
        fault: ConnectFault,
        mend: str | None = None,
    ) -> None:
        super().__init__(what, where=host, mend=mend)
        self.host = host
        self.fault: ConnectFault = fault

    @property
    def may_retry(self) -> bool:
        """True when a later attempt could succeed without anybody mending anything."""
        return self.fault not in NEVER_RETRIED


class JournalError(FleetError):
    """The audit log or the run store cannot be read or written; nothing is dispatched then."""
