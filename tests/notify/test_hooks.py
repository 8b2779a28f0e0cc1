"""Hooks are added beside what is there, and taken out whole."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

import pytest

from fleet_tui.model.errors import FleetError
from fleet_tui.notify.hooks import BACKUP, EVENTS, apply, planned, with_hooks, without_hooks

if TYPE_CHECKING:
    from fleet_tui.transport.base import RemoteFiles

URL = "http://127.0.0.1:7898/secret/hook"
OTHERS = {
    "model": "opus",
    "hooks": {
        "Stop": [{"matcher": "", "hooks": [{"type": "command", "command": "say done"}]}],
        "PreToolUse": [{"hooks": [{"type": "http", "url": "http://127.0.0.1:9/guard/hook"}]}],
    },
}


class Files:
    """A host's files in memory."""

    def __init__(self, **kept: str) -> None:
        self.kept = {path: text.encode() for path, text in kept.items()}

    async def read(self, path: str, *, offset: int = 0, size: int = -1) -> bytes:
        if path not in self.kept:
            raise FileNotFoundError(path)
        return self.kept[path][offset:]

    async def write(self, path: str, data: bytes, *, mode: int = 0o600) -> None:
        self.kept[path] = data

    def as_files(self) -> RemoteFiles:
        return cast("RemoteFiles", self)


def test_hooks_stand_beside_those_of_others() -> None:
    made = json.loads(with_hooks(json.dumps(OTHERS), URL))
    assert made["model"] == "opus"
    assert made["hooks"]["PreToolUse"] == OTHERS["hooks"]["PreToolUse"]  # type: ignore[index]
    assert made["hooks"]["Stop"][0]["hooks"][0]["command"] == "say done"
    for event in EVENTS:
        assert made["hooks"][event][-1]["hooks"][0]["url"] == URL


def test_undo_leaves_what_was_there() -> None:
    assert json.loads(without_hooks(with_hooks(json.dumps(OTHERS), URL))) == OTHERS
    assert without_hooks(with_hooks("", URL)) == ""
    text = json.dumps(OTHERS)
    assert without_hooks(text) is text


def test_a_second_time_changes_nothing_and_a_new_address_replaces_the_old() -> None:
    once = with_hooks("", URL)
    assert with_hooks(once, URL) == once
    moved = with_hooks(once, URL.replace("7898", "7999"))
    assert "7898" not in moved
    assert moved.count("7999") == len(EVENTS)


@pytest.mark.parametrize(
    "settings", ["{", "[]", '{"hooks": 3}', '{"hooks": {"Stop": {}}}', '"text"']
)
def test_settings_that_make_no_sense_are_left_alone(settings: str) -> None:
    with pytest.raises(FleetError):
        with_hooks(settings, URL)


async def test_a_change_is_shown_written_and_kept() -> None:
    files = Files(**{"/h/settings.json": json.dumps(OTHERS)})
    change = await planned(files.as_files(), "/h", URL)
    assert any(line.startswith("+") and URL in line for line in change.diff)
    assert await apply(files.as_files(), change) == f"/h/{BACKUP}"
    assert json.loads(files.kept[f"/h/{BACKUP}"]) == OTHERS
    again = await planned(files.as_files(), "/h", URL)
    assert not again.is_needed
    undo = await planned(files.as_files(), "/h", None)
    await apply(files.as_files(), undo)
    assert json.loads(files.kept["/h/settings.json"]) == OTHERS


async def test_settings_that_changed_meanwhile_are_not_overwritten() -> None:
    files = Files()
    change = await planned(files.as_files(), "/h", URL)
    files.kept["/h/settings.json"] = b'{"model": "sonnet"}'
    with pytest.raises(FleetError, match="have changed since"):
        await apply(files.as_files(), change)
    assert files.kept["/h/settings.json"] == b'{"model": "sonnet"}'


async def test_a_file_that_is_too_large_or_no_text_is_said() -> None:
    files = Files()
    files.kept["/h/settings.json"] = b"\xff\xfe"
    with pytest.raises(FleetError, match=r"/h/settings.json: .*no UTF-8"):
        await planned(files.as_files(), "/h", URL)
    files.kept["/h/settings.json"] = b" " * ((1 << 20) + 1)
    with pytest.raises(FleetError, match="larger than"):
        await planned(files.as_files(), "/h", URL)
