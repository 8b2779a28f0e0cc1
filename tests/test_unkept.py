"""With a state folder that takes nothing more: parts look, and do nothing that must be kept."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from fleet_tui.model.errors import JournalError, Refused
from fleet_tui.model.peer import Peer
from tests.notify.services import serve
from tests.support.stage import fleet_file, staged

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_tui.fleet import Fleet


def no_space(*_arguments: object) -> None:
    """Stand for a disk that is full."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def fill_disk(patch: pytest.MonkeyPatch) -> None:
    """Let nothing more fit, as the calls that write to the state folder first would tell."""
    patch.setattr("fleet_tui.journal.signing_in.write_all", no_space)
    patch.setattr("fleet_tui.journal.owner.OwnerLock._hold", no_space)


async def leave_work(fleet: Fleet) -> None:
    """Leave a message that waits for its recipient, and a notice that waits for its route."""
    fleet.parts.peers.store.put_peer(
        Peer("lint@box", 1, "box", "file"), identity="lint", incarnation="1"
    )
    await fleet.parts.peers.post.send("operator", "lint@box", "Look at it.")
    desk = fleet.parts.notices
    await desk.tell(desk.new("error", "run-failed", "box", "it broke"))


async def test_nothing_is_sent_that_could_not_be_noted_as_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve() as services:
        route = {"kind": "webhook", "name": "hook", "url": f"{services.url}/hook/x"}
        config = replace(fleet_file(tmp_path, ["box"]), sections={"notify": (route,)})
        async with staged(config, {}) as stage:
            await leave_work(stage.fleet)
        assert services.got == []
        with monkeypatch.context() as patch:
            fill_disk(patch)
            async with staged(config, {}) as stage:
                fleet = stage.fleet
                assert fleet.is_read_only
                await fleet.parts.start()
                peers = fleet.parts.peers
                assert [peer.name for peer in peers.view().peers] == ["lint@box"]
                assert [one.rung for one in peers.view().messages] == ["queued"]
                await peers.carry()
                with pytest.raises(Refused, match="cannot be written"):
                    await peers.post.send("operator", "lint@box", "And at that.")
                assert [one.text for one, _, _ in fleet.parts.notices.outbox.recent()] == [
                    "it broke"
                ]
                with pytest.raises(Refused, match="cannot be written"):
                    await stage.start("box")
                with pytest.raises(JournalError):
                    fleet.store.finish_runs([])
                assert [line.event for line in stage.log()].count("refused") == 1
        async with staged(config, {}) as stage:
            assert [one.rung for one in stage.fleet.parts.peers.view().messages] == ["queued"]
            assert services.got == []
            await stage.fleet.parts.notices.start()
            assert await stage.fleet.parts.notices.flush(60.0) == []
        assert [body["text"] for body in services.bodies()] == ["it broke"]
