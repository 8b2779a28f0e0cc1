from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from fleet_tui.clock import SystemClock
from fleet_tui.dispatch.admission import Admission
from fleet_tui.dispatch.spending import Spending
from fleet_tui.journal import RunStore
from fleet_tui.model.config import Budget, Defaults, FleetConfig
from fleet_tui.model.errors import EmptyTarget, Refused, TargetError, UsageError
from fleet_tui.model.host import Host
from fleet_tui.model.request import DispatchRequest
from fleet_tui.model.run import Dispatch, Run
from tests.support.fakes import waits_for
from tests.support.stage import fleet_file, staged

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOSTS = (Host("web01", groups=("web",)), Host("web02", groups=("web",)), Host("nas", agent="codex"))
ASK = DispatchRequest("web*", "summarise the logs")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RunStore]:
    opened = RunStore(tmp_path)
    yield opened
    opened.close()


def admission(store: RunStore, **parts: object) -> Admission:
    config = FleetConfig(hosts=HOSTS, **parts)  # type: ignore[arg-type]
    return Admission(config, Spending(store, SystemClock()))


def spend(store: RunStore, usd: float | None) -> None:
    """Record a run of today that cost `usd`."""
    now = SystemClock().time()
    store.add_dispatch(
        Dispatch("d-1", "nas", "x", "claude", "read", "operator", "me", 1, now),
        [Run("r-1", "d-1", "nas", "claude", "read", created_at=now)],
        "o-1",
    )
    ended = Run("r-1", "d-1", "nas", "claude", "read", "failed", "error", created_at=now)
    store.finish_runs([(replace(ended, cost_usd=usd, started_at=now, finished_at=now), "")])


def begin(store: RunStore, budget: float | None) -> None:
    """Record a run of another program that is open now and may cost `budget`."""
    now = SystemClock().time()
    run = Run("r-2", "d-2", "nas", "claude", "read", "running", created_at=now, budget_usd=budget)
    store.add_dispatch(
        Dispatch("d-2", "nas", "x", "claude", "read", "operator", "me", 1, now), [run], "o-2"
    )


def test_hosts_come_in_the_order_of_the_fleet(store: RunStore) -> None:
    hosts = admission(store).admit(replace(ASK, target="nas,web02,web01", agent="claude"))
    assert [host.name for host in hosts] == ["web01", "web02", "nas"]


@pytest.mark.parametrize(
    ("target", "kind"), [("nowhere", EmptyTarget), ("web01 & nas", EmptyTarget), ("(", TargetError)]
)
def test_a_target_that_selects_nothing_is_told(
    target: str, kind: type[Exception], store: RunStore
) -> None:
    with pytest.raises(kind):
        admission(store).admit(replace(ASK, target=target))
    assert admission(store).preview(replace(ASK, target=target)).problem


def test_an_empty_prompt_is_a_usage_error(store: RunStore) -> None:
    with pytest.raises(UsageError, match="prompt is empty"):
        admission(store).admit(replace(ASK, prompt=" \n"))
    assert admission(store).preview(replace(ASK, prompt="")).problem == "the prompt is empty"


def test_a_preview_says_what_would_happen_without_io(store: RunStore) -> None:
    preview = admission(store, defaults=Defaults(budget_usd=0.5)).preview(ASK)
    assert preview.hosts == ("web01", "web02")
    assert preview.folded == "web[01-02]"
    assert (preview.agent, preview.mode, preview.problem) == ("claude", "read", "")
    assert preview.worst_case_usd == 1.0


def test_a_preview_of_different_agents_names_none(store: RunStore) -> None:
    preview = admission(store, defaults=Defaults(budget_usd=0.5)).preview(
        replace(ASK, target="all")
    )
    assert preview.agent is None
    assert preview.worst_case_usd is None, "codex can be held to no budget"


