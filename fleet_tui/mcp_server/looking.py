"""The tools that look: hosts, runs, the queue, notices, heartbeats. They change nothing."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fleet_tui.mcp_server.catalogue import LONGEST_WAIT, MOST_LINES, MOST_ROWS
from fleet_tui.model.errors import FleetError, UsageError
from fleet_tui.model.run_filter import parse_filter, with_hosts
from fleet_tui.model.target import resolve
from fleet_tui.model.text import one_line, sanitize

if TYPE_CHECKING:
    from fleet_tui.fleet import Fleet
    from fleet_tui.mcp_server.arguments import Arguments
    from fleet_tui.model.run import Run

ANSWER_LIMIT = 16_000
"""Characters of a final answer; run_output has the rest."""
OUTPUT_LIMIT = 60_000
ASK_SECONDS = 20.0
LOOK_SECONDS = 0.5


class Looking:
    """Answers what an agent wants to know."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet

    async def list_hosts(self, given: Arguments) -> Any:
        """Return what is known of hosts."""
        fleet = self._fleet
        names = resolve(given.text("target", "all"), fleet.config.hosts)
        problems: dict[str, str] = {}
        if given.flag("ask"):
            said = await asyncio.gather(*(self._ask(name) for name in names))
            problems = {name: why for name, why in zip(names, said, strict=True) if why}
        return [self._host(name, problems.get(name, "")) for name in names]

    async def list_runs(self, given: Arguments) -> Any:
        """Return runs that fit a filter."""
        now = self._fleet.clock.time()
        wanted = with_hosts(parse_filter(given.text("filter"), now), self._fleet.config.hosts)
        found = self._fleet.store.history(wanted, given.whole("limit", 20, MOST_ROWS))
        return [{**run_fields(past.run), "prompt": one_line(past.prompt, 200)} for past in found]

    async def run_status(self, given: Arguments) -> Any:
        """Return how a run stands, after its end when it comes in time."""
        run = self.find(given.needed("run"))
        left = min(given.amount("wait_seconds") or 0.0, LONGEST_WAIT)
        while run.is_open and left > 0:
            await asyncio.sleep(min(LOOK_SECONDS, left))
            left -= LOOK_SECONDS
            run = self.find(run.id)
        answer = sanitize(self._fleet.store.answer(run.id))
        return {
            **run_fields(run),
            "prompt": one_line(self._fleet.archive.prompt_of(run), 500),
            "answer": answer[:ANSWER_LIMIT],
            "answer_is_cut": len(answer) > ANSWER_LIMIT,
        }

    async def run_output(self, given: Arguments) -> Any:
        """Return lines of a run's output."""
        run = self.find(given.needed("run"))
        source = self._fleet.archive.lines(run.id)
        count = given.whole("lines", 100, MOST_LINES)
        total = source.count
        first = given.whole("first_line", max(0, total - count), 1 << 40)
        lines: list[str] = []
        room = OUTPUT_LIMIT
        for line in source.read(first, count):
            if len(line.text) > room:
                lines += [line.text[:room]] if not lines else []
                break
            room -= len(line.text)
            lines.append(line.text)
        return {
            "run": run.id,
            "state": run.state,
            "first_line": first,
            "next_line": first + len(lines),
            "lines_total": total,
            "lines": lines,
        }

    async def queue_list(self, _given: Arguments) -> Any:
        """Return the queue's tasks and workers."""
        view = await self._fleet.parts.queue.look()
        return {
            "place": view.place,
            "counts": dict(view.counts),
            "stalled": list(view.stalled),
            "tasks": [
                {
                    "name": row.name,
                    "state": row.state,
                    "title": row.title,
                    "age_seconds": row.age,
                    "owner": row.owner,
                    "attempt": row.attempt,
                    "run": row.run,
                    "reason": row.reason,
                }
                for row in view.rows[:MOST_ROWS]
            ],
            "workers": [{"name": w.name, "host": w.host, "state": w.state} for w in view.workers],
        }

    async def notices(self, given: Arguments) -> Any:
        """Return the newest notices."""
        outbox = self._fleet.parts.notices.outbox
        recent = await asyncio.to_thread(outbox.recent, given.whole("limit", 20, MOST_ROWS))
        return [
            {
                "id": notice.id,
                "at": notice.at,
                "severity": notice.severity,
                "event": notice.event,
                "source": notice.source,
                "text": notice.text,
                "acknowledged": acknowledged_at is not None,
            }
            for notice, acknowledged_at, _ in recent
        ]

    async def heartbeats(self, _given: Arguments) -> Any:
        """Return every heartbeat; one look alone calls nobody dead."""
        beats = self._fleet.parts.beats
        view = await beats.look()
        if any(pulse.state in ("suspect", "new") for pulse in view.pulses):
            await asyncio.sleep(beats.limits.look_every)
            view = await beats.look()
        return {
            "stale_after_seconds": view.stale_after,
            "problems": list(view.problems),
            "heartbeats": [
                {
                    "name": pulse.name,
                    "kind": pulse.kind,
                    "host": pulse.host,
                    "state": pulse.state,
                    "age_seconds": round(pulse.silent_for, 1),
                    "holds": list(pulse.doing),
                }
                for pulse in view.pulses
            ],
        }

    def find(self, name: str) -> Run:
        """Return the one run whose id ends so; raises UsageError."""
        found = self._fleet.store.runs_named(name.removeprefix("r-").upper())
        if len(found) != 1:
            what = "no run" if not found else f"{len(found)} runs"
            raise UsageError(f"{what} with id {one_line(name, 40)}", mend="see list_runs")
        task = self._fleet.task(found[0].id)
        return task.run if task is not None else found[0]

    async def _ask(self, host: str) -> str:
        try:
            async with asyncio.timeout(ASK_SECONDS):
                await self._fleet.probe(host)
        except FleetError as error:
            return str(error)
        except TimeoutError:
            return f"{host}: no answer within {ASK_SECONDS:g} s"
        return ""

    def _host(self, name: str, problem: str) -> dict[str, Any]:
        fleet = self._fleet
        host, status, facts = fleet.config.host(name), fleet.link(name), fleet.facts(name)
        now = fleet.clock.time()
        return {
            "host": name,
            "roles": sorted(host.roles),
            "groups": list(host.groups),
            "state": status.state,
            "problem": problem or status.reason,
            "system": facts.system if facts else None,
            "agents": {k: v.version for k, v in facts.agents.items()} if facts else None,
            "disk_free_bytes": facts.disk_free_bytes if facts else None,
            "facts_age_seconds": round(now - facts.probed_at) if facts else None,
        }


def run_fields(run: Run) -> dict[str, Any]:
    """Return a run as tools show it."""
    begun, ended = run.started_at, run.finished_at
    run = replace(run, reason=one_line(run.reason, 300))
    return {
        "run": run.id,
        "dispatch": run.dispatch,
        "host": run.host,
        "agent": run.agent,
        "mode": run.mode,
        "state": run.state,
        "outcome": run.outcome,
        "reason": run.reason,
        "cost_usd": run.cost_usd,
        "created_at": run.created_at,
        "seconds": None if begun is None or ended is None else round(ended - begun, 3),
    }
