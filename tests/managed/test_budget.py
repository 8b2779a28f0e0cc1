"""A session that has stopped at its budget goes on with a larger one, if gate and cap allow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fleet_tui.demo.managed_api import Fault
from fleet_tui.managed.faults import CloudError
from fleet_tui.model.errors import Refused, UsageError
from fleet_tui.model.managed_view import GO_ON
from tests.managed.cloud_fleet import CloudFleet, cloud_fleet, config_for

if TYPE_CHECKING:
    from pathlib import Path

    from fleet_tui.demo.managed_api import ManagedApi
    from fleet_tui.model.managed_view import ManagedSession


async def stopped(fleet: CloudFleet) -> ManagedSession:
    """Return a session that has used up its budget of $0.40."""
    session = await fleet.start("use the whole budget", budget_usd=0.4)
    await fleet.until_rest(session)
    kept = fleet.kept(session)
    assert (kept.state, kept.cost_usd) == ("over-budget", 0.4)
    return kept


def cap_of(fleet: CloudFleet, session: ManagedSession) -> str:
    """Return the cap that the service holds a session to, in cents."""
    budget = fleet.api.sessions[session.session].about["budget"]
    return str(budget["max_list_cost"]["amount"])


async def test_it_goes_on_with_more_and_the_log_knows_before(fleet: CloudFleet) -> None:
    session = await stopped(fleet)
    await fleet.agents.orders.raise_budget(session, 1.0)
    follower = await fleet.until(session, lambda story: story.cost_usd == pytest.approx(0.47))
    await fleet.until_rest(session)
    kept = fleet.kept(session)
    assert (kept.state, kept.budget_usd) == ("idle", 1.0)
    assert cap_of(fleet, session) == "100"
    said = [line.text for line in follower.story.lines]
    assert said.index("its budget is $1.00") < said.index(f"> {GO_ON}")
    assert fleet.logged()[-4:] == [
        ("budget", ""),
        ("budget", "done"),
        ("send", ""),
        ("send", "done"),
    ]
    (line, _) = [line for line in fleet.stage.log("managed") if line.text("do") == "budget"]
    assert (line.text("budget"), line.text("origin")) == ("1.0", "operator")


@pytest.mark.parametrize("usd", [0.3, 0.4, 0.0, float("nan")])
async def test_no_less_than_it_has_used(fleet: CloudFleet, usd: float) -> None:
    session = await stopped(fleet)
    with pytest.raises(UsageError):
        await fleet.agents.orders.raise_budget(session, usd)
    assert cap_of(fleet, session) == "40"
    assert fleet.logged("budget") == []


async def test_only_one_that_has_stopped_at_it(fleet: CloudFleet) -> None:
    session = await fleet.start()
    await fleet.until_rest(session)
    with pytest.raises(UsageError, match="not stopped at its budget: idle"):
        await fleet.agents.orders.raise_budget(fleet.kept(session), 2.0)


async def test_the_day_s_cap_counts_what_it_may_cost_more(api: ManagedApi, tmp_path: Path) -> None:
    async with cloud_fleet(config_for(tmp_path, api, budget_usd_per_day=1.0), api) as fleet:
        session = await stopped(fleet)
        with pytest.raises(Refused, match=r"could cost \$0.70, and \$0.60 of \$1.00 is left"):
            await fleet.agents.orders.raise_budget(session, 1.1)
        kept = fleet.kept(session)
        assert (kept.state, kept.budget_usd, cap_of(fleet, session)) == ("over-budget", 0.4, "40")
        assert [line.text("id") for line in fleet.stage.log("refused")] == [session.id]
        await fleet.agents.orders.raise_budget(session, 1.0)
        await fleet.until_rest(session)


async def test_where_the_service_refuses_all_stays_as_it_was(fleet: CloudFleet) -> None:
    session = await stopped(fleet)
    fleet.api.faults.append(Fault("POST", f"/{session.session}", status=400))
    with pytest.raises(CloudError):
        await fleet.agents.orders.raise_budget(session, 1.0)
    kept = fleet.kept(session)
    assert (kept.state, kept.budget_usd) == ("over-budget", 0.4)
    assert fleet.logged("budget") == [("budget", ""), ("budget", "failed")]


async def test_an_answer_that_is_lost_is_asked_for_again(fleet: CloudFleet) -> None:
    session = await stopped(fleet)
    fleet.api.faults.append(Fault("POST", f"/{session.session}", when="after"))
    await fleet.agents.orders.raise_budget(session, 1.0)
    await fleet.until(session, lambda story: story.cost_usd == pytest.approx(0.47))
    assert cap_of(fleet, session) == "100"
    assert fleet.logged("budget") == [("budget", ""), ("budget", "done")]
