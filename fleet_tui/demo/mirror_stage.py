"""The demo's mirrors: a bare repository in its home, a leader, and a second who lags and edits."""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from fleet_tui.demo.mirror_host import HOMES
from fleet_tui.model.errors import FleetError
from fleet_tui.model.roles_view import RoleRecord
from fleet_tui.roles.ignore import IGNORE
from fleet_tui.roles.rolefile import ROLE_PATH, render
from fleet_tui.standing import Remembered, Standing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from fleet_tui.model.config import FleetConfig

REMOTE = "claude.git"
EPOCH = 7
SINCE = datetime(2026, 9, 14, 19, 2, 11, tzinfo=UTC)
_FILES = {
    ".gitignore": IGNORE,
    "CLAUDE.md": "# How we work\n\n- Say what you are about to change before you change it.\n",
    "settings.json": '{\n  "permissions": {"deny": ["Read(./.env)"]}\n}\n',
    "skills/report/SKILL.md": "---\nname: report\n---\nSay what matters in ops/report.json.\n",
}
_LATER = "- Run the tests of the part you changed, and say which ones.\n"
_EDIT = "- Answer in German on this machine.\n"


def can_play() -> bool:
    """Tell whether this machine can play mirrors: it needs git and a POSIX shell."""
    return os.name == "posix" and shutil.which("git") is not None


def sections(home: Path) -> Mapping[str, object]:
    """Return what fleet.toml would say of the mirrors."""
    if not can_play():
        return {}
    return {"mirror": {"remote": str(home / REMOTE), "folder": "~/.claude"}}


def begin(config: FleetConfig, home: Path) -> None:
    """Make the repository, the leader's mirror and that of each secondary; raises FleetError."""
    if not can_play() or not config.this_host:
        return
    leader = home / ".claude"
    homes = home / HOMES
    homes.mkdir(exist_ok=True)
    (homes / config.this_host).symlink_to(home, target_is_directory=True)
    record = RoleRecord(config.this_host, EPOCH, SINCE.isoformat(), f"op@{config.this_host}")
    _git(home, "init", "--quiet", "--bare", "-b", "main", REMOTE)
    _git(leader, "init", "--quiet", "-b", "main")
    _git(leader, "remote", "add", "origin", str(home / REMOTE))
    for name, text in {**_FILES, ROLE_PATH: render(record)}.items():
        (leader / name).parent.mkdir(parents=True, exist_ok=True)
        (leader / name).write_text(text, encoding="utf-8")
    _commit(leader, "Keep what all machines share")
    others = [host.name for host in config.hosts if "secondary" in host.roles]
    for name in others:
        place = homes / name
        place.mkdir(parents=True)
        _git(place, "clone", "--quiet", str(home / REMOTE), ".claude")
        beats = place / ".local/state/fleet-tui/beats"
        beats.mkdir(parents=True)
        ago = int(datetime.now(tz=UTC).timestamp()) - 240
        (beats / f"mirror-pull-{name}").write_text(f"311 2026-11-21T00:00:00Z {ago}\n")
    _append(leader / "CLAUDE.md", _LATER)
    _commit(leader, "Ask for the tests that were run")
    for name in others[:1]:
        _append(homes / name / ".claude/CLAUDE.md", _EDIT)
    assert config.data_dir is not None
    known = Remembered(record, None, office=EPOCH)
    Standing(config, config.data_dir).remember(known)


def _append(path: Path, text: str) -> None:
    with open(path, "a", encoding="utf-8") as stream:
        stream.write(text)


def _commit(folder: Path, message: str) -> None:
    _git(folder, "add", "-A")
    _git(folder, "commit", "--quiet", "-m", message)
    _git(folder, "push", "--quiet", "-u", "origin", "main")


def _git(folder: Path, *words: str) -> None:
    name = ("-c", "user.name=op", "-c", "user.email=op@localhost", "-c", "commit.gpgsign=false")
    plain = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(
        ["git", *name, *words], cwd=folder, env=plain, capture_output=True, text=True
    )
    if done.returncode != 0:
        raise FleetError(
            f"the demo's mirrors could not be made: git {words[0]}: {done.stderr.strip()}",
            mend="the demo goes on without them",
        )
