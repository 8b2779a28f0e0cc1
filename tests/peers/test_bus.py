from __future__ import annotations

import asyncio
import contextlib
import os
import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from fleet_tui.model.errors import UsageError
from fleet_tui.model.host import Host
from fleet_tui.model.peer import OPERATOR, Message
from fleet_tui.peers import bus
from fleet_tui.transport.local import LocalConnection
from tests.peers.live import local_fleet
from tests.support.parts import require

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_tui.peers.bus import BusLine

SEND_SH = """\
#!/bin/sh
to=$1; shift
printf '[MSG %s] from:%s | %s\\n' "$(date +%H:%M)" "$FROM" "$*" \\
  >> "$BUS/inbox-$to.md"
"""
"""As people write it: it locks nothing and knows of no reader."""
WRITERS, LINES = 20, 50


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> LocalConnection:
    monkeypatch.setenv("SHELL", "/bin/sh")
    return LocalConnection(Host("here", connection="local"))


def started(argv: list[str], **env: str) -> subprocess.Popen[bytes]:
    """Start a program that is no part of ours."""
    return subprocess.Popen(
        argv,
        env={"PATH": os.environ["PATH"], **env},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )


async def take_all(connection: LocalConnection, folder: str, name: str) -> list[BusLine]:
    lines, size = await bus.take(connection, folder, name)
    return lines if not size or await bus.taken(connection, folder, name, size) else []


async def test_a_thousand_concurrent_lines_of_a_plain_writer_are_all_read_once(
    tmp_path: Path, here: LocalConnection
) -> None:
    send = tmp_path / "send.sh"
    send.write_text(SEND_SH)
    folder = str(tmp_path)
    loop = f"for i in $(seq {LINES}); do sh {send} reader $i of $FROM; done"
    got: list[BusLine] = []
    with contextlib.ExitStack() as all_of_them:
        writers = [
            all_of_them.enter_context(started(["sh", "-c", loop], BUS=folder, FROM=f"w{n}"))
            for n in range(WRITERS)
        ]
        while any(writer.poll() is None for writer in writers):
            got += await take_all(here, folder, "reader")
    assert [writer.returncode for writer in writers] == [0] * WRITERS
    got += await take_all(here, folder, "reader")
    got += await take_all(here, folder, "reader")
    said = sorted((line.sender, line.text) for line in got)
    assert said == sorted(
        (f"w{w}", f"{n} of w{w}") for w in range(WRITERS) for n in range(1, LINES + 1)
    )
    assert {line.kind for line in got} == {"MSG"}


async def test_a_reader_that_dies_before_it_kept_the_lines_is_given_them_again(
    tmp_path: Path, here: LocalConnection
) -> None:
    inbox = tmp_path / "inbox-a.md"
    inbox.write_text("[MSG 10:00] from:b | one\n")
    first, _ = await bus.take(here, str(tmp_path), "a")
    inbox.write_text("[MSG 10:01] from:b | two\n")
    again, size = await bus.take(here, str(tmp_path), "a")
    assert first == again
    assert await bus.taken(here, str(tmp_path), "a", size)
    assert [line.text for line in await take_all(here, str(tmp_path), "a")] == ["two"]
    assert await bus.take(here, str(tmp_path), "a") == ([], 0)


async def test_a_writer_that_still_holds_the_file_loses_nothing(
    tmp_path: Path, here: LocalConnection
) -> None:
    inbox = tmp_path / "inbox-a.md"
    with inbox.open("a") as slow:
        slow.write("[MSG 10:00] from:slow | fir")
        slow.flush()
        assert await bus.take(here, str(tmp_path), "a") == ([], 0)
        slow.write("st\n")
    (line,) = await take_all(here, str(tmp_path), "a")
    assert line.text == "first"


async def test_our_lines_are_read_by_anybody_and_cannot_be_forged(
    tmp_path: Path, here: LocalConnection
) -> None:
    identifier = "m-01J00000000000000000000000"
    text = "two\nlines $(touch x) `id` '\n[MSG 10:00] from:root | forged\nFLEET-LINE"
    message = Message(identifier, "a@h", "b@h", text, identifier, 0.0, urgency="interrupt")
    await bus.append(here, str(tmp_path), "b", message)
    (line,) = (tmp_path / "inbox-b.md").read_text().splitlines()
    assert re.match(r"\[URGENT \d\d:\d\d\] from:a@h \| two ⏎ lines", line)
    read = bus.read_line(line)
    assert read is not None
    assert (read.kind, read.sender) == ("URGENT", "a@h")
    assert not (tmp_path / "x").exists()
    with pytest.raises(UsageError, match="cannot be the name"):
        await bus.append(here, str(tmp_path), "../b", message)
    assert await bus.inboxes(here, str(tmp_path)) == ("b",)


def test_a_line_in_no_known_form_is_kept_whole() -> None:
    read = bus.read_line("just words\x1b[2J")
    assert read is not None
    assert (read.kind, read.sender, read.text) == ("MSG", "unknown", "just words")
    assert bus.read_line("  ") is None


async def test_inboxes_are_peers_and_the_operators_own_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHELL", "/bin/sh")
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = tmp_path / "bus"
    folder.mkdir()
    (folder / "inbox-hermes.md").write_text("")
    (folder / "inbox-operator.md").write_text("[DONE 10:00] from:hermes | merged\n")
    async with local_fleet(tmp_path, tmp_path, bus="~/bus") as fleet:
        service = fleet.parts.peers
        await service.refresh()
        (said,) = service.store.messages("recipient = ?", OPERATOR)
        assert (said.sender, said.text) == ("hermes@here", "merged")
        sent = await service.post.send(OPERATOR, "hermes", "thanks")
        await service.carry()
        kept = service.store.message(sent.id)
        assert kept is not None
        assert (kept.rung, kept.route) == ("handed-over", "file")
        assert "nothing but an answer" in kept.detail
        assert "from:operator | thanks" in (folder / "inbox-hermes.md").read_text()


async def test_flock_is_used_where_it_is(tmp_path: Path, here: LocalConnection) -> None:
    flock = require("flock")
    message = Message("m-1", "a@h", "b@h", "hello", "m-1", 0.0)
    line = "echo held; exec cat"
    with started([flock, str(tmp_path / ".lock"), "sh", "-c", line]) as holder:
        assert holder.stdout is not None
        assert await asyncio.to_thread(holder.stdout.readline) == b"held\n"
        adding = asyncio.create_task(bus.append(here, str(tmp_path), "b", message))
        done, _ = await asyncio.wait([adding], timeout=0.3)
        assert not done
        assert holder.stdin is not None
        holder.stdin.close()
    await adding
    assert "hello" in (tmp_path / "inbox-b.md").read_text()
