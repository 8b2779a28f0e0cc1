"""The audit log (`fleet.log`, write-ahead, hash-chained) and the run store."""

from fleet_tui.journal.appender import Appender
from fleet_tui.journal.collect import Collected, collect_old
from fleet_tui.journal.entry import EVENTS, LogEntry, LogLine
from fleet_tui.journal.fleetlog import FleetLog
from fleet_tui.journal.openruns import open_runs
from fleet_tui.journal.owner import OwnerLock, is_alive, remove_stale_owners
from fleet_tui.journal.read import LogFilter, follow, read
from fleet_tui.journal.reader import SpoolReader
from fleet_tui.journal.recover import LeftOpen, runs_to_close
from fleet_tui.journal.redact import log_message, redact
from fleet_tui.journal.signing_in import SignedIn, sign_in
from fleet_tui.journal.spool import Spool, SpoolLimits
from fleet_tui.journal.store import OwnedRun, RunStore
from fleet_tui.journal.tail import tail_lines
from fleet_tui.journal.timeline import Timeline, TimelineReader
from fleet_tui.journal.verify import VerifyResult, verify

__all__ = [
    "EVENTS",
    "Appender",
    "Collected",
    "FleetLog",
    "LeftOpen",
    "LogEntry",
    "LogFilter",
    "LogLine",
    "OwnedRun",
    "OwnerLock",
    "RunStore",
    "SignedIn",
    "Spool",
    "SpoolLimits",
    "SpoolReader",
    "Timeline",
    "TimelineReader",
    "VerifyResult",
    "collect_old",
    "follow",
    "is_alive",
    "log_message",
    "open_runs",
    "read",
    "redact",
    "remove_stale_owners",
    "runs_to_close",
    "sign_in",
    "tail_lines",
    "verify",
]