def test_codex_starts_under_a_cap_where_fleet_toml_says_what_a_run_counts_with(
    store: RunStore,
) -> None:
    ask = replace(ASK, target="nas", budget_usd=0.01)
    price = {"model": "*", "input": 1.0, "output": 10.0, "as_of": "2026-11-20"}
    capped = Budget(usd_per_day=1.0)
    with pytest.raises(Refused, match="codex could cost any amount"):
        admission(store, budget=capped, sections={"price": (price,)}).admit(ask)
    gate = admission(store, budget=capped, sections={"price": ({**price, "reserve_usd": 0.6},)})
    assert [host.name for host in gate.admit(ask)] == ["nas"]
    assert gate.preview(ask).cost == "1 host × $0.60 = $0.60 of $1.00 left today"  # noqa: RUF001
    spend(store, 0.5)
    with pytest.raises(Refused, match=r"could cost \$0\.60"):
        gate.admit(ask)


def test_a_plain_command_costs_nothing_and_needs_no_budget(store: RunStore) -> None:
    spend(store, 99.0)
    gate = admission(store, budget=Budget(usd_per_day=1.0))
    assert len(gate.admit(replace(ASK, agent="shell"))) == 2
    assert gate.preview(replace(ASK, agent="shell")).worst_case_usd == 0.0


def test_what_others_spent_today_counts(store: RunStore) -> None:
    gate = admission(store, budget=Budget(usd_per_day=1.0), defaults=Defaults(budget_usd=0.3))
    gate.admit(ASK)
    spend(store, 0.5)
    with pytest.raises(Refused, match=r"could cost \$0\.60, \$0\.50 is left today"):
        gate.admit(ASK)


def test_what_open_runs_may_still_cost_counts(store: RunStore) -> None:
    budget, defaults = Budget(usd_per_day=1.0), Defaults(budget_usd=0.3)
    admission(store, budget=budget, defaults=defaults).admit(ASK)
    begin(store, 0.9)
    gate = admission(store, budget=budget, defaults=defaults)
    with pytest.raises(Refused, match=r"\$0\.10 is left"):
        gate.admit(ASK)
    assert (
        gate.preview(ASK).cost
        == "2 hosts \N{MULTIPLICATION SIGN} $0.30 = $0.60 of $0.10 left today"
    )


def test_an_open_run_without_a_cap_counts_as_over(store: RunStore) -> None:
    begin(store, None)
    with pytest.raises(Refused, match="counts as over"):
        admission(store, budget=Budget(usd_per_day=9.0), defaults=Defaults(budget_usd=0.1)).admit(
            ASK
        )


def test_a_cost_that_is_not_known_counts_as_over(store: RunStore) -> None:
    spend(store, None)
    with pytest.raises(Refused, match="without its cost being known"):
        admission(store, budget=Budget(usd_per_day=9.0), defaults=Defaults(budget_usd=0.1)).admit(
            ASK
        )


def test_a_dispatch_cap_is_shared_out_when_no_budget_is_given(store: RunStore) -> None:
    gate = admission(store, budget=Budget(usd_per_dispatch=1.0))
    assert gate.preview(ASK).worst_case_usd == 1.0
    with pytest.raises(Refused, match="over"):
        gate.admit(replace(ASK, budget_usd=0.6))


def test_a_read_only_program_starts_nothing(store: RunStore) -> None:
    config = FleetConfig(hosts=HOSTS)
    gate = Admission(config, Spending(store, SystemClock()), is_read_only=True)
    with pytest.raises(Refused, match="read-only"):
        gate.admit(ASK)


async def test_two_programs_at_once_cannot_both_take_the_rest_of_the_day(tmp_path: Path) -> None:
    config = fleet_file(
        tmp_path, ["web01"], budget=Budget(usd_per_day=1.0), defaults=Defaults(budget_usd=0.6)
    )
    go = asyncio.Event()
    async with (
        staged(config, {"web01": waits_for(go)}) as first,
        staged(config, {"web01": waits_for(go)}) as second,
    ):
        request = DispatchRequest("web01", "look", "claude")
        both = await asyncio.gather(
            first.fleet.dispatch(request), second.fleet.dispatch(request), return_exceptions=True
        )
        assert [isinstance(result, Refused) for result in both].count(True) == 1
        (line,) = first.log("refused")
        assert "$0.40 is left today" in line.text("why")
        go.set()
        await asyncio.gather(*(one.finished for one in both if not isinstance(one, BaseException)))
