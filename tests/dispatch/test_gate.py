from __future__ import annotations

import itertools
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_tui.dispatch.gate import GateCase, refusal
from fleet_tui.model.run import AgentName, Mode, Origin

MODES: tuple[Mode, ...] = get_args(Mode)
ORIGINS: tuple[Origin, ...] = get_args(Origin)
AGENTS: tuple[AgentName, ...] = get_args(AgentName)

CASE = GateCase(
    agent="claude",
    mode="read",
    enforceable=frozenset(MODES),
    origin="operator",
    hosts=("web01", "web02"),
)


@pytest.mark.parametrize(("mode", "origin"), itertools.product(MODES, ORIGINS))
@pytest.mark.parametrize("vouched", [False, True])
def test_who_may_open_which_mode(mode: Mode, origin: Origin, vouched: bool) -> None:
    case = replace(
        CASE,
        mode=mode,
        origin=origin,
        is_vouched_for=vouched,
        named_hosts=frozenset(CASE.hosts),
    )
    allowed = (
        mode == "read"
        or (mode == "write" and (origin == "operator" or vouched))
        or (mode == "unrestricted" and origin == "operator")
    )
    assert (refusal(case) is None) == allowed


@given(
    st.builds(
        GateCase,
        agent=st.sampled_from(AGENTS),
        mode=st.just("unrestricted"),
        enforceable=st.frozensets(st.sampled_from(MODES)),
        origin=st.sampled_from([o for o in ORIGINS if o != "operator"]),
        hosts=st.lists(st.sampled_from(["a", "b", "c"]), unique=True).map(tuple),
        named_hosts=st.frozensets(st.sampled_from(["a", "b", "c"])),
        is_vouched_for=st.booleans(),
        is_free=st.booleans(),
        worst_case_usd=st.none() | st.floats(0, 10),
    )
)
def test_nobody_but_the_operator_ever_gets_unrestricted(case: GateCase) -> None:
    assert refusal(case) is not None


@given(named=st.frozensets(st.sampled_from(["web01", "web02", "db1"])))
def test_unrestricted_needs_every_host_named_again(named: frozenset[str]) -> None:
    case = replace(CASE, mode="unrestricted", named_hosts=named)
    assert (refusal(case) is None) == ({"web01", "web02"} <= named)


def test_a_typed_command_needs_no_second_naming() -> None:
    case = replace(
        CASE, agent="shell", mode="unrestricted", enforceable=frozenset({"unrestricted"})
    )
    assert refusal(case) is None


def test_a_shell_command_cannot_be_promised_to_only_read() -> None:
    why = refusal(replace(CASE, agent="shell", enforceable=frozenset({"unrestricted"})))
    assert why is not None
    assert "cannot be held to mode read" in why.what


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"hosts": ()}, "selects no host"),
        ({"is_read_only": True}, "read-only"),
        ({"usd_per_dispatch": 1.0}, "could cost any amount"),
        ({"usd_left_today": 5.0}, "could cost any amount"),
        ({"usd_per_dispatch": 1.0, "worst_case_usd": 1.5}, "over $1.00 per dispatch"),
        ({"usd_left_today": 1.0, "worst_case_usd": 1.5}, "$1.00 is left today"),
        ({"usd_left_today": -1.0, "worst_case_usd": 0.5}, "$0.00 is left today"),
        (
            {"usd_left_today": 9.0, "worst_case_usd": 0.5, "today_is_complete": False},
            "counts as over",
        ),
    ],
)
def test_refusals_say_why(changes: dict[str, object], said: str) -> None:
    why = refusal(replace(CASE, **changes))  # type: ignore[arg-type]
    assert why is not None
    assert said in why.what
    assert why.mend


@pytest.mark.parametrize(
    "changes",
    [
        {"usd_per_dispatch": 2.0, "worst_case_usd": 1.5},
        {"usd_left_today": 2.0, "worst_case_usd": 1.5},
        {"usd_left_today": 0.0, "is_free": True},
    ],
)
def test_what_fits_the_caps_may_start(changes: dict[str, object]) -> None:
    assert refusal(replace(CASE, **changes)) is None  # type: ignore[arg-type]
