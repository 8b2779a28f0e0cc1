"""What happens in a session is known once, whatever becomes of the connection."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from fleet_tui.demo.managed_api import Fault
from fleet_tui.managed.faults import CloudError
from fleet_tui.model.errors import UsageError
from fleet_tui.model.events import PartChanged
from fleet_tui.model.managed_view import ManagedView
from tests.managed.cloud_fleet import cloud_fleet, config_for

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_tui.demo.managed_api import ManagedApi
    from fleet_tui.managed.follower import Follower
    from tests.managed.cloud_fleet import CloudFleet


def said(follower: Follower) -> list[str]:
    return [line.text for line in follower.story.lines]


async def test_a_session_is_followed_to_its_rest(fleet: CloudFleet) -> None:
    session = await fleet.start("audit the packages")
    follower = await fleet.until_rest(session)
    lines = said(follower)
    assert lines[:2] == ["> audit the packages", "bash: pip list --outdated"]
    assert "I looked at all 214 packages. Three have known weaknesses:" in lines
    kept = fleet.kept(session)
    assert (kept.state, kept.cost_usd, kept.model) == ("idle", 0.07, "claude-opus-5-5")
    assert kept.last_word.startswith("I looked at all 214 packages.")
    assert fleet.notices() == ["managed-done"]


async def test_every_line_is_there_once_after_the_stream_broke(fleet: CloudFleet) -> None:
    session = await fleet.start("a long look")
    follower = await fleet.until(session, lambda story: len(story.lines) > 4)
    for _ in range(3):
        await follower.is_live.wait()
        fleet.api.cut_streams()
        while follower.is_live.is_set():
            await follower.changed()
    await follower.is_live.wait()
    await fleet.agents.orders.stop(session)
    await fleet.until_rest(session)
    kept = fleet.api.sessions[session.session].events
    texts = [e["content"][0]["text"] for e in kept if e["type"] == "agent.message"]
    assert [text for text in said(follower) if text.endswith("…")] == texts
    streams = [path for _, path in fleet.api.asked if "/stream" in path]
    assert len(streams) >= 4


async def test_an_event_of_a_kind_that_is_not_known_yet_harms_nothing(fleet: CloudFleet) -> None:
    session = await fleet.start()
    await fleet.until_rest(session)
    events = fleet.api.sessions[session.session].events
    assert "some.future_event" in [event["type"] for event in events]


async def test_what_stands_on_more_than_one_page_is_read_whole(fleet: CloudFleet) -> None:
    fleet.api.page = 3
    session = await fleet.start()
    await fleet.until_rest(session)
    assert len(fleet.api.sessions[session.session].events) > fleet.api.page
    lines = await fleet.agents.lines(session.id)
    assert lines[0].text == "> look around"
    assert lines[-1].text.startswith("The first two")


async def test_a_used_up_budget_is_a_state_of_its_own(fleet: CloudFleet) -> None:
    session = await fleet.start("use the whole budget", budget_usd=0.4)
    await fleet.until_rest(session)
    kept = fleet.kept(session)
    assert (kept.state, kept.cost_usd) == ("over-budget", 0.4)
    assert fleet.notices() == ["managed-over-budget"]
    with pytest.raises(UsageError, match="its budget is used up"):
        await fleet.agents.orders.send(kept, "go on")


async def test_a_failure_in_the_session_is_told(fleet: CloudFleet) -> None:
    session = await fleet.start("fail")
    await fleet.until_rest(session)
    kept = fleet.kept(session)
    assert (kept.state, kept.why) == (
        "stuck",
        "model_overloaded_error: the model is overloaded",
    )
    assert fleet.notices() == ["managed-failed"]


async def test_a_tool_waits_for_a_person_and_goes_on_when_allowed(fleet: CloudFleet) -> None:
    session = await fleet.start("ask me")
    follower = await fleet.until(session, lambda story: bool(story.asks))
    (ask,) = follower.story.asks
    assert (ask.tool, ask.text) == ("bash", "pip install httplib==2.1.4 && pytest -q")
    await fleet.until_kept(session, lambda kept: kept.state == "waiting")
    assert await fleet.agents.asks(fleet.kept(session)) == (ask,)
    await fleet.agents.orders.decide(fleet.kept(session), ask, is_allowed=True)
    await fleet.until_rest(session)
    assert "allowed" in said(follower)
    assert "214 passed in 12.31s" in said(follower)
    assert fleet.logged("allow") == [("allow", ""), ("allow", "done")]
    assert fleet.notices() == ["managed-asks", "managed-done"]


async def test_a_tool_is_denied_with_a_reason(fleet: CloudFleet) -> None:
    session = await fleet.start("ask me")
    follower = await fleet.until(session, lambda story: bool(story.asks))
    (ask,) = follower.story.asks
    kept = fleet.kept(session)
    await fleet.agents.orders.decide(kept, ask, is_allowed=False, why="not on friday")
    await fleet.until_rest(session)
    assert "denied: not on friday" in said(follower)
    assert fleet.stage.log("managed")[-2].text("why") == "not on friday"


async def test_a_tool_of_another_program_cannot_be_answered_here(fleet: CloudFleet) -> None:
    session = await fleet.start("custom")
    follower = await fleet.until(session, lambda story: bool(story.asks))
    (ask,) = follower.story.asks
    with pytest.raises(UsageError, match="a program of its own"):
        await fleet.agents.orders.decide(fleet.kept(session), ask, is_allowed=True)


async def test_a_text_goes_on_with_a_session_that_rests(fleet: CloudFleet) -> None:
    session = await fleet.start()
    follower = await fleet.until_rest(session)
    await fleet.agents.orders.send(fleet.kept(session), "and now?")
    await fleet.until(session, lambda story: story.cost_usd == 0.14)
    await fleet.until_rest(session)
    assert "> and now?" in said(follower)
    assert fleet.logged("send") == [("send", ""), ("send", "done")]


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_text_whose_answer_is_lost_is_said_once(fleet: CloudFleet, when: str) -> None:
    fleet.api.page = 3
    session = await fleet.start()
    await fleet.until_rest(session)
    fault = Fault("POST", "/events", when=when)  # type: ignore[arg-type]
    fleet.api.faults.append(fault)
    await fleet.agents.orders.send(fleet.kept(session), "look around")
    events = fleet.api.sessions[session.session].events
    assert [event["type"] for event in events].count("user.message") == 2


async def test_a_text_that_is_refused_leaves_the_session_as_it_was(fleet: CloudFleet) -> None:
    session = await fleet.start()
    await fleet.until_rest(session)
    fleet.api.faults.append(Fault("POST", "/events", status=402))
    with pytest.raises(CloudError, match="402"):
        await fleet.agents.orders.send(fleet.kept(session), "go on")
    assert fleet.kept(session).state == "idle"
    assert fleet.logged("send") == [("send", ""), ("send", "failed")]


async def test_stopping_ends_the_turn_and_archiving_the_session(fleet: CloudFleet) -> None:
    session = await fleet.start("a long look")
    await fleet.until(session, lambda story: len(story.lines) > 2)
    await fleet.agents.orders.stop(session)
    await fleet.until_rest(session)
    await fleet.agents.orders.archive(fleet.kept(session))
    assert fleet.kept(session).state == "archived"
    with pytest.raises(UsageError, match="it is over: archived"):
        await fleet.agents.orders.send(fleet.kept(session), "go on")
    assert [do for do, status in fleet.logged() if not status] == ["start", "stop", "archive"]


async def test_a_restart_finds_the_sessions_again(api: ManagedApi, tmp_path: Path) -> None:
    config = config_for(tmp_path, api)
    async with cloud_fleet(config, api) as before:
        session = await before.start("ask me")
        await before.until(session, lambda story: bool(story.asks))
    async with cloud_fleet(config, api) as after:
        await after.agents.start()
        await after.stage.until(
            lambda event: (
                isinstance(event, PartChanged)
                and isinstance(event.view, ManagedView)
                and bool(event.view.rows[0].asks)
            )
        )
        (row,) = after.agents.view().rows
        assert row.session.state == "waiting"
        assert [ask.tool for ask in row.asks] == ["bash"]
        assert len(api.created) == 1


async def test_a_start_that_a_crash_left_open_gets_its_end(api: ManagedApi, tmp_path: Path) -> None:
    config = config_for(tmp_path, api)
    async with cloud_fleet(config, api) as before:
        session = await before.start()
        rows = before.agents._rows
        rows.forget(session.id)
        gone = replace(session, session="", state="starting", owner="o-gone", created_at=1.0)
        rows.begin(replace(gone, id="m-GONE"), before.agents.today(), lambda _sums: None)
        rows.begin(gone, before.agents.today(), lambda _sums: None)
    async with cloud_fleet(config, api) as after:
        found = await after.agents.refresh_all(after.agents.sessions())
        assert {row.session.id: row.session.session for row in found} == {
            session.id: session.session,
            "m-GONE": "",
        }
        assert after.kept(replace(session, id="m-GONE")).state == "failed"
        assert after.logged()[2:] == [("start", "failed"), ("start", "done")]


async def test_a_session_that_the_service_has_no_more_is_gone(fleet: CloudFleet) -> None:
    session = await fleet.start()
    await fleet.until_rest(session)
    fleet.api.sessions.clear()
    fleet.api.cut_streams()
    row = await fleet.agents.refresh(fleet.kept(session))
    assert row.session.state == "gone"


async def test_what_cannot_be_asked_is_said_with_the_last_word(fleet: CloudFleet) -> None:
    session = await fleet.start("ask me")
    fleet.api.faults += [Fault("GET", "/events")] * 4
    row = await fleet.agents.refresh(fleet.kept(session))
    assert "it cannot be reached" in row.trouble
    assert row.session.shown_state(session.created_at + 1000) == "unknown"


async def test_silence_of_a_stream_is_no_proof(api: ManagedApi, tmp_path: Path) -> None:
    async with cloud_fleet(config_for(tmp_path, api), api, look_seconds=0.02) as fleet:
        session = await fleet.start("ask me")
        await fleet.until(session, lambda story: bool(story.asks))
        about = f"/v1/sessions/{session.session}"
        seen = [path for _, path in api.asked].count(about)
        await fleet.until(session, lambda _: [p for _, p in api.asked].count(about) >= seen + 3)
        api.sessions[session.session].about["archived_at"] = "2026-11-21T00:00:00Z"
        await fleet.until_kept(session, lambda kept: kept.state == "archived")


async def test_an_answer_of_no_known_form_is_asked_for_again(fleet: CloudFleet) -> None:
    session = await fleet.start("a long look")
    fleet.api.faults += [
        Fault("GET", "/events", status=200, body={"data": 5}),
        Fault("GET", "/events/stream", status=503),
    ]
    follower = await fleet.until(session, lambda story: len(story.lines) > 4)
    assert not fleet.api.faults
    assert follower.trouble == ""


async def test_ids_may_be_shortened(fleet: CloudFleet) -> None:
    session = await fleet.start()
    assert fleet.agents.named(session.id[-6:]).id == session.id
    assert fleet.agents.named(session.session).id == session.id
    with pytest.raises(UsageError, match="is no session of this fleet"):
        fleet.agents.named("nobody")
