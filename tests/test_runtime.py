from __future__ import annotations

import os
import queue
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from fleet_tui.model.audit_control import LogQuestion
from fleet_tui.model.errors import EmptyTarget, FleetError, JournalError, UsageError
from fleet_tui.model.events import DispatchFinished, NoticeRaised, OutputArrived
from fleet_tui.model.host import Host
from fleet_tui.model.request import DispatchRequest
from fleet_tui.runtime import CoreThread
from tests.support.stage import fleet_file

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fleet_tui.model.control import Changes
    from fleet_tui.model.events import Event

PATIENCE = 60
HERE = Host("here", connection="local", roles=frozenset({"primary"}))


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs on this machine leave their files in a home of their own."""
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "home" / "state"))
    monkeypatch.setenv("SHELL", "/bin/sh")


@contextmanager
def core_of(folder: Path) -> Iterator[CoreThread]:
    core = CoreThread(fleet_file(folder, [HERE]))
    try:
        yield core
    finally:
        core.stop()


def events_of(core: CoreThread) -> queue.SimpleQueue[Event]:
    """Return a queue of what the bus says from now on."""
    heard: queue.SimpleQueue[Event] = queue.SimpleQueue()
    core._fleet.bus.subscribe(heard.put)
    return heard


def until(heard: queue.SimpleQueue[Event], kind: type[Event]) -> Event:
    """Return the next event of this kind."""
    while not isinstance(event := heard.get(timeout=PATIENCE), kind):
        pass
    return event


def published(core: CoreThread) -> Changes:
    """Return what the core's board has to show by now."""

    async def publish() -> None:
        assert core._board is not None
        core._board.publish()

    core._call(publish()).result(PATIENCE)
    return core.drain()


def shell(command: str, target: str = "all") -> DispatchRequest:
    return DispatchRequest(target, command, agent="shell")


def test_a_dispatch_from_another_thread_is_carried_out_on_the_cores(tmp_path: Path) -> None:
    with core_of(tmp_path) as core:
        core.start().result(PATIENCE)
        threads: set[str] = set()
        core._fleet.bus.subscribe(lambda _: threads.add(threading.current_thread().name))
        heard = events_of(core)
        identifier = core.dispatch(shell("seq 3")).result(PATIENCE)
        until(heard, DispatchFinished)
        assert threads == {"fleet-core"}
        (view,) = core.recent().result(PATIENCE)
        assert view.dispatch.id == identifier
        (run,) = view.run_ids
        lines = core.lines(run)
        assert [line.text for line in lines.read(0, lines.count)] == ["1", "2", "3"]
        assert core.timeline(identifier).rows == 3
        assert [group.hosts for group in core.gather(identifier).result(PATIENCE)] == ["here"]
        assert core.prompt_history().result(PATIENCE) == ("seq 3",)
        page = core.audit.page(LogQuestion(), 10).result(PATIENCE)
        assert [line.split()[1] for line in page.lines] == ["dispatch", "result"]
        changes = core.drain()
        assert changes.runs[run].run.state == "succeeded"
        assert changes.runs[run].lines == 3
        assert changes.dispatches[identifier].run_ids == (run,)


def test_the_first_drain_shows_the_fleet_before_anything_connects(tmp_path: Path) -> None:
    with core_of(tmp_path) as core:
        core.start().result(PATIENCE)
        changes = core.drain()
        assert changes.fleet is not None
        assert (changes.fleet.this_host, changes.fleet.role) == ("here", "primary")
        assert changes.hosts["here"].link.state == "unknown"
        assert core.drain().is_empty


def test_what_is_asked_before_it_is_open_is_done_when_it_is(tmp_path: Path) -> None:
    with core_of(tmp_path) as core:
        assert "being opened" in core.preview(shell("true")).problem
        heard = events_of(core)
        asked = core.dispatch(shell("true"))
        core.start()
        assert asked.result(PATIENCE).startswith("d-")
        until(heard, DispatchFinished)
        assert core.preview(shell("true")).hosts == ("here",)


def test_errors_come_back_through_the_future(tmp_path: Path) -> None:
    with core_of(tmp_path) as core:
        core.start().result(PATIENCE)
        with pytest.raises(EmptyTarget):
            core.dispatch(shell("true", "nowhere")).result(PATIENCE)
        with pytest.raises(UsageError):
            core.open_dispatch("d-unknown").result(PATIENCE)
        assert core.cancel(["r-unknown"]).result(PATIENCE) == 0


