"""Unsigned, wrongly signed, expired, replayed, changed: each refused with its reason, and told."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from fleet_tui.model.events import NoticeRaised
from fleet_tui.queue.signing import NAMESPACE, with_identity
from fleet_tui.queue.store import Draft
from fleet_tui.transport.sshsig import sign
from tests.queue.site import ANSWER, site
from tests.support.fakes import prints
from tests.support.parts import require

if TYPE_CHECKING:
    from pathlib import Path

    from tests.queue.site import Site

HOUR = 3_600.0


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    """The operator's key, which is allowed, and a stranger's."""
    made = (tmp_path / "key", tmp_path / "strange")
    for path in made:
        make = ["-q", "-t", "ed25519", "-N", "", "-f", str(path)]
        subprocess.run([require("ssh-keygen"), *make], check=True, timeout=60)
    public = made[0].with_suffix(".pub").read_text()
    (tmp_path / "allowed").write_text(f'op namespaces="{NAMESPACE}" {public}')
    return made


def signed(key: Path, name: str, text: bytes, extra: bytes = b"") -> Draft:
    armor = sign(key, text, NAMESPACE, passphrase=lambda _path: None)
    return Draft(text + extra, name, armor.encode())


async def refusal(here: Site, name: str) -> str:
    """Work the queue off and return why the task was refused: log, queue, picture and notice."""
    await here.work_off()
    (line,) = [line for line in here.logged("refused") if line["task"] == name]
    why = str(line["why"])
    row = (await here.queue.look()).row(name)
    assert row is not None
    assert (row.state, row.reason) == ("quarantined", why)
    await here.stage.until(
        lambda event: isinstance(event, NoticeRaised) and why in event.notice.text
    )
    detail = await here.queue.orders.detail(name)
    assert detail.signature != ""
    return why


async def test_each_is_refused_with_its_reason(tmp_path: Path, keys: tuple[Path, Path]) -> None:
    key, strange = keys
    allowed = str(tmp_path / "allowed")
    async with site(
        tmp_path, {"box": prints(ANSWER)}, require_signature=True, allowed_signers=allowed
    ) as here:
        now = here.stage.fleet.clock.time()
        fresh = with_identity(b"Look.", "t-1", now + HOUR)
        old = with_identity(b"Look.", "t-2", now - 1)
        other = with_identity(b"Look.", "t-3", now + HOUR)
        add = here.queue.store.add
        await add([Draft(b"Look.", "unsigned")])
        assert "not signed" in await refusal(here, "unsigned")
        await add([signed(strange, "strange", other)])
        assert "not an allowed one" in await refusal(here, "strange")
        await add([signed(key, "old", old)])
        assert await refusal(here, "old") != ""
        await add([signed(key, "changed", other, b" And delete.")])
        assert "changed after it was signed" in await refusal(here, "changed")
        assert here.stage.pool.started == []
        await add([signed(key, "good", fresh)])
        await here.work_off()
        assert (await here.states())["good"] == "done"
        await add([signed(key, "again", fresh)])
        assert await refusal(here, "again") == "replayed: a task with its id was taken before"
        assert len(here.stage.pool.started) == 1
        assert here.stage.chain_holds()


async def test_a_signature_opens_mode_write(tmp_path: Path, keys: tuple[Path, Path]) -> None:
    allowed = str(tmp_path / "allowed")
    answer = ANSWER.replace(b"dontAsk", b"acceptEdits")
    async with site(tmp_path, {"box": prints(answer)}, allowed_signers=allowed) as here:
        await here.queue.orders.add(
            [Draft(b'+++\nmode = "write"\n+++\nFix it.', "fix")], key=keys[0]
        )
        assert (await here.queue.orders.detail("fix")).signature == "valid, by op"
        await here.work_off()
        assert await here.states() == {"fix": "done"}
        (run,) = here.stage.fleet.store.runs()
        assert (run.mode, run.state) == ("write", "succeeded")


async def test_another_try_of_a_signed_task_is_no_replay(
    tmp_path: Path, keys: tuple[Path, Path]
) -> None:
    allowed = str(tmp_path / "allowed")
    async with site(tmp_path, {"box": prints(ANSWER)}, allowed_signers=allowed) as here:
        await here.queue.orders.add([Draft(b"Look.", "look")], key=keys[0])
        claim = await here.queue.store.claim(lambda _task: True, host="box")
        assert claim is not None
        inspector, now = here.queue.bench.inspector, here.stage.fleet.clock.time()
        assert inspector.admit(claim.task, now).refusal == ""
        await here.queue.store.release(claim, reason="the worker died")
        await here.work_off()
        assert await here.states() == {"look": "done"}


async def test_what_one_machine_has_done_no_other_does_again(
    tmp_path: Path, keys: tuple[Path, Path]
) -> None:
    """Two machines with a state folder each and one queue; the second never saw the task."""
    allowed = str(tmp_path / "allowed")
    queue = tmp_path / "queue"
    folders = [tmp_path / "one", tmp_path / "other"]
    for folder in folders:
        folder.mkdir()
        (folder / "queue").symlink_to(queue)
    queue.mkdir()
    async with (
        site(folders[0], {"box": prints(ANSWER)}, allowed_signers=allowed) as here,
        site(folders[1], {"box": prints(ANSWER)}, allowed_signers=allowed) as there,
    ):
        text = with_identity(b"Look.", "t-1", here.stage.fleet.clock.time() + HOUR)
        await here.queue.store.add([signed(keys[0], "look", text)])
        await here.work_off()
        assert await here.states() == {"look": "done"}
        await here.queue.store.remove("look")
        await there.queue.store.add([signed(keys[0], "look", text)])
        assert await refusal(there, "look") == "replayed: a task with its id was done before"
        assert there.stage.pool.started == []


async def test_a_bad_signature_is_refused_also_where_none_is_asked_for(
    tmp_path: Path, keys: tuple[Path, Path]
) -> None:
    allowed = str(tmp_path / "allowed")
    async with site(tmp_path, {"box": prints(ANSWER)}, allowed_signers=allowed) as here:
        await here.queue.store.add([Draft(b"Look.", "forged", b"nonsense")])
        assert "no good" in await refusal(here, "forged")
