"""Who may read or change the files of ~/.ssh on the host."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet_tui.health.doctor_answers import FileMode
    from fleet_tui.health.doctor_case import Case
    from fleet_tui.health.doctor_findings import Result

OTHERS_READ = 0o044
OTHERS_WRITE = 0o022


def check_ssh_files(case: Case) -> Iterator[Result]:
    """Judge permission bits. Files of this machine are judged elsewhere."""
    if case.remote is None or case.host.connection == "local":
        return
    for file in case.remote.files:
        if file.kind == "private":
            if file.mode & (OTHERS_READ | OTHERS_WRITE):
                yield _open_key(case, file)
        elif case.remote.user_id is not None and file.owner not in (0, case.remote.user_id):
            yield _foreign(case, file)
        elif file.mode & OTHERS_WRITE:
            yield _writable(case, file)


def _open_key(case: Case, file: FileMode) -> Result:
    return case.finding(
        "key-readable",
        "error",
        f"the private key {file.path} can be read by other users (mode {file.mode:03o})",
        why="whoever reads it can log in wherever it opens; ssh itself refuses to use such a file",
        mend=case.on_host(f"chmod 600 {case.home_path(file.path)}"),
    )


def _writable(case: Case, file: FileMode) -> Result:
    return case.finding(
        "ssh-writable",
        "error" if file.kind != "home" else "warning",
        f"{file.path} can be written by other users (mode {file.mode:03o})",
        why="another user there can let himself in as this one; an sshd with StrictModes, the "
        "default, refuses every key until that is mended",
        mend=case.on_host(f"chmod go-w {case.home_path(file.path)}"),
    )


def _foreign(case: Case, file: FileMode) -> Result:
    return case.finding(
        "ssh-foreign",
        "error",
        f"{file.path} belongs to another user (uid {file.owner})",
        why="its owner decides who may log in as this user; an sshd with StrictModes, the default, "
        "refuses every key until that is mended",
        mend=case.on_host(
            f'sudo chown "$(id -un)" {case.home_path(file.path)}', needs_terminal=True
        ),
    )
