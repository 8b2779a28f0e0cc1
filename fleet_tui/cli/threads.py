"""`fleet-tui threads`: the conversations that agents keep on their hosts."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from fleet_tui.cli.console import ago, complain, emit, say, table
from fleet_tui.cli.context import open_fleet, run_async
from fleet_tui.model.errors import UsageError
from fleet_tui.model.target import resolve
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from fleet_tui.model.threads import HostHits, HostThreads, Said, Thread

MARKS = {"user": ">", "assistant": " ", "tool": "$", "result": "|"}


def add_commands(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare `threads`."""
    parser = commands.add_parser(
        "threads",
        help="list or search the conversations agents keep on hosts, or show one",
        usage="fleet-tui threads [TARGET] [--search TEXT]\n"
        "       fleet-tui threads show HOST SESSION [--tail N]",
    )
    parser.add_argument("words", nargs="*", metavar="TARGET", help="only these hosts")
    parser.add_argument("--search", metavar="TEXT", help="where this was said, in any case")
    parser.add_argument("--limit", type=int, default=20, metavar="N", help="threads of a host")
    parser.add_argument("--tail", type=int, default=40, metavar="N", help="show the last N")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.set_defaults(handler=threads_command)


def threads_command(options: argparse.Namespace) -> int:
    """List, search or show; exit 4 when a host could not be asked."""
    words = options.words
    if options.limit < 1 or options.tail < 1:
        raise UsageError("--limit and --tail take a number from 1")
    if words[:1] == ["show"]:
        if len(words) != 3:
            raise UsageError("show takes a host and a session", mend="threads show HOST SESSION")
        return run_async(_show(options, words[1], words[2]))
    if len(words) > 1:
        raise UsageError(f"one target, not {len(words)}", mend="join them with a comma")
    target = words[0] if words else "all"
    if options.search is not None:
        return run_async(_search(options, target))
    return run_async(_list(options, target))


async def _list(options: argparse.Namespace, target: str) -> int:
    async with open_fleet(options) as fleet:
        names = resolve(target, fleet.config.hosts)
        found = await fleet.parts.threads.list(names, options.limit)
    now = time.time()
    if options.json:
        for one in found:
            for thread in one.threads:
                emit("thread", thread.changed_at, **thread_fields(thread))
        _emit_hosts(found, now)
    else:
        _print_list(found, now)
    return 4 if any(one.problem for one in found) else 0


def _print_list(found: Sequence[HostThreads], now: float) -> None:
    threads = [thread for one in found for thread in one.threads]
    if threads:
        head = ("host", "agent", "session", "age", "size", "branch", "folder", "first prompt")
        table([_row(thread, now) for thread in threads], head)
    elif not any(one.problem for one in found):
        say("no threads there yet")
    for one in found:
        if one.total > len(one.threads):
            complain(
                f"{one.host}: {one.total - len(one.threads)} older threads; --limit shows more"
            )
        _complain_of(one)


def _row(thread: Thread, now: float) -> tuple[str, ...]:
    return (
        thread.host,
        thread.agent,
        thread.session[:13],
        ago(now - thread.changed_at),
        size_of(thread.size),
        one_line(thread.branch, 20),
        one_line(thread.folder, 30),
        one_line(thread.title, 50),
    )


async def _search(options: argparse.Namespace, target: str) -> int:
    async with open_fleet(options) as fleet:
        names = resolve(target, fleet.config.hosts)
        found = await fleet.parts.threads.search(names, options.search)
    now = time.time()
    for one in found:
        for hit in one.hits:
            if options.json:
                words = [{"by": said.speaker, "text": said.text} for said in hit.said]
                fields = thread_fields(hit.thread)
                emit("thread-found", hit.thread.changed_at, **fields, said=words)
            else:
                thread = hit.thread
                age = ago(now - thread.changed_at)
                say(f"{thread.host}  {thread.agent}  {thread.session}  {age}  {thread.title}")
                for said in hit.said:
                    say(f"  {MARKS[said.speaker]} {said.text}")
    if options.json:
        _emit_hosts(found, now)
    else:
        if not any(one.hits for one in found):
            say(f"nobody said {one_line(options.search, 60)!r} there")
        for one in found:
            if one.cut:
                complain(f"{one.host}: {one.cut}")
            _complain_of(one)
    return 4 if any(one.problem for one in found) else 0


async def _show(options: argparse.Namespace, host: str, session: str) -> int:
    async with open_fleet(options) as fleet:
        (name,) = resolve(host, fleet.config.hosts)[:1]
        page = await fleet.parts.threads.read(name, session, options.tail)
    thread = page.thread
    if options.json:
        emit("thread", thread.changed_at, **thread_fields(thread), cut=page.is_cut)
        for said in page.said:
            emit("said", thread.changed_at, by=said.speaker, at=said.at, text=said.text)
        return 0
    for said in page.said:
        _print_said(said)
    sys.stdout.flush()
    more = "; there is more before it (--tail N)" if page.is_cut else ""
    complain(f"{thread.session} of {thread.agent} in {thread.folder or '?'} on {name}{more}")
    return 0


def _print_said(said: Said) -> None:
    mark = MARKS[said.speaker]
    for line in said.text.split("\n"):
        say(f"{mark} {line}".rstrip())
    say()


def _emit_hosts(found: Sequence[HostThreads | HostHits], now: float) -> None:
    for one in found:
        emit(
            "threads-of-host",
            now,
            host=one.host,
            problem=one.problem,
            broken_lines=one.broken_lines,
            cut=getattr(one, "cut", ""),
            total=getattr(one, "total", getattr(one, "searched", 0)),
        )


def _complain_of(one: HostThreads | HostHits) -> None:
    if one.problem:
        complain(one.problem if one.problem.startswith(one.host) else f"{one.host}: {one.problem}")
    if one.broken_lines:
        complain(f"{one.host}: {one.broken_lines} lines could not be read and were passed over")


def thread_fields(thread: Thread) -> dict[str, object]:
    """Return a thread as the JSON contract names its parts."""
    return {
        "host": thread.host,
        "agent": thread.agent,
        "session": thread.session,
        "path": thread.path,
        "bytes": thread.size,
        "changed_at": thread.changed_at,
        "folder": thread.folder,
        "branch": thread.branch,
        "title": thread.title,
    }


def size_of(count: int) -> str:
    """Return bytes as people read them: `140 kB`."""
    if count < 1000:
        return f"{count} B"
    return f"{count / 1000:.0f} kB" if count < 1_000_000 else f"{count / 1_000_000:.1f} MB"
