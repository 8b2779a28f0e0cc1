"""Folders an agent needs on the host: its home, its own settings, the working folder."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet_tui.health.doctor_case import Case
    from fleet_tui.health.doctor_findings import Result

_WORDS = {
    "missing": "does not exist",
    "no-folder": "is not a folder",
    "closed": "cannot be entered or read",
    "read-only": "cannot be written",
}


def check_folders(case: Case) -> Iterator[Result]:
    """Judge the three folders."""
    remote = case.remote
    if remote is None:
        return
    if remote.home is None:
        yield case.unchecked("home-unusable", "the host did not say")
    elif remote.home != "ok":
        yield case.finding(
            "home-unusable",
            "error",
            f"its home folder {_WORDS[remote.home]}",
            why="the output of every run and the agent's own state are kept there",
            mend=case.on_host('ls -ld "$HOME"; df -h "$HOME"; id'),
        )
    if case.host.workdir:
        yield from _workdir(case, case.host.workdir)
    if remote.claude_home in ("no-folder", "closed", "read-only") and case.install("claude"):
        yield case.finding(
            "claude-home-unusable",
            "error" if case.agent == "claude" else "note",
            f"the folder of claude's settings {_WORDS[remote.claude_home]}",
            why="its login, its transcripts and what it remembers are kept there; often it "
            "belongs to root after claude was once run with sudo",
            mend=case.on_host(
                'sudo chown -R "$(id -un)" "${CLAUDE_CONFIG_DIR:-$HOME/.claude}"',
                needs_terminal=True,
            ),
        )


def _workdir(case: Case, workdir: str) -> Iterator[Result]:
    remote = case.remote
    assert remote is not None
    if remote.workdir is None:
        yield case.unchecked("workdir-unusable", "the host did not say")
        return
    if remote.workdir == "ok":
        return
    is_there = remote.workdir == "read-only"
    home = workdir == "~" or workdir.startswith("~/")
    place = "~/" + shlex.quote(workdir[2:]) if home and workdir != "~" else shlex.quote(workdir)
    mend = f"mkdir -p {place}" if remote.workdir == "missing" else f"ls -ld {place}; id"
    yield case.finding(
        "workdir-unusable",
        "warning" if is_there else "error",
        f"its working folder {workdir} {_WORDS[remote.workdir]}",
        why="runs in mode read work there, those in mode write fail"
        if is_there
        else "every run starts there, so none starts",
        mend=case.on_host(mend),
    )
