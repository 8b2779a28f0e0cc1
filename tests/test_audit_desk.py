"""The audit log as a face reads it: its end, what came since, across rotation, and our own acts."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from fleet_tui.desks.audit import AuditDesk
from fleet_tui.model.audit_control import LogPage, LogQuestion

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from pathlib import Path

ALL = LogQuestion()
OWN = LogQuestion(is_own=True)


def call(work: Coroutine[None, None, object]) -> Future[object]:
    future: Future[object] = Future()
    future.set_result(asyncio.run(work))
    return future


def desk_on(path: Path) -> AuditDesk:
    clock = SimpleNamespace(time=lambda: 0.0)
    fleet: Any = SimpleNamespace(log_path=path, data_dir=path.parent, by="me@here", clock=clock)
    return AuditDesk(call, fleet)


def line(number: int, event: str = "dispatch", **fields: str) -> str:
    told = " ".join(f"{key}={value}" for key, value in fields.items())
    return f"2026-05-18T10:00:{number:02}+00:00  {event}  {told}"


def write(path: Path, *lines: str) -> None:
    with path.open("a", encoding="utf-8") as stream:
        stream.writelines(f"{text}\n" for text in lines)


def numbers(page: LogPage) -> list[str]:
    return [text.split("n=")[1].split()[0] for text in page.lines]


def test_the_end_is_given_and_then_only_what_is_new(tmp_path: Path) -> None:
    path = tmp_path / "fleet.log"
    write(path, *(line(n, n=str(n)) for n in range(10)))
    desk = desk_on(path)
    page = desk.page(ALL, 3).result()
    assert numbers(page) == ["7", "8", "9"]
    assert desk.more(ALL, page.place).result().lines == ()
    write(path, line(10, n="10"))
    with path.open("a") as stream:
        stream.write("2026-05-18T10:00:11+00:00  dispatch  n=11")
    page = desk.more(ALL, page.place).result()
    assert numbers(page) == ["10"]
    with path.open("a") as stream:
        stream.write("\n")
    assert numbers(desk.more(ALL, page.place).result()) == ["11"]


def test_words_are_those_of_the_command(tmp_path: Path) -> None:
    path = tmp_path / "fleet.log"
    write(path, line(1, n="1", host="nas1"), line(2, "refused", n="2", host="web01"))
    write(path, line(3, n="3", host="nas2"))
    desk = desk_on(path)
    assert numbers(desk.page(LogQuestion(("host=nas*",)), 10).result()) == ["1", "3"]
    assert numbers(desk.page(LogQuestion(("refused",)), 10).result()) == ["2"]


def test_a_log_that_is_rotated_meanwhile_is_read_on(tmp_path: Path) -> None:
    path = tmp_path / "fleet.log"
    write(path, line(1, n="1"))
    desk = desk_on(path)
    page = desk.page(ALL, 10).result()
    write(path, line(2, n="2"))
    path.rename(tmp_path / "fleet.log.1")
    write(path, line(3, n="3"))
    found = desk.more(ALL, page.place).result()
    write(path, line(4, n="4"))
    assert numbers(found) == ["2", "3"]
    assert numbers(desk.more(ALL, found.place).result()) == ["4"]


def test_our_acts_are_what_we_did_and_what_became_of_it(tmp_path: Path) -> None:
    path = tmp_path / "fleet.log"
    write(path, line(1, n="1", id="d-1", run="r-1", by="me@here"))
    write(path, line(2, n="2", id="d-2", run="r-2", by="you@there"))
    desk = desk_on(path)
    page = desk.page(OWN, 10).result()
    assert numbers(page) == ["1"]
    write(path, line(3, "result", n="3", run="r-1"), line(4, "result", n="4", run="r-2"))
    assert numbers(desk.more(OWN, page.place).result()) == ["3"]


def test_no_log_is_no_line(tmp_path: Path) -> None:
    desk = desk_on(tmp_path / "fleet.log")
    page = desk.page(ALL, 10).result()
    assert page.lines == ()
    write(tmp_path / "fleet.log", line(1, n="1"))
    assert numbers(desk.more(ALL, page.place).result()) == ["1"]
