from __future__ import annotations

from typing import Any

import pytest

from fleet_tui.agents.claude_settings import settings_document, settings_fault
from fleet_tui.model.errors import UsageError
from tests.agents.streams import request

OURS = {"disableAutoMode": "disable", "permissions": {"allow": ["A"], "x": True}}


def gated(**settings: Any) -> dict[str, object]:
    return settings_document(request("write", can_ask=True, settings=settings))


def test_a_run_that_can_ask_edits_its_folder_and_cannot_be_widened() -> None:
    assert gated() == {
        "disableAutoMode": "disable",
        "permissions": {"allow": ["Edit(./**)"], "disableBypassPermissionsMode": "disable"},
    }


def test_rules_of_the_operator_are_added_to_ours() -> None:
    rules = {"allow": ["Bash(git status)", "Edit(./**)"], "deny": ["Bash(rm *)"]}
    permissions = gated(permissions=rules, hooks={})["permissions"]
    assert permissions == {
        "allow": ["Edit(./**)", "Bash(git status)"],
        "deny": ["Bash(rm *)"],
        "disableBypassPermissionsMode": "disable",
    }


@pytest.mark.parametrize(
    "settings",
    [
        {"disableAutoMode": "allow"},
        {"permissions": {"disableBypassPermissionsMode": None}},
        {"permissions": []},
        {"x": float("nan")},
        {"x": object()},
    ],
)
def test_settings_that_undo_ours_or_are_no_json_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="setting"):
        gated(**settings)


@pytest.mark.parametrize(("mode", "can_ask"), [("read", True), ("write", False)])
def test_settings_that_nobody_could_verify_are_refused(mode: Any, can_ask: bool) -> None:
    asked = request(mode, can_ask=can_ask, settings={"model": "x"})
    with pytest.raises(UsageError, match="verified"):
        settings_document(asked)


def test_settings_that_were_taken_are_no_fault_whatever_else_there_is() -> None:
    effective = {**OURS, "permissions": {"allow": ["B", "A"], "x": True, "y": 1}, "model": "sonnet"}
    assert settings_fault(OURS, {"effective": effective}) == ""
    assert settings_fault({}, {"effective": {}}) == ""


@pytest.mark.parametrize(
    ("effective", "words"),
    [
        ({}, "disableAutoMode was not taken"),
        ({**OURS, "disableAutoMode": "no"}, 'disableAutoMode is "no" there, not "disable"'),
        ({**OURS, "permissions": {"allow": [], "x": True}}, 'permissions.allow lacks "A"'),
        ({**OURS, "permissions": {"allow": "A", "x": True}}, 'permissions.allow lacks "A"'),
        ({**OURS, "permissions": {"allow": ["A"], "x": 1}}, "permissions.x is 1 there, not true"),
        ({**OURS, "permissions": None}, 'permissions.allow lacks "A"'),
        (None, "does not say"),
        ([], "does not say"),
    ],
)
def test_a_setting_that_was_not_taken_is_named(effective: Any, words: str) -> None:
    assert words in settings_fault(OURS, {"effective": effective})


def test_an_empty_setting_that_is_missing_is_named() -> None:
    assert settings_fault({"hooks": {}}, {"effective": {}}) == "setting hooks was not taken"


@pytest.mark.parametrize(
    ("errors", "words"),
    [
        (
            [{"file": "/tmp/x/claude-settings-1.json", "path": "a.b", "message": "Bad\x1b[1m."}],
            "setting a.b is invalid: Bad.",
        ),
        (
            [{"file": "/home/u/.claude/settings.json", "path": "", "message": "no JSON"}, {}],
            "setting file in /home/u/.claude/settings.json is invalid: no JSON (and 1 more)",
        ),
        ("broken", "its settings are invalid, and it does not say which"),
        ([1], "its settings are invalid, and it does not say which"),
        ([{}], "setting file is invalid: invalid"),
    ],
)
def test_an_invalid_setting_is_named_with_its_file(errors: Any, words: str) -> None:
    assert settings_fault(OURS, {"effective": OURS, "errors": errors}) == words
