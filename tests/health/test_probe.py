from __future__ import annotations

import base64
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_tui.health.probe import parse_probe, probe_line
from fleet_tui.health.probe_scripts import PROBE_SCRIPT
from fleet_tui.model.errors import FleetError
from fleet_tui.model.text import sanitize

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_tui.model.host import HostFacts

SHELLS = [
    pytest.param(
        words,
        id=words[0],
        marks=pytest.mark.skipif(shutil.which(words[0]) is None, reason=f"no {words[0]} here"),
    )
    for words in (["dash"], ["bash", "--posix"], ["busybox", "sh"], ["zsh"], ["fish"], ["tcsh"])
]

ANSWER = b"""fleet-probe=1
hostname=nas
system=Darwin 25.1.0
home=/Users/u
disk=/dev/disk3s5   971350180 450000000 52134860    90%    /System/Volumes/my data
boottime={ sec = 1700000000, usec = 1 } Tue Nov 14 22:13:20 2023
date=1700003600
agent.claude.path=/opt/homebrew/bin/claude
agent.claude.version=2.1.329 (Claude Code)
agent.codex.path=/Users/u/bin/codex
agent.codex.version=env: node: No such file or directory
fleet-probe-end=1
"""


def program(path: Path, says: str) -> Path:
    """Write a program that prints `says`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)
    return path


def probed(line: str, home: Path, shell: list[str], **env: str) -> HostFacts:
    """Run a probe as the login shell of a host would, in a home of its own."""
    clean = {"PATH": "/usr/bin:/bin", "HOME": str(home), "SHELL": "/bin/sh", **env}
    done = subprocess.run([*shell, "-c", line], env=clean, capture_output=True, check=True)
    assert done.stderr == b""
    return parse_probe(done.stdout, 5.0)


@pytest.mark.parametrize("shell", SHELLS)
def test_any_login_shell_carries_the_probe(shell: list[str], tmp_path: Path) -> None:
    facts = probed(probe_line({}), tmp_path, shell)
    assert facts.probed_at == 5.0
    assert facts.hostname == os.uname().nodename
    assert facts.system == f"{os.uname().sysname} {os.uname().release}"
    assert facts.home == str(tmp_path)
    assert facts.agents == {}
    assert facts.disk_free_bytes
    assert facts.uptime_seconds


def test_the_script_needs_no_quoting_but_one_pair_of_single_quotes() -> None:
    assert not set("'\\!\n") & set(PROBE_SCRIPT)


@pytest.mark.parametrize(
    "folder", [".local/bin", ".claude/local", ".bun/bin", ".nvm/versions/node/v24.1.0/bin"]
)
def test_agents_are_found_where_the_path_of_ssh_does_not_look(folder: str, tmp_path: Path) -> None:
    where = program(tmp_path / folder / "claude", "2.1.329 (Claude Code)")
    agents = probed(probe_line({}), tmp_path, ["sh"]).agents
    assert agents["claude"].path == str(where)
    assert agents["claude"].version == "2.1.329"
    assert "codex" not in agents


def test_the_login_shell_is_asked_for_its_path(tmp_path: Path) -> None:
    where = program(tmp_path / "odd" / "codex", "codex-cli 0.169.0")
    (tmp_path / ".profile").write_text(f"echo noise\nPATH=$PATH:{tmp_path}/odd\nexport PATH\n")
    agents = probed(probe_line({}), tmp_path, ["sh"], SHELL="/bin/bash").agents
    assert agents["codex"].path == str(where)
    assert agents["codex"].version == "0.169.0"


def test_a_pinned_path_is_taken_as_it_is(tmp_path: Path) -> None:
    program(tmp_path / ".local/bin/claude", "1.0.0")
    where = program(tmp_path / "it's mine" / "claude", "2.0.0")
    pinned = probed(probe_line({"claude": str(where)}), tmp_path, ["sh"]).agents["claude"]
    assert (pinned.path, pinned.version) == (str(where), "2.0.0")
    home = probed(probe_line({"claude": "~/it's mine/claude"}), tmp_path, ["sh"]).agents["claude"]
    assert home == pinned


def test_the_node_launcher_of_codex_is_passed_over_for_the_program(tmp_path: Path) -> None:
    package = tmp_path / ".npm-global/lib/node_modules/@openai"
    program(package / "codex/bin/codex.js", "codex-cli 0.1.0 by node")
    native = program(package / "codex-linux-x64/vendor/musl/bin/codex", "codex-cli 0.1.0")
    link = tmp_path / ".npm-global/bin/codex"
    link.parent.mkdir()
    link.symlink_to(package / "codex/bin/codex.js")
    assert probed(probe_line({}), tmp_path, ["sh"]).agents["codex"].path == str(native)


def test_an_answer_of_a_mac_is_read() -> None:
    facts = parse_probe(b"Last login: today\r\n" + ANSWER.replace(b"\n", b"\r\n"), 1.0)
    assert facts.hostname == "nas"
    assert facts.uptime_seconds == 3600
    assert facts.disk_free_bytes == 52134860 * 1024
    assert facts.agents["claude"].version == "2.1.329"
    assert facts.agents["codex"].version == ""


@pytest.mark.parametrize(
    ("stdout", "word"),
    [
        (b"", "said nothing"),
        (b"This account is \x1b[1mnot available.\n", "not available"),
        (ANSWER.replace(b"fleet-probe-end=1", b""), "did not answer"),
        (ANSWER.replace(b"fleet-probe=1", b""), "did not answer"),
    ],
)
def test_what_is_no_answer_is_an_error_with_a_mend(stdout: bytes, word: str) -> None:
    with pytest.raises(FleetError, match=word) as caught:
        parse_probe(stdout, 1.0)
    assert caught.value.mend
    assert "\x1b" not in str(caught.value)


def test_a_path_that_could_not_be_shown_or_is_none_is_left_out() -> None:
    for path in (b"bin/claude", b"/opt/\x1b[2Jclaude", b"/x" * 4000, b"-rf"):
        answer = ANSWER.replace(b"/opt/homebrew/bin/claude", path)
        assert "claude" not in parse_probe(answer, 1.0).agents


@settings(max_examples=100, deadline=None, database=None)
@given(values=st.lists(st.tuples(st.integers(0, 9), st.binary(max_size=60)), max_size=10))
def test_hostile_values_are_survived(values: list[tuple[int, bytes]]) -> None:
    lines = ANSWER.rstrip(b"\n").split(b"\n")
    for place, junk in values:
        lines[1 + place] = lines[1 + place].split(b"=")[0] + b"=" + junk.replace(b"\n", b"")
    facts = parse_probe(b"\n".join(lines) + b"\n", 1.0)
    for words in (facts.hostname, facts.system, facts.home):
        assert sanitize(words) == words
    assert facts.disk_free_bytes is None or facts.disk_free_bytes >= 0
    assert facts.uptime_seconds is None or facts.uptime_seconds >= 0


def test_the_powershell_form_is_one_encoded_word() -> None:
    line = probe_line({"claude": r"C:\it's\claude.exe"}, shell="powershell")
    *_, encoded = line.split()
    script = base64.b64decode(encoded).decode("utf-16-le")
    assert script.startswith(r"$agents = @('claude=C:\it''s\claude.exe', 'codex=')")
    assert script.rstrip().endswith("'fleet-probe-end=1'")
