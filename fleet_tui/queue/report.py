"""The morning after: finished tasks ranked by how much they need a person. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from fleet_tui.model.money import dollars
from fleet_tui.model.text import one_line, sanitize

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fleet_tui.model.run import Outcome
    from fleet_tui.model.task import Listing, StoredResult, TaskEntry

Rank = Literal["failed", "needs a human", "fine"]
RANKS: tuple[Rank, ...] = ("failed", "needs a human", "fine")

_NEEDS: frozenset[Outcome] = frozenset({"denied", "max-turns", "budget"})
_CALLS = ("alert", "needs a human", "needs a person", "please decide", "blocked:", "question:")
"""What an answer that calls for a person begins a line with, in lower case."""
EXCERPT = 240


@dataclass(frozen=True, slots=True)
class Finding:
    """One finished task, judged."""

    name: str
    rank: Rank
    why: str
    excerpt: str = ""
    host: str = ""
    attempt: int = 0
    cost_usd: float | None = None
    finished_at: float | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """All of them, the worst first, and what is still to do."""

    findings: tuple[Finding, ...]
    unfinished: int = 0

    def of(self, rank: Rank) -> tuple[Finding, ...]:
        """Return those of one rank."""
        return tuple(finding for finding in self.findings if finding.rank == rank)

    @property
    def cost_usd(self) -> float:
        """What those with a known cost came to."""
        return sum(finding.cost_usd or 0.0 for finding in self.findings)

    @property
    def summary(self) -> str:
        """One sentence."""
        counts = ", ".join(f"{len(self.of(rank))} {rank}" for rank in RANKS)
        rest = f"; {self.unfinished} not finished" if self.unfinished else ""
        first = next((f for f in self.findings if f.rank != "fine"), None)
        worst = f"; look first at {first.name}: {first.why}" if first else ""
        return f"{counts} ({dollars(self.cost_usd)}){rest}{worst}"


def judge_ends(
    listing: Listing, results: Iterable[tuple[TaskEntry, Sequence[StoredResult]]]
) -> Report:
    """Rank finished tasks: failed first, then what needs a person, then what is fine."""
    findings = [_finding(entry, stored) for entry, stored in results]
    findings.sort(key=lambda f: (RANKS.index(f.rank), -(f.finished_at or 0.0), f.name))
    counts = listing.counts
    unfinished = sum(counts.get(state, 0) for state in ("pending", "held", "running"))
    return Report(tuple(findings), unfinished)


def _finding(entry: TaskEntry, stored: Sequence[StoredResult]) -> Finding:
    kept = next((item for item in stored if item.state is not None or item.is_foreign), None)
    if kept is None:
        rank: Rank = "needs a human" if entry.state == "quarantined" else "failed"
        why = entry.reason or ("it has no result" if entry.state == "done" else entry.state)
        return Finding(entry.name, rank, one_line(why, 300), attempt=entry.attempt)
    result = kept.result
    rank, why = _judge(entry, result.outcome, result.text, result.reason)
    return Finding(
        entry.name,
        rank,
        one_line(why, 300),
        one_line(result.text, EXCERPT),
        one_line(result.host, 80),
        result.attempt or entry.attempt,
        result.cost_usd,
        result.finished_at,
    )


def _judge(entry: TaskEntry, outcome: Outcome | None, text: str, reason: str) -> tuple[Rank, str]:
    if entry.state == "quarantined":
        return "needs a human", entry.reason or "set aside"
    if outcome in _NEEDS:
        return "needs a human", reason or {
            "denied": "it finished, but something was denied it",
            "max-turns": "it ran out of turns",
            "budget": "it ran into its budget",
        }.get(str(outcome), str(outcome))
    if entry.state in ("failed", "cancelled"):
        return "failed", reason or entry.reason or entry.state
    call = _call_for_a_person(text)
    if call:
        return "needs a human", call
    if not text.strip():
        return "needs a human", "its answer is empty"
    return "fine", "done"


def _call_for_a_person(text: str) -> str:
    for line in text.splitlines():
        words = line.strip().lstrip("*#>-_ ").lower()
        if words.startswith(_CALLS):
            return line.strip()
    return ""


def markdown(report: Report) -> str:
    """Return the report for people to read, and for agents."""
    lines = ["# Queue report", "", report.summary, ""]
    for rank in RANKS:
        findings = report.of(rank)
        if not findings:
            continue
        lines += [f"## {rank.capitalize()} ({len(findings)})", ""]
        lines += [_line(finding) for finding in findings]
        lines.append("")
    return sanitize("\n".join(lines))


def _line(finding: Finding) -> str:
    facts = [finding.host, f"try {finding.attempt}" if finding.attempt > 1 else ""]
    facts.append("" if finding.cost_usd is None else dollars(finding.cost_usd))
    told = ", ".join(fact for fact in facts if fact)
    about = f" ({told})" if told else ""
    said = f"\n  > {finding.excerpt}" if finding.excerpt else ""
    why = "" if finding.rank == "fine" else f": {finding.why}"
    return f"- **{finding.name}**{about}{why}{said}"
