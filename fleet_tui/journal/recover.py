"""What a program that is gone left open, and how it is to be closed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, get_args

from fleet_tui.journal.openruns import open_runs
from fleet_tui.journal.owner import is_alive
from fleet_tui.model.run import AgentName, Mode, Run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from fleet_tui.journal.entry import LogLine
    from fleet_tui.journal.store import OwnedRun, RunStore

LEFT_OPEN = "the program that followed it is gone; it may still run there"

_AGENTS: dict[str, AgentName] = {name: name for name in get_args(AgentName)}
_MODES: dict[str, Mode] = {mode: mode for mode in get_args(Mode)}


@dataclass(frozen=True, slots=True)
class LeftOpen:
    """A run to be closed; `run` is its final record."""

    run: Run
    needs_line: bool
    """True when the audit log has its `dispatch` line and no closing one."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    found: OwnedRun | Run
    run: Run


def runs_to_close(
    log: Path, store: RunStore, data_dir: Path, owner: str, *, now: float
) -> list[LeftOpen]:
    """Return the runs that the caller must close in log and store, having taken them over.

    Runs of programs that still live are left alone. Two programs that start at once share the
    runs out between them. Raises JournalError.
    """
    in_log = open_runs(log)
    in_store = store.open_runs()
    known = store.owned(in_log)
    candidates = find_left_open(
        in_log,
        [*in_store, *known.values()],
        is_alive=lambda other: other == owner or is_alive(data_dir, other),
        now=now,
    )
    if not candidates:
        return []
    claimed = store.claim([candidate.found for candidate in candidates], owner)
    # again, and all of it: its owner may have closed a run, and ended, since we looked; and a run
    # of the store may have begun in a file older than those
    still_open = open_runs(log, is_whole=True)
    return [
        LeftOpen(candidate.run, candidate.run.id in still_open)
        for candidate in candidates
        if candidate.run.id in claimed
    ]


def find_left_open(
    in_log: Mapping[str, LogLine],
    known: Iterable[OwnedRun],
    *,
    is_alive: Callable[[str], bool],
    now: float,
) -> list[_Candidate]:
    """Return runs open in the log or the store whose owner is gone or unknown."""
    alive: dict[str, bool] = {}
    owned = {item.run.id: item for item in known}
    found: list[_Candidate] = []
    for item in owned.values():
        if item.owner not in alive:
            alive[item.owner] = is_alive(item.owner)
        if not alive[item.owner]:
            found.append(_Candidate(item, _closed(item.run, now)))
    for identifier, line in in_log.items():
        if identifier not in owned:
            run = _closed(_from_line(identifier, line), now)
            found.append(_Candidate(run, run))
    return found


def _closed(run: Run, now: float) -> Run:
    """Return the final record: as the store has it, else lost."""
    if not run.is_open:
        return run
    return replace(run, state="lost", outcome="network", reason=LEFT_OPEN, finished_at=now)


def _from_line(identifier: str, line: LogLine) -> Run:
    return Run(
        id=identifier,
        dispatch=line.text("id"),
        host=line.text("host"),
        agent=_AGENTS.get(line.text("agent"), "shell"),
        mode=_MODES.get(line.text("mode"), "read"),
        created_at=line.time or 0.0,
    )
