from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fleet_tui.model.events import (
    DispatchFinished,
    Event,
    LinkChanged,
    NoticeRaised,
    RunFinished,
)
from fleet_tui.model.host import LinkStatus
from fleet_tui.model.run import Dispatch, Run
from fleet_tui.notify import NoticeWatch

if TYPE_CHECKING:
    from fleet_tui.model.notice import Notice


class StoppedClock:
    def time(self) -> float:
        return 1000.0

    def monotonic(self) -> float:
        return 0.0


DISPATCH = Dispatch(
    "d-1", "all", "say hello", "claude", "read", "operator", "me@here", 1, 990.0, finished_at=1000.0
)
RUN = Run("r-1", "d-1", "web01", "claude", "read", state="failed", outcome="auth", reason="no key")


def notices(*events: Event) -> list[Notice]:
    """Return what a watch makes of these events, in order."""
    raised: list[Notice] = []

    def publish(event: Event) -> None:
        assert isinstance(event, NoticeRaised)
        raised.append(event.notice)

    watch = NoticeWatch(StoppedClock(), publish)
    for event in events:
        watch.heard(event)
    return raised


def link(state: str, since: float) -> LinkChanged:
    return LinkChanged(LinkStatus("nas", state, since, reason="cable"))  # type: ignore[arg-type]


def test_a_failed_run_is_told_with_its_reason() -> None:
    (notice,) = notices(RunFinished(RUN))
    assert (notice.severity, notice.source) == ("error", "web01")
    assert "no key" in notice.text
    assert notice.run == "r-1"


def test_a_run_that_went_well_is_not_worth_a_notice() -> None:
    assert notices(RunFinished(replace(RUN, state="succeeded", outcome="ok"))) == []


def test_one_trouble_on_many_hosts_is_one_notice_with_a_count() -> None:
    told = notices(
        *(RunFinished(replace(RUN, id=f"r-{n}", host=f"web{n:02}")) for n in range(1, 101))
    )
    assert len({notice.id for notice in told}) == 1
    assert told[-1].count == 100
    assert "web[01-100]" in told[-1].text or "web[01-99,100]" in told[-1].text


def test_a_finished_dispatch_is_summed_up() -> None:
    good = replace(RUN, state="succeeded", outcome="ok", cost_usd=0.25)
    (notice,) = notices(DispatchFinished(DISPATCH, (good, replace(good, cost_usd=0.5))))
    assert notice.severity == "info"
    assert "2/2 succeeded in 10 s, $0.75: say hello" in notice.text
    (notice,) = notices(DispatchFinished(DISPATCH, (replace(good, cost_usd=0.001),)))
    assert "1/1 succeeded in 10 s, <$0.01: say hello" in notice.text


def test_losing_a_host_and_finding_it_again_are_told_once_each() -> None:
    states = ("connecting", "up", "down", "down", "up")
    told = notices(*(link(state, since) for since, state in enumerate(states)))
    assert [notice.event for notice in told] == ["host-lost", "host-back"]


def test_a_host_that_never_answered_was_not_lost() -> None:
    assert notices(link("connecting", 1), link("down", 2)) == []