def test_a_journal_that_cannot_be_opened_is_told_to_everybody(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("in the way")
    with core_of(tmp_path) as core:
        with pytest.raises(JournalError):
            core.start().result(PATIENCE)
        with pytest.raises(JournalError):
            core.dispatch(shell("true")).result(PATIENCE)


def test_cancel_and_retry_reach_the_fleet(tmp_path: Path) -> None:
    with core_of(tmp_path) as core:
        core.start().result(PATIENCE)
        heard = events_of(core)
        core.dispatch(shell("echo up; sleep 600")).result(PATIENCE)
        until(heard, OutputArrived)
        (view,) = core.recent().result(PATIENCE)
        assert core.cancel(view.run_ids).result(PATIENCE) == 1
        ended = until(heard, DispatchFinished)
        assert isinstance(ended, DispatchFinished)
        assert ended.runs[0].state == "cancelled"
        again = core.retry(view.run_ids).result(PATIENCE)
        until(heard, OutputArrived)
        (newest, _) = core.recent().result(PATIENCE)
        assert newest.dispatch.id == again
        core.cancel(newest.run_ids).result(PATIENCE)
        until(heard, DispatchFinished)


def test_hosts_are_kept_connected_once_asked_for(tmp_path: Path) -> None:
    prepared: list[str] = []
    core = CoreThread(
        fleet_file(tmp_path, [HERE]),
        prepare=lambda: prepared.append(threading.current_thread().name),
    )
    try:
        core.start().result(PATIENCE)
        known = threading.Event()
        core._fleet.bus.subscribe(lambda event: known.set() if _is_up(event) else None)
        core.keep_connected()
        assert known.wait(PATIENCE)
        assert prepared
        assert prepared[0] not in ("MainThread", "fleet-core")
        core.connect(["here"]).result(PATIENCE)
    finally:
        core.stop()


def test_what_keeps_hosts_from_being_connected_is_a_notice(tmp_path: Path) -> None:
    def fails() -> None:
        raise FleetError("the demo's servers did not start", mend="try again")

    core = CoreThread(fleet_file(tmp_path, [HERE]), prepare=fails)
    try:
        core.start().result(PATIENCE)
        heard = events_of(core)
        core.keep_connected()
        raised = until(heard, NoticeRaised)
        assert isinstance(raised, NoticeRaised)
        assert raised.notice.severity == "error"
        assert raised.notice.text == "the demo's servers did not start (try again)"
    finally:
        core.stop()


def _is_up(event: Event) -> bool:
    status = getattr(event, "status", None)
    return status is not None and status.state == "up"


def test_stopping_twice_or_before_the_start_is_no_error(tmp_path: Path) -> None:
    with core_of(tmp_path) as core:
        core.start().result(PATIENCE)
        core.stop()
    unstarted = CoreThread(fleet_file(tmp_path, [HERE]))
    asked = unstarted.recent()
    unstarted.stop()
    unstarted.stop()
    with pytest.raises(FleetError, match="closed before it was opened"):
        asked.result(PATIENCE)


def test_the_hosts_are_listed_before_anything_is_opened(tmp_path: Path) -> None:
    core = CoreThread(fleet_file(tmp_path, [HERE]))
    seen = core.drain()
    core.stop()
    assert seen.fleet is None
    assert {name: view.link.state for name, view in seen.hosts.items()} == {"here": "unknown"}


def test_what_was_still_being_prepared_starts_nothing_once_it_is_closed(tmp_path: Path) -> None:
    begun, closing = threading.Event(), threading.Event()

    def prepare() -> None:
        begun.set()
        assert closing.wait(PATIENCE)

    core = CoreThread(fleet_file(tmp_path, [HERE]), prepare=prepare)
    core.start().result(PATIENCE)
    fleet, started = core._fleet, []
    close = fleet.close

    async def close_meanwhile() -> None:
        closing.set()
        await close()

    fleet.close = close_meanwhile  # type: ignore[method-assign]
    fleet.keep_connected = lambda: started.append("connected")  # type: ignore[method-assign]
    core.keep_connected()
    assert begun.wait(PATIENCE)
    core.stop()
    assert started == []


def test_what_another_program_does_is_shown_as_it_stands(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    with core_of(tmp_path) as doer, core_of(tmp_path) as looker:
        doer.start().result(PATIENCE)
        looker.start().result(PATIENCE)
        heard = events_of(doer)
        identifier = doer.dispatch(shell(f"echo begun; cat {gate}")).result(PATIENCE)
        until(heard, OutputArrived)
        looker.drain()
        looker._call(looker._look_at_others()).result(PATIENCE)
        begun = published(looker)
        assert list(begun.dispatches) == [identifier]
        (view,) = begun.runs.values()
        assert view.run.is_open
        assert begun.fleet is not None
        assert begun.fleet.open_runs == 1
        gate.write_text("done\n")
        until(heard, DispatchFinished)
        looker._call(looker._look_at_others()).result(PATIENCE)
        ended = published(looker)
        assert ended.runs[view.run.id].run.state == "succeeded"
        assert ended.fleet is not None
        assert ended.fleet.open_runs == 0
        looker._call(looker._look_at_others()).result(PATIENCE)
        assert not published(looker).runs
