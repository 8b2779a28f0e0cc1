from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.notify.services import Reply, Services, serve
from tests.support.sshd import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.program import Program


@pytest.fixture
def services() -> Iterator[Services]:
    with serve() as running:
        yield running


@pytest.fixture
def routed(program: Program, services: Services) -> Program:
    more = f"""
[[notify]]
name = "hook"
kind = "webhook"
url = "{services.url}/hook/x"

[[notify]]
name = "pager"
kind = "ntfy"
url = "{services.url}/ntfy/alerts"
min_severity = "error"
"""
    program.configure(["web01"], more=more)
    return program


def test_a_text_is_told_on_the_routes_that_take_it(routed: Program, services: Services) -> None:
    done = routed.run("notify", "backup", "is", "late", "--severity", "warning")
    assert (done.code, done.out, done.err) == (0, "hook: accepted 200 thanks\n", "")
    [body] = services.bodies()
    assert (body["text"], body["severity"]) == ("backup is late", "warning")
    assert [line for line in routed.log.read_text().splitlines() if "  notice  " in line]


def test_every_route_is_proven(routed: Program, services: Services) -> None:
    services.plan.put(Reply(200, b"thanks"))
    services.plan.put(Reply(401, {"code": 40101, "error": "unauthorized"}))
    done = routed.run("notify", "test")
    assert done.code == 1
    assert "hook (webhook): accepted, 200 thanks" in done.out
    assert "pager (ntfy): refused, 401 40101 unauthorized" in done.out
    (one,) = routed.run("notify", "test", "hook", "--json").objects
    assert (one["route"], one["state"]) == ("hook", "accepted")


def test_what_was_told_is_listed_with_its_proof_and_acknowledged(routed: Program) -> None:
    routed.run("notify", "one", "--severity", "error")
    (notice,) = routed.run("notify", "list", "--json").objects
    assert {one["route"]: one["state"] for one in notice["deliveries"]} == {
        "hook": "accepted",
        "pager": "accepted",
    }
    assert "hook accepted, pager accepted" in routed.run("notify", "list").out
    assert routed.run("notify", "ack", notice["id"]).code == 0
    assert routed.run("notify", "ack", notice["id"]).code == 1
    assert "acknowledged" in routed.run("notify", "list").out


def test_the_environment_names_a_route(program: Program, services: Services) -> None:
    program.configure(["web01"])
    program.env = {"CLAUDE_NOTIFY_URL": f"{services.url}/alerts"}
    assert program.run("notify", "hello").code == 0
    assert services.bodies()[0]["topic"] == "alerts"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("notify",), "nothing to tell"),
        (("notify", "test"), "there is no route"),
        (("notify", "ack"), "which notice"),
    ],
)
def test_what_cannot_be_done_is_said(program: Program, words: tuple[str, ...], told: str) -> None:
    program.configure(["web01"])
    done = program.run(*words)
    assert done.code == 2
    assert told in done.err


def test_hooks_are_shown_before_they_are_written_and_taken_out_whole(program: Program) -> None:
    program.configure(
        [{"name": "here", "connection": "local"}], more=f"[receiver]\nport = {free_port()}\n"
    )
    settings = program.home / ".claude/settings.json"
    settings.parent.mkdir(parents=True)
    settings.write_text('{\n  "model": "opus"\n}\n')
    before = settings.read_text()
    refused = program.run("notify", "install-hook", "here")
    assert refused.code == 2
    assert "--yes" in refused.err
    assert '"StopFailure"' in refused.out
    assert settings.read_text() == before
    done = program.run("notify", "install-hook", "here", "--yes")
    assert done.code == 0, done.err
    assert "settings.json.fleet-backup" in done.out
    assert "/hook" in settings.read_text()
    assert "as it should be" in program.run("notify", "install-hook", "here", "--yes").out
    assert program.run("notify", "install-hook", "here", "--yes", "--undo").code == 0
    assert settings.read_text() == before


def test_a_host_that_may_not_send_gets_no_hook(routed: Program) -> None:
    done = routed.run("notify", "install-hook", "web01", "--yes")
    assert done.code == 2
    assert "[receiver]" in done.err


def test_a_run_tells_the_routes_before_it_ends(program: Program, services: Services) -> None:
    more = f'[[notify]]\nkind = "webhook"\nurl = "{services.url}/hook/x"\n'
    program.configure([{"name": "here", "connection": "local"}], more=more)
    assert program.run("run", "here", "--agent", "shell", "--", "exit 3").code == 1
    events = {body["event"] for body in services.bodies()}
    assert events == {"run-failed", "dispatch-finished"}
