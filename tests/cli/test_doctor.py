"""`fleet-tui doctor` from the outside, on real sshds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from fleet_tui.cli.doctor import print_json, print_reports
from fleet_tui.cli.main import run
from fleet_tui.health.doctor_findings import Finding, HostReport, NotChecked, report
from tests.support.patients import Patient, Ward, write_claude

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

REPORTS = (
    report("web01", [NotChecked("web01", "sshd-limits", "it may not be read")]),
    report("web02", [Finding("web02", "disk-full", "warning", "10 MB are free", "w\x1b[2J", "du")]),
    report(
        "nas",
        [
            Finding("nas", "git-missing", "note", "no git", "it helps", "apk add git"),
            Finding("nas", "agent-missing", "error", "no claude", "runs fail", "install"),
        ],
    ),
)


def test_hosts_come_worst_first_with_what_why_and_mend(capsys: pytest.CaptureFixture[str]) -> None:
    print_reports(REPORTS, is_verbose=False)
    assert capsys.readouterr().out == (
        "nas\n"
        "  ✗ no claude\n    runs fail\n    mend: install\n"
        "  · no git\n    it helps\n    mend: apk add git\n"
        "\n"
        "web02\n"
        "  ! 10 MB are free\n    w\n    mend: du\n"
        "\n"
        "1 error, 1 warning, 1 note; 1 thing not checked (-v says why)\n"
    )


def test_verbose_says_what_was_not_checked_and_who_is_well(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_reports(REPORTS, is_verbose=True)
    out = capsys.readouterr().out
    assert "web01: nothing found\n  ? sshd-limits not checked: it may not be read\n" in out


def objects(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def test_json_is_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_json(REPORTS)
    found = objects(capsys.readouterr().out)
    assert [one["event"] for one in found] == [*["finding"] * 3, "not-checked", "doctor-finished"]
    assert found[0] == {
        "event": "finding",
        "time": found[0]["time"],
        "host": "nas",
        "hosts": ["nas"],
        "id": "agent-missing",
        "severity": "error",
        "what": "no claude",
        "why": "runs fail",
        "mend": "install",
    }
    last = found[-1]
    assert (last["errors"], last["warnings"], last["notes"]) == (1, 1, 1)
    assert last["unreachable"] == []


def test_nothing_wrong_is_said_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_reports([HostReport("web01")], is_verbose=False)
    assert capsys.readouterr().out == "0 errors, 0 warnings, 0 notes\n"


@pytest.fixture
def ward(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ward]:
    (tmp_path / "here/.ssh").mkdir(parents=True, mode=0o700)
    monkeypatch.setenv("HOME", str(tmp_path / "here"))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    ward = Ward(tmp_path)
    yield ward
    ward.close()


def fleet_file(ward: Ward) -> str:
    """Write the ward as fleet.toml; returns its path."""
    config = ward.config()
    lines = ["[fleet]", f'data_dir = "{ward.folder}/data"', f'agent_home = "{ward.folder}/agent"']
    lines += [f'ssh_config = "{config.ssh_config}"']
    for host in config.hosts:
        lines += ["[[host]]", f'name = "{host.name}"']
    path = ward.folder / "fleet.toml"
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def test_the_command_examines_a_target_and_exits_by_the_worst(
    ward: Ward, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("web01", "web02"):
        ward.admit(Patient(name, ward.folder, passphrase=""))
    sick = ward.admit(Patient("nas", ward.folder, passphrase=""))
    write_claude(sick.tools / "claude", is_logged_in=False)
    file = fleet_file(ward)

    assert run(["doctor", "web*", "--config", file, "--json"]) == 0
    found = objects(capsys.readouterr().out)
    assert {one.get("id") for one in found[:-1]} == {"key-unencrypted"}

    assert run(["doctor", "--config", file]) == 1
    out = capsys.readouterr().out
    assert out.startswith("nas\n  ✗ claude is not logged in on this host\n")
    assert "mend: ssh -t " in out
    assert "claude auth login'" in out

    sick.server.kill()
    assert run(["doctor", "nas,web01", "--config", file]) == 4
    assert "✗ 127.0.0.1:" in capsys.readouterr().out


def test_a_target_that_selects_nothing_is_refused(
    ward: Ward, capsys: pytest.CaptureFixture[str]
) -> None:
    ward.admit(Patient("web01", ward.folder, passphrase=""))
    assert run(["doctor", "db*", "--config", fleet_file(ward)]) == 3
    assert capsys.readouterr().out == ""
