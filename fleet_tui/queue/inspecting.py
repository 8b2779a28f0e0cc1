"""Whether a task may be carried out at all: its signature, its age, what it asks for."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from fleet_tui.model.errors import FleetError
from fleet_tui.queue.signing import UNSIGNED, Verdict, judge, signed_part

if TYPE_CHECKING:
    from fleet_tui.model.task import Task
    from fleet_tui.queue.ledger import Ledger
    from fleet_tui.queue.signing import Signers


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found. `refusal` is one sentence, empty when the task may be carried out."""

    refusal: str = ""
    verdict: Verdict = UNSIGNED

    @property
    def is_vouched_for(self) -> bool:
        """True when a valid signature stands behind it."""
        return self.verdict.holds

    def replayed(self, why: str) -> Inspection:
        """Return the refusal of a task whose signature was used before."""
        return Inspection(f"replayed: {why}", _replayed(self.verdict, why))


class Inspector:
    """Judges tasks of one queue, by the allowed_signers file and the ledger."""

    def __init__(self, signers: Signers, ledger: Ledger, *, require_signature: bool) -> None:
        self._signers = signers
        self._ledger = ledger
        self._require_signature = require_signature

    def verdict(self, task: Task, now: float) -> Verdict:
        """Say what a task's signature is worth, replays included; changes nothing."""
        if task.signature is None:
            return UNSIGNED
        try:
            signers = self._signers.read()
        except FleetError as error:
            return Verdict("wrongly-signed", f"nobody's signature can be checked: {error}")
        armor = task.signature.decode("ascii", "replace")
        verdict = judge(task.text, armor, signers, now)
        if not verdict.holds:
            return verdict
        why = self._ledger.why_replayed(verdict.id, task.name, digest(task))
        return _replayed(verdict, why) if why else verdict

    def signed_id(self, task: Task) -> str:
        """Return the id whose signature a finished task has used up; empty for an unsigned one."""
        return (signed_part(task.text).id or "") if task.signature is not None else ""

    def admit(self, task: Task, now: float) -> Inspection:
        """Decide over a task that was claimed, and spend its signature on it. Raises JournalError.

        A signature that is there must hold, whether or not one is asked for.
        """
        verdict = self.verdict(task, now)
        if verdict.fault == "unsigned":
            if self._require_signature:
                return Inspection("it is not signed, and queue.require_signature is on", verdict)
            if task.options.mode == "write":
                why = "mode write needs a valid signature, and nobody signed it"
                return Inspection(why, verdict)
        elif not verdict.holds:
            return Inspection(f"{verdict.fault}: {verdict.why}", verdict)
        if task.options.mode == "unrestricted":
            return Inspection("mode unrestricted is never open to a task", verdict)
        if task.options.expires is not None and now >= task.options.expires:
            return Inspection("expired: its time is over", verdict)
        if verdict.holds:
            why = self._ledger.accept(verdict.id, task.name, digest(task), now)
            if why:
                return Inspection("", verdict).replayed(why)
        return Inspection("", verdict)


def digest(task: Task) -> str:
    """Return what names a task's exact text."""
    return sha256(task.text).hexdigest()


def _replayed(verdict: Verdict, why: str) -> Verdict:
    return Verdict("replayed", why, verdict.signer, verdict.id, verdict.expires)
