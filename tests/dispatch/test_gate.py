from __future__ import annotations

import itertools
import re
import sys
from dataclasses import replace
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_tui.dispatch.gate import GateCase, Login, Standing, VerifyState, refusal
from fleet_tui.model.run import AgentName, Mode, Origin
from tests.dispatch import gate_table

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


def test_a_plain_command_is_refused_to_others_by_its_own_name() -> None:
    shell = replace(CASE, agent="shell", mode="unrestricted")
    why = refusal(replace(shell, enforceable=frozenset({"unrestricted"}), origin="daemon"))
    assert why is not None
    assert why.what == "a plain command is never open to origin daemon"


def test_a_shell_command_cannot_be_promised_to_only_read() -> None:
    why = refusal(replace(CASE, agent="shell", enforceable=frozenset({"unrestricted"})))
    assert why is not None
    assert "cannot be held to mode read" in why.what


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"hosts": ()}, "selects no host"),
        ({"is_read_only": True}, "read-only"),
        ({"standing": "not-primary"}, "not the fleet's primary"),
        ({"standing": "behind"}, "newer primary"),
        ({"verify": "mismatched", "verify_said": "answered 1, expected 2"}, "answered 1"),
        ({"verify": "unanswered"}, "unanswered"),
        ({"opens": frozenset({"hooks"})}, "mode read cannot be kept"),
        (
            {"opens": frozenset({"mcp"}), "origin": "queue", "mode": "write"},
            "never opened|not open",
        ),
        ({"opens": frozenset({"mcp"}), "agent": "codex", "mode": "write"}, "codex has no mcp"),
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
    assert re.search(said if "|" in said else re.escape(said), why.what)
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


UNRESTRICTED = replace(CASE, mode="unrestricted", named_hosts=frozenset(CASE.hosts))


@pytest.mark.parametrize("login", get_args(Login))
@pytest.mark.parametrize("allowed", [False, True])
def test_unrestricted_is_refused_to_root_unless_the_file_allows_it(
    login: Login, allowed: bool
) -> None:
    why = refusal(replace(UNRESTRICTED, login=login, allows_root=allowed))
    assert (why is None) == (allowed or login in ("unasked", "user"))
    assert refusal(replace(CASE, mode="write", login=login)) is None


def test_the_truth_table_lets_nobody_else_skip_permissions() -> None:
    table = gate_table.count()
    sys.stdout.write("\n" + "\n".join(gate_table.lines(table)) + "\n")
    assert table.forbidden == []
    assert table.total == 149_040
    for mode, origin in itertools.product(MODES, ORIGINS):
        opened = table.opened[mode, origin]
        assert (opened == 0) == (mode == "unrestricted" and origin != "operator")
    never = ("empty", "read-only", "not-primary", "behind", "mismatched", "unanswered")
    for condition, value in table.asked_with:
        is_over = value in ("over-dispatch", "over-day", "unknown", "incomplete")
        if value in never or (condition == "budget" and is_over):
            assert table.opened_with[condition, value] == 0, value


HOSTS = st.lists(st.sampled_from(["a", "b", "c"]), unique=True, max_size=3)
DOLLARS = st.none() | st.floats(0, 10)
CASES = st.builds(
    GateCase,
    agent=st.sampled_from(AGENTS),
    mode=st.sampled_from(MODES),
    enforceable=st.frozensets(st.sampled_from(MODES)),
    origin=st.sampled_from(ORIGINS),
    hosts=HOSTS.map(tuple),
    named_hosts=HOSTS.map(frozenset),
    is_vouched_for=st.booleans(),
    is_read_only=st.booleans(),
    standing=st.sampled_from(get_args(Standing)),
    verify=st.sampled_from(get_args(VerifyState)),
    login=st.sampled_from(get_args(Login)),
    allows_root=st.booleans(),
    opens=st.frozensets(st.sampled_from(["hooks", "mcp"])),
    worst_case_usd=DOLLARS,
    is_free=st.booleans(),
    usd_per_dispatch=DOLLARS,
    usd_left_today=DOLLARS,
    today_is_complete=st.booleans(),
)
WORSE: dict[str, object] = {
    "is_read_only": True,
    "standing": "behind",
    "hosts": (),
    "named_hosts": frozenset(),
    "is_vouched_for": False,
    "verify": "mismatched",
    "login": "unknown",
    "allows_root": False,
    "opens": frozenset({"hooks", "mcp"}),
    "enforceable": frozenset(),
    "is_free": False,
    "today_is_complete": False,
    "usd_left_today": 0.0,
    "usd_per_dispatch": 0.0,
    "worst_case_usd": 11.0,
    "origin": "peer",
}


@given(case=CASES, change=st.sampled_from(sorted(WORSE)))
def test_what_is_refused_stays_refused_when_anything_gets_worse(
    case: GateCase, change: str
) -> None:
    if refusal(case) is not None:
        assert refusal(replace(case, **{change: WORSE[change]})) is not None  # type: ignore[arg-type]


@given(case=CASES)
def test_a_weaker_mode_is_never_harder_to_get(case: GateCase) -> None:
    case = replace(case, enforceable=frozenset(MODES), opens=frozenset())
    if refusal(replace(case, mode="unrestricted")) is None:
        assert refusal(replace(case, mode="write")) is None
    if refusal(replace(case, mode="write")) is None:
        assert refusal(replace(case, mode="read")) is None


@given(case=CASES)
def test_the_same_case_always_gets_the_same_answer(case: GateCase) -> None:
    assert refusal(case) == refusal(case)
