"""A button answers one question, once, in time, and only for the command that was shown."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet_tui.model.question import Question
from fleet_tui.notify.phone import (
    LONGEST_COMMAND,
    PhoneGate,
    button_body,
    digest_of,
    gate_named,
    judge,
    may_be_asked,
)

KEY = b"k" * 32
ASKED = Question("q-1", "r-1", "Bash", "command", "rm -rf build", cwd="/srv/app")
GATE = PhoneGate("g-1", "r-1", "q-1", digest_of(ASKED), "ab" * 16, expires_at=1000.0)


def verdict(body: str, **changes: Any) -> tuple[bool, str, str]:
    given: dict[str, Any] = {"now": 500.0, "is_used": False, "digest_now": GATE.digest, **changes}
    found = judge(body, given.pop("gate", GATE), given.pop("key", KEY), **given)
    return found.is_valid, found.decision, found.reason


def changed(body: str, **fields: object) -> str:
    return json.dumps({**json.loads(body), **fields})


def test_allow_and_deny_are_heard() -> None:
    assert verdict(button_body(GATE, "allow", KEY)) == (True, "allow", "")
    assert verdict(button_body(GATE, "deny", KEY)) == (True, "deny", "")
    assert gate_named(button_body(GATE, "allow", KEY)) == "g-1"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"now": 1000.0}, "too late"),
        ({"is_used": True}, "answered before"),
        ({"digest_now": None}, "not open any more"),
        ({"digest_now": digest_of(replace(ASKED, text="rm -rf /"))}, "has changed"),
        ({"key": b"x" * 32}, "MAC is wrong"),
        ({"gate": None}, "nothing that was asked"),
        ({"gate": replace(GATE, id="g-2")}, "nothing that was asked"),
        ({"gate": replace(GATE, nonce="cd" * 16)}, "MAC is wrong"),
    ],
)
def test_what_is_stale_or_forged_is_refused_and_denies(changes: dict[str, Any], why: str) -> None:
    is_valid, decision, reason = verdict(button_body(GATE, "allow", KEY), **changes)
    assert (is_valid, decision) == (False, "deny")
    assert why in reason


@pytest.mark.parametrize(
    "fields",
    [
        {"d": "deny"},
        {"exp": 99_999},
        {"nonce": "00" * 16},
        {"mac": "0" * 64},
        {"mac": 7},
        {"mac": "\N{SNOWMAN}"},
        {"exp": "1000"},
        {"exp": True},
        {"d": "maybe"},
        {"d": None},
    ],
)
def test_a_changed_button_is_refused(fields: dict[str, object]) -> None:
    assert not verdict(changed(button_body(GATE, "allow", KEY), **fields))[0]


@given(st.text() | st.recursive(st.none() | st.integers(), st.lists, max_leaves=5).map(json.dumps))
def test_what_is_no_answer_is_refused(body: str) -> None:
    assert not verdict(body)[0]
    assert gate_named(body) in {"", "None"} or gate_named(body)


@given(st.text(max_size=50), st.text(max_size=50))
def test_two_commands_have_two_digests(one: str, other: str) -> None:
    digests = digest_of(replace(ASKED, text=one)), digest_of(replace(ASKED, text=other))
    assert (digests[0] == digests[1]) == (one == other)


def test_what_may_not_be_seen_whole_is_not_asked_on_a_phone() -> None:
    assert may_be_asked(ASKED, "write")
    assert not may_be_asked(ASKED, "unrestricted")
    assert not may_be_asked(replace(ASKED, is_exact=False), "write")
    assert not may_be_asked(replace(ASKED, kind="choice"), "write")
    assert not may_be_asked(replace(ASKED, text="x" * (LONGEST_COMMAND + 1)), "write")
