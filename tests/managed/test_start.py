"""Sessions begin once, within their budget, and the log knows before the service does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fleet_tui.demo.managed_api import Fault
from fleet_tui.managed.faults import CloudError
from fleet_tui.model.config import Budget
from fleet_tui.model.errors import FleetError, Refused, UsageError
from tests.managed.cloud_fleet import AGENT, KEY_VARIABLE, cloud_fleet, config_for

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_tui.demo.managed_api import ManagedApi
    from tests.managed.cloud_fleet import CloudFleet

SESSIONS = "/v1/sessions"
SLOW: dict[str, object] = {
    "type": "error",
    "error": {"type": "rate_limit_error", "message": "slow down"},
}


async def test_a_session_starts_with_its_prompt_its_budget_and_our_id(fleet: CloudFleet) -> None:
    session = await fleet.start("audit the packages", title="audit", budget_usd=1.25)
    (asked,) = fleet.api.created
    assert asked["agent"] == AGENT
    assert asked["budget"]["max_list_cost"] == {"amount": "125", "currency": "USD"}
    assert asked["metadata"] == {"fleet_tui_id": session.id}
    assert asked["initial_events"][0]["content"][0]["text"] == "audit the packages"
    assert fleet.kept(session).session == session.session == "sesn_000001"
    assert fleet.logged() == [("start", ""), ("start", "done")]
    first = fleet.stage.log("managed")[0]
    assert (first.text("msg"), first.text("budget")) == ("audit the packages", "1.25")
    assert fleet.stage.chain_holds()


async def test_the_log_is_written_before_the_service_is_asked(
    fleet: CloudFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[tuple[str, str]]] = []
    create = fleet.api.create

    def look_first(body: dict[str, object]) -> dict[str, object]:
        seen.append(fleet.logged())
        return create(body)

    monkeypatch.setattr(fleet.api, "create", look_first)
    await fleet.start()
    assert seen == [[("start", "")]]


@pytest.mark.parametrize("budget", [None, 0.0, 0.004, -1.0, float("nan"), float("inf")])
async def test_no_session_starts_without_a_budget(
    api: ManagedApi, tmp_path: Path, budget: float | None
) -> None:
    async with cloud_fleet(config_for(tmp_path, api, budget_usd=None), api) as fleet:
        with pytest.raises(UsageError):
            await fleet.start(budget_usd=budget)
        assert api.asked == []


async def test_an_answer_that_is_lost_does_not_start_it_twice(fleet: CloudFleet) -> None:
    fleet.api.page = 1
    other = await fleet.start("another")
    fleet.api.faults.append(Fault("POST", SESSIONS, when="after"))
    session = await fleet.start()
    assert len(fleet.api.created) == 2
    assert session.session not in ("", other.session)
    assert fleet.logged("start")[2:] == [("start", ""), ("start", "done")]


async def test_a_request_that_was_lost_is_made_again(fleet: CloudFleet) -> None:
    fleet.api.faults.append(Fault("POST", SESSIONS))
    session = await fleet.start()
    assert session.session
    assert len(fleet.api.created) == 1


async def test_an_error_of_the_service_after_the_start_does_not_start_it_twice(
    fleet: CloudFleet,
) -> None:
    fleet.api.faults.append(Fault("POST", SESSIONS, status=500, when="after"))
    session = await fleet.start()
    assert len(fleet.api.created) == 1
    assert session.session == "sesn_000001"


async def test_it_comes_again_when_the_service_says_so(fleet: CloudFleet) -> None:
    slow = Fault("POST", SESSIONS, status=429, body=SLOW, headers={"retry-after": "0.01"})
    fleet.api.faults += [slow, slow]
    assert (await fleet.start()).session
    assert len(fleet.api.created) == 1


async def test_a_spend_limit_is_not_asked_again(fleet: CloudFleet) -> None:
    fleet.api.faults.append(Fault("POST", SESSIONS, status=429, body=SLOW))
    with pytest.raises(CloudError, match="429: slow down") as refused:
        await fleet.start()
    assert refused.value.exit_code == 3
    assert len(fleet.api.asked) == 1
    (session,) = fleet.agents.sessions()
    assert (session.state, session.why) == ("failed", "it answered 429: slow down")
    assert fleet.logged() == [("start", ""), ("start", "failed")]


@pytest.mark.parametrize(
    ("status", "code", "mend"), [(401, 1, "the key of"), (402, 3, "billing"), (404, 1, "agent")]
)
async def test_what_the_service_refuses_is_told_with_its_mend(
    fleet: CloudFleet, status: int, code: int, mend: str
) -> None:
    body: dict[str, object] = {"error": {"type": "x", "message": "no \x1b[31mway"}}
    fleet.api.faults.append(Fault("POST", SESSIONS, status=status, body=body))
    with pytest.raises(CloudError, match=f"it answered {status}: no way") as refused:
        await fleet.start()
    assert refused.value.exit_code == code
    assert mend in (refused.value.mend or "")
    assert fleet.logged() == [("start", ""), ("start", "failed")]


async def test_when_nobody_can_tell_it_stays_unknown_until_it_is_found(
    fleet: CloudFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet.api.faults.append(Fault("POST", SESSIONS, when="after"))
    fleet.api.faults += [Fault("GET", SESSIONS)] * 4
    with pytest.raises(CloudError, match="is not known") as unsure:
        await fleet.start()
    assert unsure.value.exit_code == 4
    (session,) = fleet.agents.sessions()
    assert (session.state, session.session) == ("starting", "")
    assert session.shown_state(session.created_at + 100) == "unknown"
    assert fleet.logged() == [("start", ""), ("start", "unknown")]
    row = await fleet.agents.refresh(session)
    assert row.session.session == "sesn_000001"
    assert len(fleet.api.created) == 1
    assert fleet.logged()[-1] == ("start", "done")


async def test_only_so_many_are_active_at_once(api: ManagedApi, tmp_path: Path) -> None:
    async with cloud_fleet(config_for(tmp_path, api, max_parallel=1), api) as fleet:
        session = await fleet.start("ask me")
        with pytest.raises(Refused, match="1 cloud sessions are active, and at most 1"):
            await fleet.start()
        assert fleet.stage.log("refused")[0].text("agent") == "managed"
        await fleet.until(session, lambda story: bool(story.asks))
        with pytest.raises(Refused):
            await fleet.start()
        await fleet.agents.orders.archive(fleet.kept(session))
        assert (await fleet.start()).session


async def test_the_days_cap_counts_what_was_spent_and_what_may_be(
    api: ManagedApi, tmp_path: Path
) -> None:
    async with cloud_fleet(config_for(tmp_path, api, budget_usd_per_day=1.0), api) as fleet:
        first = await fleet.start(budget_usd=0.8)
        with pytest.raises(Refused, match=r"could cost \$0.50, and \$0.20 of \$1.00"):
            await fleet.start(budget_usd=0.5)
        await fleet.until_rest(first)
        second = await fleet.start(budget_usd=0.9)
        await fleet.until_rest(second)
        assert fleet.stage.fleet.spending.now().usd == pytest.approx(0.14)
        with pytest.raises(Refused, match=r"\$0.86 of \$1.00"):
            await fleet.start(budget_usd=0.9)


async def test_the_fleets_own_cap_holds_in_the_cloud_too(api: ManagedApi, tmp_path: Path) -> None:
    config = config_for(tmp_path, api, Budget(usd_per_day=0.3))
    async with cloud_fleet(config, api) as fleet:
        with pytest.raises(Refused, match="left today"):
            await fleet.start()
        assert api.asked == []


async def test_only_an_operator_starts_what_may_change_things(fleet: CloudFleet) -> None:
    with pytest.raises(Refused, match="mode write is not open to origin peer"):
        await fleet.start(origin="peer")
    assert fleet.api.asked == []


async def test_where_every_use_is_asked_other_origins_may_start_it(
    api: ManagedApi, tmp_path: Path
) -> None:
    async with cloud_fleet(config_for(tmp_path, api, tools="ask"), api) as fleet:
        await fleet.start(origin="daemon")
        agent = api.created[0]["agent"]
        policy = agent["tools"][0]["default_config"]["permission_policy"]["type"]
        assert (agent["type"], policy) == ("agent_with_overrides", "always_ask")
        assert fleet.stage.log("managed")[0].text("origin") == "daemon"


async def test_without_a_key_nothing_is_asked(
    fleet: CloudFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(KEY_VARIABLE)
    with pytest.raises(FleetError, match=f"the variable {KEY_VARIABLE} is not set"):
        await fleet.start()
    assert KEY_VARIABLE in fleet.agents.problem()
    assert (fleet.api.asked, fleet.logged()) == ([], [])


async def test_a_program_prints_the_key(api: ManagedApi, tmp_path: Path) -> None:
    config = config_for(tmp_path, api, key_env=None, key_command=f"echo {api.key}")
    async with cloud_fleet(config, api) as fleet:
        assert (await fleet.start()).session


async def test_a_key_never_leaves_in_the_clear(api: ManagedApi, tmp_path: Path) -> None:
    config = config_for(tmp_path, api, base_url="http://proxy.example")
    with pytest.raises(UsageError, match=r"in the clear to proxy\.example"):
        async with cloud_fleet(config, api):
            pass
