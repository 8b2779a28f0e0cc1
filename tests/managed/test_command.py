"""`fleet-tui managed` as its user has it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from fleet_tui.demo.managed_api import Fault, ManagedApi
from tests.managed.cloud_fleet import AGENT, ENVIRONMENT, KEY_VARIABLE
from tests.support.program import Program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECTION = """[managed]
agent = "{agent}"
environment = "{environment}"
key_env = "{key}"
base_url = "{url}"
budget_usd = 0.5
budget_usd_per_day = 1.0
max_parallel = 2
"""


@pytest.fixture
def service() -> Iterator[ManagedApi]:
    with ManagedApi() as running:
        yield running


@pytest.fixture
def program(tmp_path: Path, service: ManagedApi) -> Program:
    about = {"agent": AGENT, "environment": ENVIRONMENT, "key": KEY_VARIABLE, "url": service.url}
    made = Program(tmp_path, {KEY_VARIABLE: service.key})
    made.configure(["web01"], more=SECTION.format(**about))
    return made


def test_a_session_is_started_followed_and_listed(program: Program, service: ManagedApi) -> None:
    done = program.run("managed", "start", "--follow", "--title", "audit", "--", "look", "around")
    assert done.code == 0, done.err
    assert done.lines[:3] == ["> look around", "$ bash: pip list --outdated", "| httplib 2.1"]
    assert "is sesn_000001, at most $0.50" in done.err
    listed = program.run("managed", "list", "--json")
    (row,) = listed.objects
    assert (row["state"], row["title"], row["cost_usd"]) == ("idle", "audit", 0.07)
    assert program.run("managed", "list").lines[1].split()[1] == "idle"
    costs = program.run("costs", "--by", "agent", "--json")
    assert [(x["name"], x["usd"], x["runs"]) for x in costs.objects] == [("managed", 0.07, 1)]
    sent = program.run("managed", "send", row["id"], "--follow", "--", "and now?")
    assert sent.code == 0, sent.err
    assert sent.lines[0] == "> and now?"
    shown = program.run("managed", "show", row["id"], "--json", "--tail", "500")
    texts = [x["text"] for x in shown.events("managed-line")]
    assert texts.count("> look around") == texts.count("> and now?") == 1
    assert len(service.created) == 1


def test_what_it_asks_is_answered_by_a_person_alone(program: Program) -> None:
    started = program.run("managed", "start", "--json", "--", "ask me")
    (about,) = started.objects
    session = about["id"]
    with program.running("managed", "attach", session, "--until-idle", "--json") as attached:
        attached.event("managed-line", id=session, tag="q")
        refused = program.run("--read-only", "managed", "allow", session)
        assert (refused.code, refused.out) == (3, "")
        assert program.run("managed", "allow", session[-6:]).code == 0
        end = attached.event("managed-session", id=session)
        assert attached.end().code == 0
    assert (end["state"], end["asks"]) == ("idle", [])
    assert program.run("managed", "allow", session).err.startswith("fleet-tui: m-")
    assert program.run("managed", "archive", session).code == 0
    over = program.run("managed", "send", session, "--", "go on")
    assert (over.code, "it is over: archived" in over.err) == (2, True)


def test_one_that_stopped_at_its_budget_goes_on_with_more(program: Program) -> None:
    spent = program.run("managed", "start", "--json", "--follow", "--", "use the whole budget")
    session = spent.events("managed-session")[-1]["id"]
    dear = program.run("managed", "budget", session, "1.2")
    assert (dear.code, "$0.50 of $1.00 is left" in dear.err) == (3, True)
    small = program.run("managed", "budget", session, "0.5")
    assert (small.code, "raises nothing" in small.err) == (2, True)
    more = program.run(
        "managed", "budget", session[-6:], "0.9", "--follow", "--json", "--", "go on"
    )
    assert more.code == 0, more.err
    end = more.events("managed-session")[-1]
    assert (end["state"], end["budget_usd"]) == ("idle", 0.9)
    orders = [x["do"] for x in program.run("log", "--json", "managed").objects if "status" not in x]
    assert orders == ["start", "budget", "send"]


def test_a_session_is_stopped(program: Program) -> None:
    (about,) = program.run("managed", "start", "--json", "--", "a long look").objects
    with program.running("managed", "attach", about["id"], "--until-idle") as attached:
        while not attached.line().startswith("Reading the journal"):
            pass
        assert program.run("managed", "stop", about["id"]).code == 0
        assert attached.end().code == 0


def test_gates_and_the_service_refuse_with_their_own_status(
    program: Program, service: ManagedApi
) -> None:
    dear = program.run("managed", "start", "--budget", "1.5", "--", "x")
    assert (dear.code, "$1.00 of $1.00 is left" in dear.err) == (3, True)
    assert program.run("managed", "start", "--budget", "0", "--", "x").code == 2
    assert program.run("managed", "start").code == 2
    assert program.run("managed", "stop", "nobody").code == 2
    assert service.asked == []
    service.faults.append(Fault("POST", "/v1/sessions", status=401))
    wrong = program.run("managed", "start", "--", "x")
    assert (wrong.code, "see that the key" in wrong.err) == (1, True)
    verified = program.run("log", "--verify")
    assert verified.code == 0, verified.err


def test_a_service_that_is_away_leaves_the_last_word(program: Program, service: ManagedApi) -> None:
    (about,) = program.run("managed", "start", "--json", "--", "ask me").objects
    service.close()
    service.closing = threading.Event()
    listed = program.run("managed", "list", "--json")
    (row,) = listed.objects
    assert listed.code == 4
    assert "cannot be reached" in row["trouble"]
    assert (row["id"], row["last_state"]) == (about["id"], "starting")


def test_without_key_or_section_one_line_says_what_to_do(program: Program) -> None:
    without_key = Program(program.folder)
    started = without_key.run("managed", "start", "--", "x")
    assert started.err == (
        f"fleet-tui: [managed]: the variable {KEY_VARIABLE} is not set "
        "(set it, or name a program in key_command)\n"
    )
    program.configure(["web01"])
    plain = program.run("managed", "list")
    assert (plain.code, len(plain.err.splitlines())) == (2, 1)
    assert "fleet.toml has no [managed] section" in plain.err


def test_without_the_library_one_line_says_what_to_install(program: Program) -> None:
    hidden = program.folder / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text(
        "import importlib.util as u\n"
        "found = u.find_spec\n"
        "u.find_spec = lambda name, *more: None if name == 'anthropic' else found(name, *more)\n"
    )
    path = f"{hidden}:{program.environment['PYTHONPATH']}"
    bare = Program(program.folder, {**program.env, "PYTHONPATH": path})
    started = bare.run("managed", "start", "--", "x")
    assert started.code == 1
    assert "pip install 'fleet-tui[cloud]'" in started.err
    assert len(started.err.splitlines()) == 1
