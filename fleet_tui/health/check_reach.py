"""Can the host be reached, is it who it says, and does it answer?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fleet_tui.model.errors import Unreachable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fleet_tui.health.doctor_case import Case
    from fleet_tui.health.doctor_findings import Result
    from fleet_tui.model.errors import ConnectFault

_WHY: Mapping[ConnectFault, str] = {
    "hostkey-unknown": "without a known key nobody can tell the host from an impostor, so nothing "
    "is sent to it",
    "hostkey-changed": "either the machine was set up anew or someone sits in between; until that "
    "is known nothing is sent to it",
    "hostkey-revoked": "its private key is in wrong hands, so anybody may pose as this host",
    "auth": "no run can start there; and after a few refused logins an sshd of OpenSSH 9.8 or "
    "later (PerSourcePenalties) turns this address away for a while, the right key too",
    "throttled": "logins come and go by chance: MaxStartups limits those under way at once, and "
    "PerSourcePenalties (OpenSSH 9.8 and later) or fail2ban punish refused ones",
    "key-unusable": "no run can start there while the key cannot be used without its passphrase",
    "no-common-algorithm": "no run can start there: the two ends share no way to encrypt",
    "channel-limit": "each run needs a session, and the host grants no further one",
}
_OTHERWISE = "no run can start there, and what ran there before is not followed"


def check_reach(case: Case) -> Iterator[Result]:
    """Tell what keeps us from the host, or from its answers."""
    error = case.answers.error
    if error is None:
        if case.answers.not_asked:
            yield case.unchecked("answers", case.answers.not_asked)
        elif case.remote is not None and not case.remote.is_whole:
            yield case.unchecked("answers", "the host's answer ended early; the rest is not known")
        return
    if isinstance(error, Unreachable):
        why = _WHY.get(error.fault, _OTHERWISE)
        id = error.fault if error.fault.startswith("hostkey-") else f"unreachable-{error.fault}"
        mend = error.mend or f"see `{case.answers.client.ssh or 'ssh ' + case.host.name} -v true`"
    else:
        id, why = "no-answer", "what does not answer a command cannot run an agent either"
        mend = error.mend or case.on_host("sh -c true")
    yield case.finding(id, "error", error.what, why=why, mend=re.sub(r"\s+", " ", mend))
    yield case.unchecked("answers", "it was not reached" if id != "no-answer" else error.what)
