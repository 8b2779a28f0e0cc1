"""What an operator orders of the queue; screen and command line call the same."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fleet_tui.journal.entry import LogEntry
from fleet_tui.model.errors import FleetError, UsageError
from fleet_tui.model.queue_view import AttemptView, TaskDetail, TaskRow
from fleet_tui.model.task import MAX_PRIORITY, TASK_STATES, NoSuchTask, TaskTextError
from fleet_tui.model.text import one_line, sanitize
from fleet_tui.queue.picture import task_row
from fleet_tui.queue.report import judge_ends
from fleet_tui.queue.signing import NAMESPACE, with_identity
from fleet_tui.queue.store import Draft
from fleet_tui.transport.sshsig import sign

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

    from fleet_tui.journal.entry import FieldValue
    from fleet_tui.model.queue_control import Place
    from fleet_tui.model.task import StoredResult, TaskEntry, TaskState
    from fleet_tui.queue.attempt import Bench
    from fleet_tui.queue.ledger import Attempt
    from fleet_tui.queue.report import Report

VALID_SECONDS = 7 * 86_400.0
"""How long a signature holds unless something else is said."""
REPORTED = 1_000
NAMED = 20
"""How many tasks of one order the log names; it counts the others."""
ENDED: tuple[TaskState, ...] = ("done", "failed", "cancelled", "quarantined")


def no_passphrase(_path: str) -> None:
    """Ask nobody."""
    return


class Orders:
    """All orders to one queue. Each raises QueueError, NoSuchTask and their like."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._store = bench.store

    async def add(
        self, drafts: Sequence[Draft], *, key: Path | None = None, valid: float = VALID_SECONDS,
        passphrase: Callable[[str], str | None] = no_passphrase,
    ) -> list[str]:  # fmt: skip
        """Put tasks on the queue, signed with `key` if one is given; returns their names."""
        if key is not None:
            drafts = [await self._signed(draft, key, valid, passphrase) for draft in drafts]
        names = await self._store.add(drafts)
        await self.note("add", names)
        return names

    async def retry(self, names: Sequence[str]) -> list[str]:
        """Put ended tasks back to pending; returns the names they have now."""
        await self.note("retry", names)
        return [await self._store.retry(name) for name in names]

    async def cancel(self, names: Sequence[str], reason: str = "") -> int:
        """End tasks that have not ended; a run of ours that carries one out is ended too."""
        runs = {attempt.name: attempt.run for attempt in await self._open_attempts()}
        why = reason or f"cancelled by {self._bench.context.by}"
        await self.note("cancel", names, reason=reason or None)
        count = await self._each(names, lambda name: self._store.cancel(name, reason=why))
        mine = [runs[name] for name in names if name in runs]
        if mine and self._bench.context.cancel is not None:
            await self._bench.context.cancel(mine)
        return count

    async def take_back(self, names: Sequence[str], reason: str = "") -> int:
        """Take running tasks from their owners."""
        why = reason or f"taken back by {self._bench.context.by}"
        await self.note("take-back", names, reason=reason or None)
        return await self._each(names, lambda name: self._store.take_back(name, reason=why))

    async def hold(self, names: Sequence[str]) -> int:
        """Keep pending tasks from being taken."""
        await self.note("hold", names)
        return await self._each(names, self._store.hold)

    async def unhold(self, names: Sequence[str]) -> int:
        """Let held tasks be taken."""
        await self.note("unhold", names)
        return await self._each(names, self._store.unhold)

    async def set_priority(self, names: Sequence[str], priority: int | None) -> int:
        """Set the priority in force; None: what the task itself says."""
        await self.note("priority", names, priority=priority)
        return await self._each(names, lambda name: self._store.set_priority(name, priority))

    async def reorder(self, names: Sequence[str], place: Place) -> int:
        """Put tasks before or behind all others that wait."""
        listing = await self._store.listing(("pending", "held"))
        others = [e.priority for e in listing.entries if e.name not in set(names)]
        if place == "first":
            priority = min(MAX_PRIORITY, max(others, default=0) + 1)
        else:
            priority = max(-MAX_PRIORITY, min(others, default=0) - 1)
        return await self.set_priority(names, priority)

    async def edit(self, name: str, text: str) -> None:
        """Replace a task's text; a signature it had is gone."""
        await self.note("edit", [name])
        await self._store.edit(name, text.encode("utf-8", "surrogateescape"))

    async def sign(
        self, names: Sequence[str], key: Path, *, valid: float = VALID_SECONDS,
        passphrase: Callable[[str], str | None] = no_passphrase,
    ) -> int:  # fmt: skip
        """Sign pending or held tasks, with an id and an expiry inside what is signed."""
        await self.note("sign", names)
        for name in names:
            task = await self._store.read(name)
            signed = await self._signed(Draft(task.text, name), key, valid, passphrase)
            await self._store.edit(name, signed.text, signature=signed.signature)
        return len(names)

    async def report(self) -> Report:
        """Judge every ended task."""
        listing = await self._store.listing(ENDED, limit=REPORTED)
        pairs: list[tuple[TaskEntry, list[StoredResult]]] = []
        for entry in listing.entries:
            stored = [] if entry.state == "quarantined" else await self._store.results(entry.name)
            pairs.append((entry, stored))
        return judge_ends(listing, pairs)

    async def detail(self, name: str) -> TaskDetail:
        """Return everything known of a task; raises NoSuchTask."""
        entry = await self.find(name)
        stored = await self._store.results(entry.name)
        attempts, row = await self._attempts(entry, stored)
        committed = next((s for s in stored if s.state is not None or s.is_foreign), None)
        result = sanitize(committed.result.text) if committed else ""
        try:
            task = await self._store.read(entry.name)
        except TaskTextError as error:
            return TaskDetail(row, "", "", None, "", attempts, result, problem=str(error))
        now = self._bench.context.clock.time()
        verdict = await asyncio.to_thread(self._bench.inspector.verdict, task, now)
        if verdict.holds:
            signature = f"valid, by {verdict.signer}"
        elif verdict.fault == "replayed" and entry.state in ("running", "done"):
            signature = f"was valid, by {verdict.signer}; spent on this task"
        else:
            signature = f"{verdict.fault}: {verdict.why}"
        return TaskDetail(
            row,
            sanitize(task.text.decode("utf-8", "replace")),
            sanitize(task.prompt),
            task.options,
            signature,
            attempts,
            result,
        )

    async def find(self, name: str) -> TaskEntry:
        """Return a task's entry by its name, or by a part of it that only one has."""
        wanted = name.removesuffix(".md")
        listing = await self._store.listing(TASK_STATES, limit=REPORTED)
        exact = [e for e in listing.entries if e.name == wanted]
        found = exact or [e for e in listing.entries if wanted and wanted in e.name]
        if len({e.name for e in found}) == 1:
            return found[0]
        what = "no task" if not found else f"{len(found)} tasks"
        raise NoSuchTask(f"{what} called {one_line(name, 60)}", mend="see `fleet-tui queue list`")

    async def note(self, order: str, names: Sequence[str] = (), **told: FieldValue) -> None:
        """Write an order to fleet.log, before it is carried out; raises JournalError."""
        context = self._bench.context
        fields: dict[str, FieldValue] = {"order": order, "by": context.by}
        if names:
            fields |= {"tasks": _listed(names), "count": len(names)}
        fields |= {key: value for key, value in told.items() if value is not None}
        await context.log.append([LogEntry("queue", fields)], durable=True)

    # --- inside -------------------------------------------------------------------------------

    async def _attempts(
        self, entry: TaskEntry, stored: Sequence[StoredResult]
    ) -> tuple[tuple[AttemptView, ...], TaskRow]:
        store = self._bench.context.store
        ours = await asyncio.to_thread(self._bench.ledger.of_task, entry.name)
        views: dict[str, AttemptView] = {}
        for item in ours:
            run = store.get_run(item.run)
            views[item.run] = AttemptView(
                item.number,
                item.host,
                run.state if run else "queued",
                item.run,
                run is not None,
                run.outcome or "" if run else "",
                run.reason if run else "",
                run.cost_usd if run else None,
                run.started_at if run else None,
                run.finished_at if run else None,
            )
        for end in stored:
            result = end.result
            known = views.get(result.run)
            state = end.state or "late"
            views[result.run or f"{result.host}.{result.attempt}"] = AttemptView(
                result.attempt,
                result.host,
                state,
                result.run,
                known.is_here if known else False,
                result.outcome or "",
                result.reason,
                result.cost_usd,
                result.started_at,
                result.finished_at,
            )
        live = ours[-1].run if ours and entry.state == "running" else ""
        row = task_row(entry, None, stored[0] if stored else None, live, store.get_run)
        return tuple(sorted(views.values(), key=lambda view: view.number)), row

    async def _signed(
        self, draft: Draft, key: Path, valid: float, passphrase: Callable[[str], str | None]
    ) -> Draft:
        context = self._bench.context
        expires = context.clock.time() + valid
        text = with_identity(draft.text, context.new_id("t"), expires)
        armor = await asyncio.to_thread(sign, key, text, NAMESPACE, passphrase=passphrase)
        return Draft(text, draft.name, armor.encode("ascii"))

    async def _open_attempts(self) -> Sequence[Attempt]:
        return await asyncio.to_thread(self._bench.ledger.open_attempts)

    async def _each(self, names: Sequence[str], act: Callable[[str], Awaitable[None]]) -> int:
        """Do it to each; those that cannot be are told together, the others are done."""
        problems: list[FleetError] = []
        for name in names:
            try:
                await act(name)
            except (NoSuchTask, UsageError) as error:
                problems.append(error)
        if problems:
            done = len(names) - len(problems)
            more = f" (and {len(problems) - 1} more; {done} were done)" if len(names) > 1 else ""
            raise UsageError(f"{problems[0]}{more}")
        return len(names)


def _listed(names: Sequence[str]) -> str:
    more = len(names) - NAMED
    return ",".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")
