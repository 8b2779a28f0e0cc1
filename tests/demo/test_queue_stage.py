"""The demo's queue: what is put on it, whose signatures it has, and who works it off."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from fleet_tui.demo.keys import make_key
from fleet_tui.demo.queue_stage import FOLDER, SIGNED, TAMPERED, TASKS, _fill, sections, workers_of
from fleet_tui.demo.spec import DemoSpec, HostSpec
from fleet_tui.queue.frontmatter import parse_task
from fleet_tui.queue.signing import Signers, judge

if TYPE_CHECKING:
    from pathlib import Path

CLAUDE = {"claude": "/usr/bin/claude"}
HOSTS = (
    HostSpec("pc", agents=CLAUDE, is_bastion=True),
    HostSpec("win", kind="windows", agents=CLAUDE),
    HostSpec("slow", agents=CLAUDE, mood="slow"),
    HostSpec("web01", agents=CLAUDE),
    HostSpec("web02", agents=CLAUDE, is_odd=True),
    HostSpec("web03", agents=CLAUDE, loses_contact=True),
    HostSpec("none"),
)


def stage(home: Path) -> DemoSpec:
    """Return what the child is told in `home`, with the demo's key in it."""
    key = make_key(home / "id_ed25519")
    return DemoSpec(str(home), 1, 2, 3, "", key, HOSTS)


def test_every_task_can_be_read_and_signatures_are_what_they_seem(tmp_path: Path) -> None:
    root = tmp_path / FOLDER
    _fill(stage(tmp_path), root)
    files = sorted((root / "pending").glob("*.md"))
    assert [file.stem for file in files] == [
        *(name for name, _ in TASKS),
        SIGNED[0],
        TAMPERED[0],
    ]
    signers = Signers(tmp_path / "allowed_signers").read()
    for file in files:
        task = parse_task(file.stem, file.read_bytes())
        sidecar = file.with_name(f"{file.name}.sig")
        armor = sidecar.read_text() if sidecar.exists() else None
        fault = judge(task.text, armor, signers, time.time()).fault
        expected = {SIGNED[0]: "", TAMPERED[0]: "changed"}.get(file.stem, "unsigned")
        assert fault == expected, file.stem


def test_well_hosts_with_an_agent_do_the_work() -> None:
    assert workers_of(HOSTS) == ("pc", "web01")
    assert workers_of(HOSTS[1:3]) == ()


def test_its_section_stays_in_the_home(tmp_path: Path) -> None:
    section = sections(tmp_path, HOSTS)["queue"]
    assert isinstance(section, Mapping)
    assert section["workers"] == "pc,web01"
    assert section["path"] == str(tmp_path / FOLDER)
    alone = sections(tmp_path, ())["queue"]
    assert isinstance(alone, Mapping)
    assert "workers" not in alone
