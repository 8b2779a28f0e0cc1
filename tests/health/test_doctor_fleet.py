"""The doctor on prepared fleets of real sshds: it finds what was planted, and nothing else."""

from __future__ import annotations

import copy
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from fleet_tui.health.doctor import worst_exit
from fleet_tui.health.doctor_findings import FLEET, HERE
from fleet_tui.health.doctor_script import CLAUDE_OPTIONS
from fleet_tui.model.host import Host
from tests.support.clis import require_cli
from tests.support.patients import (
    OPTIONS,
    PASSPHRASE,
    Patient,
    Ward,
    found,
    unchecked,
    write_claude,
)
from tests.support.sshd import LOOPBACK, make_key, ordinary_user, public_key, refusing_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet_tui.health.doctor_findings import Finding, HostReport

GUARDED = """\
case $- in
  *i*) ;;
    *) return;;
esac
export ANTHROPIC_API_KEY=sk-ant-api03-secret-value
"""


only_root = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root can prepare a home that its user may not write"
)


@pytest.fixture
def ward(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ward]:
    home = tmp_path / "here"
    (home / ".ssh").mkdir(parents=True, mode=0o700)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    ward = Ward(tmp_path)
    yield ward
    ward.close()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may enter."""
    with tempfile.TemporaryDirectory(prefix="fleet-ward-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


def hide(path: Path) -> None:
    """Let only the current user read it."""
    shutil.chown(path, os.getuid(), os.getgid())
    path.chmod(0o600)


def native(name: str) -> Path:
    """Return the program itself, behind links."""
    return Path(require_cli(name)).resolve()


def run_as_typed(command: str) -> None:
    """Run a mend as a person would who copies it."""
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True)
    assert done.returncode == 0, (command, done.stderr)


def finding(reports: tuple[HostReport, ...], id: str) -> Finding:
    return next(f for one in reports for f in one.findings if f.id == id)


async def test_a_fleet_that_is_well_is_left_in_peace(ward: Ward) -> None:
    for name in ("web01", "web02"):
        ward.admit(Patient(name, ward.folder, host={"workdir": "~/work"}))
    reports = await ward.examine()
    assert found(reports) == {}
    assert unchecked(reports) == {}
    assert worst_exit(reports) == 0


async def test_each_planted_fault_is_found_and_nothing_else(ward: Ward) -> None:
    folder = ward.folder
    ward.admit(Patient("well", folder, host={"workdir": "~/work"}))

    hidden = ward.admit(Patient("hidden", folder, env={"SHLVL": "0"}))
    write_claude(hidden.tools / "claude", is_logged_in=False)
    (hidden.home / ".bashrc").write_text(GUARDED)

    ward.admit(
        Patient(
            "paying",
            folder,
            env={"ANTHROPIC_API_KEY": "sk-1", "CLAUDE_CODE_OAUTH_TOKEN": "oat-1"},
            options={"MaxSessions": "2", "MaxStartups": "3:30:60"},
        )
    )

    bare = ward.admit(Patient("bare", folder, host={"workdir": "~/gone"}))
    (bare.tools / "claude").unlink()
    (bare.tools / "git").unlink()

    old = ward.admit(Patient("old", folder, ssh_config=("ForwardAgent yes",)))
    options = [option for option in CLAUDE_OPTIONS if option != "--restricted"]
    write_claude(old.tools / "claude", version="2.0.1", options=options)

    behind = ward.admit(Patient("behind", folder))
    (behind.tools / "claude").unlink()
    write_claude(behind.home / ".local/bin/claude", version="2.1.99", is_logged_in=False)

    worn = ward.admit(Patient("worn", folder))
    worn.fake("date", f'exec {worn.real("date")} -d "1 hour ago" "$@"')
    worn.fake(
        "df", "echo 'F 1024-blocks Used Available Capacity M'; echo '/dev/x 9 9 150000 99% /'"
    )
    worn.server.env = {**worn.server.env, "PATH": f"{worn.tools}:."}
    worn.server.restart()

    open_ = ward.admit(Patient("open", folder))
    make_key(open_.ssh / "id_old", passphrase=PASSPHRASE).chmod(0o644)
    open_.ssh.chmod(0o777)
    key = make_key(folder / "robot")
    open_.authorize(public_key(open_.server.user_key), f"{public_key(key)} robot@nas")

    ward.admit(Patient("stranger", folder))
    ward.strangers.add("stranger")
    with refusing_port() as port:
        ward.others.append(Host("down", address=LOOPBACK, port=port, key="/nonexistent"))
        reports = await ward.examine()
    assert found(reports) == {
        "hidden": ["api-key-unseen"],
        "paying": ["billed-to-api", "sshd-sessions", "sshd-startups"],
        "bare": ["agent-missing", "git-missing", "workdir-unusable"],
        "old": ["agent-forwarded", "agent-old"],
        "behind": ["agent-behind", "agent-off-path", "not-logged-in"],
        "worn": ["clock-off", "disk-full", "path-relative"],
        "open": ["authorized-open", "authorized-others", "key-readable", "ssh-writable"],
        "stranger": ["hostkey-unknown"],
        "down": ["unreachable-refused"],
    }
    assert worst_exit(reports) == 4
    said = repr(reports)
    assert "secret-value" not in said
    assert "sk-1" not in said
    assert ".bashrc:5" in finding(reports, "api-key-unseen").what
    assert "2.1.329" in finding(reports, "agent-behind").what
    assert re.search(r"at least 3,5\d\d s", finding(reports, "clock-off").what)
    assert "behind" in finding(reports, "clock-off").what
    assert finding(reports, "disk-full").severity == "error"


async def test_keys_in_several_places_are_found_once(ward: Ward) -> None:
    first = Patient("twin01", ward.folder)
    second = Patient("twin02", ward.folder)
    alone = Patient("alone", ward.folder)
    second.use_key(first.server.user_key)
    for suffix in ("", ".pub"):
        source = first.server.host_key_paths[0]
        shutil.copy(f"{source}{suffix}", f"{second.server.host_key_paths[0]}{suffix}")
    copied = make_key(first.ssh / "id_deploy", passphrase=PASSPHRASE)
    shutil.copy(copied, second.ssh / "other-name")
    shutil.copy(alone.server.user_key, alone.ssh / "id_ed25519")
    for patient in (first, second, alone):
        ward.admit(patient)
    reports = await ward.examine()
    assert found(reports) == {
        FLEET: ["client-key-shared", "host-key-shared", "key-copied", "key-copied"]
    }
    assert finding(reports, "client-key-shared").hosts == ("twin01", "twin02")
    copies = [f for f in reports[-1].findings if f.id == "key-copied"]
    assert {f.hosts for f in copies} == {("twin01", "twin02"), ("alone",)}
    assert worst_exit(reports) == 1


async def test_two_names_of_one_host_share_nothing(ward: Ward) -> None:
    patient = ward.admit(Patient("web", ward.folder))
    make_key(patient.ssh / "id_ed25519", passphrase=PASSPHRASE)
    other = copy.copy(patient)
    other.name = "web-again"
    ward.patients.append(other)
    reports = await ward.examine()
    assert [one.host for one in reports] == ["web", "web-again"]
    assert found(reports) == {}


async def test_a_careless_operator_is_told_about_this_machine(ward: Ward) -> None:
    patient = Patient("web", ward.folder, passphrase="")
    patient.server.user_key.chmod(0o644)
    ward.admit(patient)
    (Path(os.environ["HOME"]) / ".ssh").chmod(0o770)
    reports = await ward.examine()
    assert found(reports) == {HERE: ["key-readable", "key-unencrypted", "ssh-writable"]}


async def test_every_mend_that_can_be_run_here_mends(ward: Ward) -> None:
    patient = Patient("web", ward.folder, passphrase="", host={"workdir": "~/it's new"})
    patient.server.env = {**patient.server.env, "SHLVL": "0"}
    ward.admit(patient)
    (patient.tools / "claude").unlink()
    write_claude(patient.home / ".local/bin/claude", is_logged_in=False)
    (patient.home / ".bashrc").write_text(GUARDED)
    make_key(patient.ssh / "id old", passphrase=PASSPHRASE).chmod(0o644)
    patient.ssh.chmod(0o777)
    key = public_key(patient.server.user_key)
    patient.authorize("# mine", f'environment="A=b c" {key} me')
    before = await ward.examine()
    assert found(before) == {
        "web": [
            "agent-off-path",
            "api-key-unseen",
            "authorized-open",
            "key-readable",
            "ssh-writable",
            "workdir-unusable",
        ],
        HERE: ["key-unencrypted"],
    }
    for one in before[0].findings:
        run_as_typed(one.mend)
    assert found(await ward.examine()) == {HERE: ["key-unencrypted"]}
    lines = (patient.ssh / "authorized_keys").read_text().splitlines()
    assert lines == ["# mine", f'{OPTIONS},environment="A=b c" {key} me']


async def test_an_old_claude_is_never_asked_what_it_would_take_for_a_prompt(ward: Ward) -> None:
    patient = ward.admit(Patient("web", ward.folder))
    patient.fake(
        "claude",
        'case "$*" in --version) echo "1.0.9 (Claude Code)";; '
        '--help) echo "Usage: claude [prompt] --restricted";; '
        '*) echo "$*" >> "$HOME/paid";; esac',
    )
    reports = await ward.examine()
    assert found(reports) == {"web": ["agent-old"]}
    assert not (patient.home / "paid").exists()


@only_root
async def test_what_an_ordinary_user_may_not_see_is_not_claimed(
    ward: Ward, open_folder: Path
) -> None:
    options = {"MaxSessions": "1"}
    host = {"workdir": "~/work"}
    patient = Patient("web", open_folder, user=ordinary_user(), options=options, host=host)
    (patient.home / ".claude").mkdir(mode=0o700)
    ward.admit(patient)
    hide(patient.server.home / "sshd_config")
    reports = await ward.examine()
    assert found(reports) == {"web": ["claude-home-unusable", "home-unusable", "workdir-unusable"]}
    assert unchecked(reports) == {"web": ["authorized-open", "sshd-limits"]}


@only_root
async def test_an_ordinary_user_reads_the_settings_it_may_read(
    ward: Ward, open_folder: Path
) -> None:
    options = {"MaxSessions": "1"}
    patient = Patient("web", open_folder, user=ordinary_user(), options=options)
    shutil.chown(patient.home, patient.user)
    patient.fake("sshd", "exit 1")
    ward.admit(patient)
    reports = await ward.examine()
    assert found(reports) == {"web": ["sshd-sessions"]}
    assert unchecked(reports) == {}


async def test_the_real_agents_are_read_right(ward: Ward) -> None:
    agents = {name: native(name) for name in ("claude", "codex")}
    patient = ward.admit(Patient("web", ward.folder))
    for name in agents:
        (patient.tools / name).unlink(missing_ok=True)
        (patient.tools / name).symlink_to(agents[name])
    reports = await ward.examine()
    assert found(reports) == {"web": ["not-logged-in", "not-logged-in"]}
    assert unchecked(reports) == {}
    by_agent = {f.what.split()[0]: f for f in reports[0].findings}
    assert by_agent["claude"].severity == "error"
    assert "claude auth login" in by_agent["claude"].mend
    assert by_agent["codex"].severity == "note"
    assert "login --device-auth" in by_agent["codex"].mend
