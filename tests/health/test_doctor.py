"""Each rule of the doctor on answers written by hand."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING, get_args

import pytest

from fleet_tui.health.check_here import LocalFolder, check_here
from fleet_tui.health.check_shared_keys import check_shared_keys
from fleet_tui.health.doctor import CHECKS, examine, worst_exit
from fleet_tui.health.doctor_answers import (
    Answers,
    ClientView,
    HeldKey,
    HostAnswers,
    HostKey,
    LocalKey,
)
from fleet_tui.health.doctor_case import Shared, version_numbers
from fleet_tui.health.doctor_findings import Finding, NotChecked, report
from fleet_tui.health.doctor_share import share
from fleet_tui.model.errors import ConnectFault, Unreachable
from fleet_tui.model.host import AgentInstall, Host
from tests.support.doctor_cases import (
    CASES,
    CLIENT,
    CLOCK,
    CONFINED,
    FACTS,
    KEY,
    WELL,
    with_claude,
    with_remote,
)

if TYPE_CHECKING:
    from fleet_tui.health.doctor_findings import Result


def examined(
    answers: Answers | None = None, host: Host | None = None, shared: Shared | None = None
) -> tuple[Result, ...]:
    return examine(
        host or Host("web"),
        answers or Answers(CLIENT, remote=WELL, clock=CLOCK),
        shared or Shared(),
    )


def told(results: tuple[Result, ...]) -> list[tuple[str, str]]:
    return [(one.id, one.severity if isinstance(one, Finding) else "unchecked") for one in results]


@pytest.mark.parametrize(("answers", "host", "expected"), CASES.values(), ids=CASES)
def test_each_fault_is_told_once_and_nothing_else(
    answers: Answers, host: Host, expected: list[tuple[str, str]]
) -> None:
    results = examined(answers, host)
    assert told(results) == expected
    for one in results:
        assert one.host == "web"
        assert one.why
        if isinstance(one, Finding):
            assert one.what
            assert one.mend


def test_a_host_that_is_well_gives_nothing() -> None:
    assert examined() == ()


@pytest.mark.parametrize("fault", get_args(ConnectFault))
def test_every_fault_of_a_connection_has_an_id_and_a_mend(fault: ConnectFault) -> None:
    error = Unreachable("it did not work", host="web", fault=fault)
    first, *rest = examined(Answers(CLIENT, error=error))
    assert isinstance(first, Finding)
    assert first.severity == "error"
    assert first.id == (fault if fault.startswith("hostkey-") else f"unreachable-{fault}")
    assert first.mend
    assert [type(one) for one in rest] == [NotChecked]


def test_old_commands_are_named_only_to_warn_of_them() -> None:
    for answers, host, _ in CASES.values():
        for one in examined(answers, host):
            if isinstance(one, Finding):
                for gone in ("claude login", "claude exec", "--no-browser"):
                    assert gone not in one.mend
    (one,) = examined(with_claude(login_status=1))
    assert isinstance(one, Finding)
    assert one.mend == "ssh -t web '/usr/bin/claude auth login'"
    assert "`claude login`" in one.why


def test_mends_survive_odd_names() -> None:
    odd = AgentInstall("/home/u/my tools/it's/claude", "2.1.329")
    agents = {"claude": replace(WELL.agents["claude"], is_on_path=False, login_status=1)}
    for shell in ("/bin/bash", "/bin/zsh", "/usr/bin/fish", "/bin/sh", ""):
        results = examined(
            with_remote(facts=replace(FACTS, agents={"claude": odd}), agents=agents, shell=shell)
        )
        mends = [one.mend for one in results if isinstance(one, Finding)]
        assert len(mends) == 2
        for mend in mends:
            # As the local shell reads it, and then the one of the host.
            words = shlex.split(shlex.split(mend)[-1])
            assert any("my tools/it's" in word for word in words)


def test_an_older_release_than_elsewhere_is_a_note() -> None:
    shared = Shared(newest={"claude": ("2.1.1000", "nas")})
    (one,) = examined(shared=shared)
    assert isinstance(one, Finding)
    assert (one.id, one.severity) == ("agent-behind", "note")
    assert version_numbers("2.1.1000-beta") > version_numbers("2.1.329")


def test_the_worst_comes_first_and_decides_the_exit() -> None:
    note = Finding("a", "n", "note", "", "", "")
    warning = replace(note, severity="warning")
    error = replace(note, severity="error")
    one = report("a", [note, NotChecked("a", "x", "y"), error, warning])
    assert [f.severity for f in one.findings] == ["error", "warning", "note"]
    assert one.worst == "error"
    assert len(one.unchecked) == 1
    assert worst_exit([report("b", [warning, note])]) == 0
    assert worst_exit([one]) == 1
    assert worst_exit([one, report("c", [error], is_reachable=False)]) == 4
    assert worst_exit([]) == 0


def test_what_is_said_of_a_key_needs_a_proof() -> None:
    other = replace(KEY, path="/here/k2", fingerprint="SHA256:k2")
    alike = ClientView(ssh="ssh x", server="10.0.0.2:22", user="u", keys=(KEY, other))
    elsewhere = replace(FACTS, hostname="db")
    unread = replace(WELL, facts=elsewhere, authorized=None)
    first = (Host("web"), Answers(CLIENT, remote=WELL))
    # Two keys were offered and nobody knows which one it was.
    shared = share([first, (Host("db"), Answers(alike, remote=unread))], "claude")
    assert shared.accepted == {"SHA256:k1": ("web",)}
    assert list(check_shared_keys(shared)) == []
    # Its authorized_keys names the one.
    read = replace(unread, authorized=(CONFINED,))
    shared = share([first, (Host("db"), Answers(alike, remote=read))], "claude")
    assert [f.id for f in check_shared_keys(shared)] == ["client-key-shared"]
    # Only one could have been offered.
    single = replace(alike, keys=(KEY,))
    shared = share([first, (Host("db"), Answers(single, remote=unread))], "claude")
    assert [f.id for f in check_shared_keys(shared)] == ["client-key-shared"]


def test_one_machine_under_two_names_is_one_place() -> None:
    held = replace(WELL, keys=(HeldKey("/home/u/.ssh/id", "SHA256:h"),))
    host_key = HostKey("ssh-ed25519", "SHA256:hk", "/kh:1")
    client = replace(CLIENT, host_keys=(host_key,))
    lan = (Host("web"), Answers(client, remote=held))
    vpn = (Host("web-vpn"), Answers(replace(client, server="100.64.0.1:22"), remote=held))
    assert list(check_shared_keys(share([lan, vpn], "claude"))) == []
    # A clone has the name and the home folder too, but did not start at the same time.
    clone_facts = replace(FACTS, uptime_seconds=5000.0)
    clone = replace(held, facts=clone_facts)
    cloned = (Host("web2"), Answers(replace(client, server="10.0.0.9:22"), remote=clone))
    ids = [f.id for f in check_shared_keys(share([lan, cloned], "claude"))]
    assert ids == ["key-copied", "client-key-shared", "host-key-shared"]


def test_this_machine_reached_by_ssh_holds_no_copy_of_its_own_key() -> None:
    held = replace(WELL, keys=(HeldKey("/home/u/.ssh/k1", "SHA256:k1"),))
    hosts = [(Host("web"), Answers(CLIENT, remote=held))]
    assert list(check_shared_keys(share(hosts, "claude", ("web", "/home/u")))) == []
    (one,) = check_shared_keys(share(hosts, "claude", ("desk", "/home/u")))
    assert one.id == "key-copied"
    assert "this machine" in one.what


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (KEY, []),
        (replace(KEY, is_encrypted=False), ["key-unencrypted"]),
        (replace(KEY, is_encrypted=None), []),
        (replace(KEY, is_encrypted=False, is_hardware=True), []),
        (replace(KEY, mode=0o640), ["key-readable"]),
    ],
)
def test_keys_of_this_machine(key: LocalKey, expected: list[str]) -> None:
    views = [replace(CLIENT, keys=(key,)), replace(CLIENT, keys=(key,))]
    assert [one.id for one in check_here(views, [])] == expected


def test_folders_of_this_machine() -> None:
    folders = [LocalFolder("/here", 0o755), LocalFolder("/here/.ssh", 0o720)]
    assert [one.id for one in check_here([], folders)] == ["ssh-writable"]
    (one,) = check_here([], folders, has_modes=False)
    assert isinstance(one, NotChecked)


def test_no_check_minds_that_nothing_was_learnt() -> None:
    nothing = Answers(ClientView(forwards_agent=False), remote=HostAnswers())
    results = examined(nothing)
    assert [one for one in results if isinstance(one, Finding)] == []
    assert len(CHECKS) == 12
