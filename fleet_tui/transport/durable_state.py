"""What a host says of a run in its keeping, and the errors that follow from it."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import Literal

from fleet_tui.model.errors import FleetError, Refused, Unreachable
from fleet_tui.model.text import one_line
from fleet_tui.transport.base import ExitStatus

RemoteState = Literal["running", "finished", "died", "rebooted", "never-started", "unknown"]
"""`died`: its wrapper is gone and left no status. `never-started`: a launch was cut before it."""

_STATES: dict[str, RemoteState] = {
    "running": "running",
    "exit": "finished",
    "died": "died",
    "rebooted": "rebooted",
    "never": "never-started",
    "unknown": "unknown",
}
_KILLED = 128
"""Shells report a signal as this and its number."""
_MINUTE = 60
_HOUR = 3600


class RunUnknown(FleetError):
    """The host cannot say how the run goes or ended; `fate` is what it does say."""

    def __init__(self, fate: RemoteState, what: str, *, where: str, mend: str) -> None:
        super().__init__(what, where=where, mend=mend)
        self.fate: RemoteState = fate


class NotUnderstood(FleetError):
    """The host's shell did something else than it was told; nothing was started."""


@dataclass(frozen=True, slots=True)
class RunFate:
    """A run as its host sees it."""

    state: RemoteState
    status: ExitStatus | None = None
    """How it ended, when it is finished."""
    output_was_cut: bool = False
    """True when the host could not store all of its output (a full disk, mostly)."""
    up_seconds: float | None = None
    """How long the host has been up, when it was restarted since the run began."""


def parse_fate(words: list[str]) -> RunFate:
    """Read what `look` in the host's programs prints; anything else is `unknown`."""
    state = _STATES.get(words[0] if words else "", "unknown")
    if state == "finished":
        return _finished(words[1:])
    if state == "rebooted":
        return RunFate(state, up_seconds=_number(words[1]) if len(words) > 1 else None)
    return RunFate(state)


def unknown_run(fate: RunFate, *, host: str, run: str) -> RunUnknown:
    """Return the error for a run that has no status and will get none."""
    mend = "look at its output, then retry it"
    if fate.state == "unknown":
        what = f"the host does not know run {run}: its folder is gone"
    elif fate.state == "never-started":
        what = f"run {run} never started there"
        mend = "retry it"
    elif fate.state == "rebooted":
        what = f"the host was restarted{_ago(fate.up_seconds)}; how run {run} ended is not known"
    else:
        what = f"what watched run {run} was killed on the host; how it ended is not known"
    return RunUnknown(fate.state, what, where=host, mend=mend)


def no_answer(status: ExitStatus, noise: str, *, host: str) -> FleetError:
    """Return the error for a channel that ended before the host said that a run is there."""
    said = f": {noise}" if noise else ""
    if status.code is not None and status.code < _KILLED:
        return NotUnderstood(
            f"the host's shell ended with status {status.code} instead of starting the run{said}",
            where=host,
            mend="look at its login scripts; a host without POSIX shell needs `shell` set",
        )
    reason = status.reason or "what was to start the run was killed"
    return Unreachable(f"{reason}, before the host answered{said}", host=host, fault="lost")


def launch_failure(words: list[str], noise: str, *, host: str, run: str) -> FleetError:
    """Return the error for a launch or follow that the host's program refused."""
    reason = words[0] if words else ""
    said = one_line(" ".join(words[1:])) or noise
    details = f": {said}" if said else ""
    if reason == "epoch":
        newest = one_line(" ".join(words[1:]), 20)
        return Refused(
            f"the host has seen epoch {newest}: another primary was promoted",
            where=host,
            mend="work from the new primary",
        )
    if reason in ("unknown", "never"):
        return unknown_run(parse_fate(words), host=host, run=run)
    if reason not in _FAILURES:
        return NotUnderstood(f"the host answered {reason!r}{details}", where=host)
    what, mend = _FAILURES[reason]
    return FleetError(f"{what}{details}", where=host, mend=mend)


_FAILURES = {
    "home": (
        "nothing says where a run's files may be kept: HOME and XDG_STATE_HOME are empty",
        "give the account a home folder, or set XDG_STATE_HOME for it",
    ),
    "folder": (
        "the folder for a run's files cannot be made",
        "make ~/.local/state writable and not full, or set XDG_STATE_HOME for the account",
    ),
    "disk": (
        "a run's files cannot be written",
        "free some disk space, or point XDG_STATE_HOME elsewhere",
    ),
    "fifo": (
        "the host cannot make FIFOs where a run's files are kept",
        "point XDG_STATE_HOME at a local file system",
    ),
    "stdin": (
        "the run's input did not arrive whole, so it was not started",
        "free some disk space on the host if it is full, then retry",
    ),
    "setsid": (
        "the host has none of setsid, perl and python3, so a run would die with the connection",
        "install util-linux or perl",
    ),
}


def _finished(words: list[str]) -> RunFate:
    numbers = [int(word) for word in words[:4] if word.isdigit()]
    if len(numbers) < 4:
        return RunFate("died")
    code, is_signal, *copies = numbers
    was_cut = any(0 < copy < 128 for copy in copies)
    if is_signal:
        return RunFate("finished", ExitStatus(signal=_signal_name(code - 128)), was_cut)
    return RunFate("finished", ExitStatus(code=code), was_cut)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name.removeprefix("SIG")
    except ValueError:
        return str(number)


def _number(word: str) -> float | None:
    try:
        return float(word)
    except ValueError:
        return None


def _ago(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if seconds < 2 * _MINUTE:
        return f" {seconds:.0f} s ago"
    if seconds < 2 * _HOUR:
        return f" {seconds / _MINUTE:.0f} min ago"
    return f" {seconds / _HOUR:.0f} h ago"
