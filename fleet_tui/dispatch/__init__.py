"""Remote invocation: gate, fan-out, the life of a run, budgets, grouping of equal answers."""

from __future__ import annotations

from fleet_tui.dispatch.dispatcher import Dispatcher
from fleet_tui.dispatch.gate import GateCase, Refusal, refusal
from fleet_tui.dispatch.gather import gather

__all__ = ["Dispatcher", "GateCase", "Refusal", "gather", "refusal"]
