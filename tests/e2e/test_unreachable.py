"""Hosts that cannot be reached: each a clear line with its mend, none a hang."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.sshd import LOOPBACK, SshServer, make_key
from tests.support.unreachable import refused_port, silent_peer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.program import Done, Program

QUICK = "[defaults]\nconnect_timeout = 2\n"


@pytest.fixture
def own(tmp_path: Path) -> Iterator[SshServer]:
    """An sshd that a test may spoil."""
    with SshServer(tmp_path, name="own") as running:
        yield running


def tried(program: Program) -> tuple[dict[str, Any], Done]:
    """Run `true` on all hosts; return the only end, as JSON and as a person sees it."""
    told = program.run("run", "all", "--agent", "shell", "--json", "--", "true")
    shown = program.run("run", "all", "--agent", "shell", "--", "true")
    assert (told.code, shown.code, shown.out) == (4, 4, "")
    (end,) = told.events("run-finished")
    assert (end["state"], end["exit_status"], end["cost_usd"]) == ("failed", None, 0.0)
    assert len(shown.err.splitlines()) == 1
    assert shown.err.startswith(f"fleet-tui: {end['host']}: failed: ")
    assert end["mend"]
    assert end["mend"] in shown.err
    statuses = [line["outcome"] for line in program.run("log", "--json", "result").objects]
    assert statuses == [end["outcome"]] * 2
    return end, shown


def test_an_unknown_host_key_shows_the_fingerprint_and_how_to_accept_it(
    program: Program, own: SshServer
) -> None:
    client = own.client_config("web")
    client.known_hosts.write_text("")
    program.configure(["web"], ssh_config=client.ssh_config)
    end, _ = tried(program)
    assert end["outcome"] == "host-key"
    assert "not known yet" in end["reason"]
    assert "SHA256:" in end["reason"]
    assert "ssh " in end["mend"]
    assert client.known_hosts.read_text() == ""


def test_a_changed_host_key_is_another_error(
    program: Program, own: SshServer, tmp_path: Path
) -> None:
    client = own.client_config("web")
    other = make_key(tmp_path / "other").with_suffix(".pub").read_text()
    client.known_hosts.write_text(f"[{LOOPBACK}]:{own.port} {other}")
    program.configure(["web"], ssh_config=client.ssh_config)
    end, _ = tried(program)
    assert end["outcome"] == "host-key"
    assert "CHANGED" in end["reason"]
    assert f"{client.known_hosts}:1" in end["reason"]
    assert "ssh-keygen -R" in end["mend"]


def test_a_wrong_key_says_which_were_tried(
    program: Program, own: SshServer, tmp_path: Path
) -> None:
    own.authorize(make_key(tmp_path / "another"))
    program.configure_for(own, "web")
    end, _ = tried(program)
    assert end["outcome"] == "connect"
    assert "key" in end["reason"]


def test_a_refused_port(program: Program) -> None:
    with refused_port() as port:
        program.configure([{"name": "web", "address": LOOPBACK, "port": port}])
        end, _ = tried(program)
    assert end["outcome"] == "connect"
    assert "refused" in end["reason"]


@pytest.mark.parametrize(
    ("greeting", "said"),
    [(b"", "then said nothing"), (b"SSH-2.0-Silent\r\n", "stopped answering")],
    ids=["nothing", "banner"],
)
def test_a_peer_that_falls_silent_is_given_up(greeting: bytes, said: str, program: Program) -> None:
    with silent_peer(greeting) as port:
        program.configure([{"name": "web", "address": LOOPBACK, "port": port}], more=QUICK)
        end, _ = tried(program)
    assert end["outcome"] == "connect"
    assert said in end["reason"]


def test_a_peer_that_speaks_something_else(program: Program) -> None:
    with silent_peer(b"HTTP/1.1 400 Bad \x1b[2JRequest\r\n\r\n" * 30) as port:
        program.configure([{"name": "web", "address": LOOPBACK, "port": port}], more=QUICK)
        end, shown = tried(program)
    assert end["outcome"] == "connect"
    assert "\x1b" not in shown.err


def test_a_name_that_does_not_resolve(program: Program) -> None:
    program.configure([{"name": "web", "address": "no-such-host.invalid"}], more=QUICK)
    end, _ = tried(program)
    assert "no-such-host.invalid" in end["reason"] + end["mend"]


def test_fifty_hosts_get_in_through_two_unauthenticated_logins(
    program: Program, tmp_path: Path
) -> None:
    names = [f"web{n:02}" for n in range(50)]
    with SshServer(tmp_path, name="narrow", options={"MaxStartups": "2"}) as narrow:
        program.configure_for(narrow, *names)
        done = program.run("run", "all", "--agent", "shell", "--json", "--", "echo in")
    assert done.code == 0, done.err
    assert done.events("dispatch-finished")[0]["counts"] == {"succeeded": 50}
    assert sorted(found["host"] for found in done.events("output")) == names
