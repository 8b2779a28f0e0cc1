"""The doctor's script in the shells hosts have, and what is read from its answers."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet_tui.agents.registry import adapter
from fleet_tui.health.doctor import examine
from fleet_tui.health.doctor_answers import Answers, HostAnswers
from fleet_tui.health.doctor_case import Shared
from fleet_tui.health.doctor_findings import Finding
from fleet_tui.health.doctor_parse import parse_answer, parse_clock
from fleet_tui.health.doctor_script import CLAUDE_OPTIONS, CODEX_OPTIONS, doctor_line
from fleet_tui.model.agent import AgentRequest
from fleet_tui.model.errors import FleetError
from fleet_tui.model.host import Host
from fleet_tui.model.run import Mode
from fleet_tui.model.text import sanitize
from tests.support.clis import require_cli
from tests.support.patients import write_claude
from tests.support.sshd import make_key

if TYPE_CHECKING:
    from pathlib import Path

SHELLS = [
    pytest.param(
        words,
        id=words[0],
        marks=pytest.mark.skipif(shutil.which(words[0]) is None, reason=f"no {words[0]} here"),
    )
    for words in (["dash"], ["bash", "--posix"], ["busybox", "sh"], ["zsh"], ["fish"], ["tcsh"])
]

UNNAMED_BY_HELP = {"--max-turns", "--permission-prompt-tool"}
SHORT_FORMS = {"-s": "--sandbox"}


def ask(home: Path, host: Host, shell: list[str], **env: str) -> tuple[HostAnswers, bytes]:
    """Return what the script says in a home of its own, and its raw answer."""
    clean = {"PATH": "/usr/bin:/bin", "HOME": str(home), "SHELL": "/bin/bash", **env}
    line = doctor_line(host)
    done = subprocess.run([*shell, "-c", line], env=clean, capture_output=True, check=True)
    assert done.stderr == b""
    return parse_answer(done.stdout, 5.0), done.stdout


@pytest.mark.parametrize("shell", SHELLS)
def test_any_login_shell_carries_it(shell: list[str], tmp_path: Path) -> None:
    (tmp_path / ".ssh").mkdir(mode=0o700)
    make_key(tmp_path / ".ssh" / "my key")
    write_claude(tmp_path / ".local/bin/claude", is_logged_in=False)
    (tmp_path / ".profile").write_text(
        "# export ANTHROPIC_API_KEY=sk-1\nANTHROPIC_AUTH_TOKEN=\nexport ANTHROPIC_AUTH_TOKEN=''\n"
        'OPENAI_API_KEY=""\nMY_OPENAI_API_KEY=sk-2\n'
    )
    (tmp_path / ".zshrc").write_text("\n# x\n  export  ANTHROPIC_API_KEY='sk-secret'\n")
    (tmp_path / ".config/fish").mkdir(parents=True)
    (tmp_path / ".config/fish/config.fish").write_text(
        "if status is-interactive\n  set -gx OPENAI_API_KEY sk-3\nend\n"
    )
    (tmp_path / "it's").mkdir()
    host = Host("x", workdir="~/it's", env={"A": "it's $HOME!", "CODEX_API_KEY": "sk-other"})
    answers, raw = ask(tmp_path, host, shell)
    assert answers.is_whole
    assert answers.facts is not None
    assert answers.facts.home == str(tmp_path)
    assert answers.path == ("/usr/bin", "/bin")
    assert answers.user_id == os.geteuid()
    assert answers.variables == frozenset({"CODEX_API_KEY"})
    assert [(h.name, h.file, h.line) for h in answers.hidden] == [
        ("ANTHROPIC_API_KEY", "~/.zshrc", 3),
        ("OPENAI_API_KEY", "~/.config/fish/config.fish", 2),
    ]
    assert answers.workdir == "ok"
    assert answers.home == "ok"
    assert answers.has_git is True
    assert answers.agents["claude"].login_status == 1
    assert answers.agents["claude"].lacks == ()
    assert not answers.agents["claude"].is_on_path
    assert [(f.kind, f.mode) for f in answers.files][1:] == [("ssh", 0o700), ("private", 0o600)]
    assert [key.path for key in answers.keys] == [str(tmp_path / ".ssh" / "my key")]
    assert answers.authorized is None
    assert b"sk-" not in raw


def test_settings_of_sshd_are_read_from_its_files(tmp_path: Path) -> None:
    """Without `sshd -T`: the first value wins, files are included, a Match block is no promise."""
    included = tmp_path / "more.conf"
    included.write_text("MaxSessions=3\nMatch User x\nMaxStartups 1\n")
    config = tmp_path / "sshd_config"
    config.write_text(f"# MaxSessions 9\ninclude {tmp_path}/m*.conf\nmaxsessions 7\nPort 2222\n")
    program = tmp_path / "bin"
    program.mkdir()
    for name, script in (
        ("sshd", "exit 1"),
        ("ps", f"echo 'sshd: /usr/sbin/sshd -D -f {config} -E log [listener] 0 of 3-9 startups'"),
    ):
        (program / name).write_text(f"#!/bin/sh\n{script}\n")
        (program / name).chmod(0o755)
    path = f"{program}:/usr/bin:/bin"
    sshd = ask(tmp_path, Host("x"), ["sh"], PATH=path)[0].sshd
    assert sshd is not None
    assert sshd.is_ours
    assert not sshd.is_whole
    assert sshd.values["maxsessions"] == "3"
    assert sshd.startups == 3
    included.write_text("MaxSessions=3\n")
    sshd = ask(tmp_path, Host("x"), ["sh"], PATH=path)[0].sshd
    assert sshd is not None
    assert sshd.is_whole
    assert dict(sshd.values) == {"maxsessions": "3", "port": "2222"}


def test_settings_of_another_sshd_are_not_taken_for_ours(tmp_path: Path) -> None:
    sshd = ask(tmp_path, Host("x"), ["sh"], SSH_CONNECTION="127.0.0.1 1 127.0.0.1 2299")[0].sshd
    assert sshd is None or not sshd.is_ours


@pytest.mark.parametrize("name", ["claude", "codex"])
def test_options_are_those_that_runs_are_started_with(name: str) -> None:
    session = "00000000-0000-4000-8000-000000000000"
    used: set[str] = set()
    for mode in get_args(Mode):
        for can_ask in (False, True):
            request = AgentRequest(
                "r", name, "p", mode, session, model="m", budget_usd=1.0, can_ask=can_ask
            )
            words = adapter(name).command(request).argv
            used |= {word for word in words if word.startswith("-") and len(word) > 2}
            used |= {SHORT_FORMS[word] for word in words if word in SHORT_FORMS}
    assert used - UNNAMED_BY_HELP == set(CLAUDE_OPTIONS if name == "claude" else CODEX_OPTIONS)


def test_the_real_agents_know_every_option(tmp_path: Path) -> None:
    for name in ("claude", "codex"):
        (tmp_path / ".local/bin").mkdir(parents=True, exist_ok=True)
        (tmp_path / ".local/bin" / name).symlink_to(require_cli(name))
    answers, _ = ask(tmp_path, Host("x"), ["sh"])
    assert set(answers.agents) == {"claude", "codex"}
    for agent in answers.agents.values():
        assert agent.knows_help
        assert agent.lacks == ()
        assert agent.login_status == 1


ANSWER = b"""Last login: today
fleet-doctor=1
uid=1000
path=/usr/bin:
variables=known
git=yes
home-folder=ok
fleet-probe=1
hostname=nas
home=/home/u
agent.claude.path=/opt/claude
agent.claude.version=2.1.329
fleet-probe-end=1
agent.claude.help=yes
agent.claude.login=0
sshd-port=22
sshd-no=maxsessions 10
sshd-read=yes
file=ssh drwx------+ 1000 /home/u/.ssh
key=SHA256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa /home/u/.ssh/id
authorized-file=/home/u/.ssh/authorized_keys
authorized=1:ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFake c
fleet-doctor-end=1
"""


def test_an_answer_that_ends_early_is_taken_as_far_as_it_goes() -> None:
    whole = parse_answer(ANSWER, 1.0)
    assert whole.is_whole
    assert whole.path == ("/usr/bin", "")
    cut = parse_answer(ANSWER[: ANSWER.index(b"fleet-probe-end=1") + 30], 1.0)
    assert not cut.is_whole
    assert cut.agents["claude"].login_status is None
    assert cut.sshd is None
    results = examine(Host("x"), Answers(remote=cut), Shared())
    assert {r.id for r in results if isinstance(r, Finding)} == {"agent-off-path", "path-relative"}


def test_an_answer_of_the_probe_alone_claims_nothing_more() -> None:
    start, end = ANSWER.index(b"fleet-probe=1"), ANSWER.index(b"agent.claude.help")
    answers = parse_answer(ANSWER[start:end], 1.0)
    assert not answers.is_whole
    assert answers.facts is not None
    results = examine(Host("x"), Answers(remote=answers), Shared())
    assert [r.id for r in results if isinstance(r, Finding)] == []


def test_what_is_no_answer_is_an_error() -> None:
    with pytest.raises(FleetError, match="not available"):
        parse_answer(b"This account is \x1b[1mnot available.\n", 1.0)


@settings(max_examples=150, deadline=None, database=None)
@given(values=st.lists(st.tuples(st.integers(0, 30), st.binary(max_size=80)), max_size=12))
def test_hostile_answers_are_survived(values: list[tuple[int, bytes]]) -> None:
    lines = ANSWER.rstrip(b"\n").split(b"\n")
    markers = (b"fleet-probe=1", b"fleet-probe-end=1")
    for place, junk in values:
        line = lines[place % len(lines)]
        if line not in markers:
            lines[place % len(lines)] = line.split(b"=")[0] + b"=" + junk.replace(b"\n", b"")
    answers = parse_answer(b"\n".join(lines) + b"\n", 1.0)
    for result in examine(Host("x"), Answers(remote=answers), Shared()):
        texts = [result.why]
        if isinstance(result, Finding):
            texts += [result.what, result.mend]
        for text in texts:
            assert sanitize(text) == text
            assert "\n" not in text


@pytest.mark.parametrize(
    ("said", "sent", "received", "offset"),
    [
        (b"1700000010.500000000\n", 1700000010.0, 1700000011.0, 0.0),
        (b"motd 12\n1700000020.500000000\n", 1700000010.0, 1700000011.0, 9.5),
        (b"1700000000.5", 1700000010.0, 1700000011.0, -9.0),
        (b"1700000000.500", 1700000010.0, 1700000011.0, -9.499),
        (b"1700000010.N\n", 1700000010.9, 1700000011.0, 0.0),
        (b"1700000005.N\n", 1700000010.0, 1700000011.0, -4.0),
        (b"1700000013.%N\r\n", 1700000010.0, 1700000011.0, 2.0),
    ],
)
def test_only_what_is_certain_of_a_clock_counts(
    said: bytes, sent: float, received: float, offset: float
) -> None:
    reading = parse_clock(said, sent, received)
    assert reading is not None
    assert reading.certain_offset == pytest.approx(offset, abs=1e-5)


@pytest.mark.parametrize("said", [b"", b"date: illegal option", b"99", b"1" * 40])
def test_what_is_no_time_is_none(said: bytes) -> None:
    assert parse_clock(said, 1.0, 2.0) is None
