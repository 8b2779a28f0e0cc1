"""One line, every login shell."""

from __future__ import annotations

import base64
import os
import subprocess

import pytest

from fleet_tui.model.errors import UsageError
from fleet_tui.transport.shell import posix_line, powershell_line, quote, sh_line
from tests.support.parts import find, require

SHELLS = [name for name in ("sh", "dash", "bash", "zsh", "fish", "tcsh", "ksh") if find(name)]
AWKWARD = [
    "plain",
    "two words",
    "it's",
    'say "hi"',
    "$HOME `id` $(id)",
    "back\\slash",
    "double\\\\slash",
    "ends with \\",
    "\\'",
    "bang!bang",
    "line\nbreak",
    "tab\tand\rreturn",
    "-n",
    "",
    "~",
    "*",
    "a=b",
    "é 雪 \N{PILE OF POO}",
    "%s \\033[31m",
    "#no comment",
    "semi;colon & amp | pipe > x < y",
    "{a,b} [c] (d)",
]


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> str:
    """Each login shell that this machine has."""
    return require(request.param)


def run(shell: str, line: str, **env: str) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "SHELL": shell, **env}
    return subprocess.run([shell, "-c", line], capture_output=True, env=environment, check=False)


def test_arguments_arrive_as_given(shell: str) -> None:
    done = run(shell, posix_line(argv=["printf", "%s\\0", *AWKWARD]))
    assert done.stdout.split(b"\0")[:-1] == [word.encode() for word in AWKWARD], done.stderr


@pytest.mark.parametrize("value", AWKWARD)
def test_variables_arrive_as_given(value: str) -> None:
    done = run("/bin/sh", posix_line(argv=["sh", "-c", 'printf %s "$V"'], env={"V": value}))
    assert done.stdout == value.encode()


def test_environment_and_folder_apply_to_arguments(shell: str, tmp_path: object) -> None:
    folder = f"{tmp_path}/it's a folder"
    subprocess.run(["mkdir", folder], check=True)
    line = posix_line(argv=["sh", "-c", 'pwd; echo "$A"'], cwd=folder, env={"A": "x y"})
    assert run(shell, line).stdout.decode().splitlines() == [folder, "x y"]


def test_a_script_runs_in_the_login_shell_with_its_environment(shell: str) -> None:
    line = posix_line(script="echo $A; echo two", env={"A": "one"}, cwd="/")
    assert run(shell, line).stdout == b"one\ntwo\n"


def test_a_script_without_more_is_passed_as_typed() -> None:
    assert posix_line(script="a; b\nc") == "a; b\nc"


def test_a_folder_that_does_not_exist_runs_nothing(shell: str) -> None:
    done = run(shell, posix_line(script="echo ran; echo again", cwd="/no/such/folder"))
    assert done.returncode != 0
    assert done.stdout == b""


def test_home_is_expanded_in_a_folder_only(shell: str, tmp_path: object) -> None:
    subprocess.run(["mkdir", f"{tmp_path}/src dir"], check=True)
    line = posix_line(argv=["pwd"], cwd="~/src dir")
    assert run(shell, line, HOME=str(tmp_path)).stdout.decode() == f"{tmp_path}/src dir\n"


def test_a_folder_may_begin_with_a_dash(shell: str, tmp_path: object) -> None:
    subprocess.run(["mkdir", "--", f"{tmp_path}/-x"], check=True)
    line = posix_line(argv=["pwd"], cwd="-x")
    done = subprocess.run([shell, "-c", line], capture_output=True, cwd=str(tmp_path), check=True)
    assert done.stdout.decode() == f"{tmp_path}/-x\n"


def test_a_program_for_sh_runs_in_any_shell(shell: str) -> None:
    program = "x='a!b\\\\c'\nfor i in 1 2; do printf '%s\\n' \"$i$x\"; done"
    assert run(shell, sh_line(program)).stdout == b"1a!b\\\\c\n2a!b\\\\c\n"


def test_the_exit_status_is_the_commands(shell: str) -> None:
    assert run(shell, posix_line(argv=["sh", "-c", "exit 7"], env={"A": "b!"})).returncode == 7


def test_nul_and_bad_names_are_refused() -> None:
    with pytest.raises(UsageError, match="NUL"):
        posix_line(argv=["a\0b"])
    with pytest.raises(UsageError, match="variable"):
        posix_line(argv=["a"], env={"A;rm": "b"})
    with pytest.raises(UsageError, match="empty"):
        posix_line(argv=[])
    with pytest.raises(ValueError, match="not both"):
        posix_line()


def test_quoting_leaves_plain_words_alone() -> None:
    assert quote("/usr/bin/claude-1.2") == "/usr/bin/claude-1.2"
    assert quote("@x") == "'@x'"


def test_powershell_gets_its_program_encoded() -> None:
    line = powershell_line(argv=["claude", "it's"], cwd="C:\\x", env={"A": "b"})
    program = base64.b64decode(line.rsplit(" ", 1)[1]).decode("utf-16-le")
    assert program.splitlines() == [
        "$ErrorActionPreference = 'Stop'",
        "Set-Location -LiteralPath 'C:\\x'",
        "$env:A = 'b'",
        "& 'claude' 'it''s'",
        "if ($null -ne $LASTEXITCODE) { exit $LASTEXITCODE }",
    ]
