"""The settings given to Claude Code, and whether it took them.

One invalid value anywhere in `--settings` voids the whole document, rules that deny included, and
Claude Code says so to nobody who does not ask. So they are asked for, by the control request
`get_settings`, before the prompt is sent.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from fleet_tui.agents.jsonfields import mapping, objects, text
from fleet_tui.model.errors import UsageError
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fleet_tui.agents.jsonfields import JsonObject
    from fleet_tui.model.agent import AgentRequest

SETTINGS = '{"disableAutoMode":"disable"}'
"""Keeps a classifier from deciding what may run. One key only: nobody verifies it in a run that
cannot ask."""

_GATED: dict[str, object] = {
    "disableAutoMode": "disable",
    "permissions": {"allow": ["Edit(./**)"], "disableBypassPermissionsMode": "disable"},
}
"""A `write` run that can ask: files below its folder are edited freely (but for those the CLI holds
for sensitive: `.git`, `.claude`, `.mcp.json`, shell profiles), all else is asked for."""


def settings_document(request: AgentRequest) -> JsonObject:
    """Return the document for `--settings`; raises UsageError when the request's contradict ours.

    Also for settings of a run that cannot be asked whether it took them.
    """
    ours: JsonObject = json.loads(SETTINGS)
    if request.can_ask and request.mode == "write":
        ours = _GATED
    if not request.settings:
        return ours
    if not request.can_ask or request.mode == "read":
        raise UsageError("settings of claude cannot be verified in a run that cannot ask")
    try:
        theirs: JsonObject = json.loads(json.dumps(request.settings, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise UsageError(f"settings of claude are not JSON: {error}") from None
    return _merged(ours, theirs, "")


def settings_fault(asked: Mapping[str, object], answer: JsonObject) -> str:
    """Return how the answer to `get_settings` differs from what was asked; empty when it holds."""
    if answer.get("errors"):
        return _first_error(answer)
    effective = answer.get("effective")
    if not isinstance(effective, dict):
        return "the agent does not say which settings it took"
    return _missing(asked, effective, "")


def _merged(ours: JsonObject, theirs: JsonObject, place: str) -> JsonObject:
    result = dict(ours)
    for key, value in theirs.items():
        mine = ours.get(key)
        if mine is None or mine == value:
            result[key] = value
        elif isinstance(mine, dict) and isinstance(value, dict):
            result[key] = _merged(mine, value, f"{place}{key}.")
        elif isinstance(mine, list) and isinstance(value, list):
            result[key] = [*mine, *(entry for entry in value if entry not in mine)]
        else:
            raise UsageError(f"setting {place}{key} is fixed by the mode of the run")
    return result


def _first_error(answer: JsonObject) -> str:
    errors = objects(answer, "errors")
    if not errors:
        return "its settings are invalid, and it does not say which"
    place = one_line(text(errors[0], "path"), 120)
    words = one_line(text(errors[0], "message"), 300) or "invalid"
    file = one_line(text(errors[0], "file"), 200)
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    where = f" in {file}" if file and not _is_ours(file) else ""
    return f"setting {place or 'file'}{where} is invalid: {words}{more}"


def _is_ours(file: str) -> bool:
    """True for the file that Claude Code makes of `--settings`."""
    return file.replace("\\", "/").rpartition("/")[2].startswith("claude-settings-")


def _missing(asked: Mapping[str, object], found: Mapping[str, object], place: str) -> str:
    """Return the first of `asked` that `found` does not hold; lists may hold more."""
    for key, value in asked.items():
        name, other = f"{place}{key}", found.get(key)
        if isinstance(value, dict):
            inner = other if isinstance(other, dict) else {}
            if not value and key not in found:
                return f"setting {name} was not taken"
            if problem := _missing(value, inner, f"{name}."):
                return problem
        elif isinstance(value, list):
            held = other if isinstance(other, list) else []
            lost = next((entry for entry in value if entry not in held), None)
            if lost is not None:
                return f"setting {name} lacks {one_line(json.dumps(lost), 120)}"
        elif key not in found:
            return f"setting {name} was not taken"
        elif other != value or isinstance(other, bool) != isinstance(value, bool):
            shown = one_line(json.dumps(other, default=str), 80)
            return f"setting {name} is {shown} there, not {one_line(json.dumps(value), 80)}"
    return ""


def applied_model(answer: JsonObject) -> str:
    """Return the model that the answer to `get_settings` says would be used."""
    return one_line(text(mapping(answer, "applied"), "model"), 80)
