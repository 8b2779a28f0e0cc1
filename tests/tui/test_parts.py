"""Smaller parts: seams, frame clock, table, store, numbers, commands, drafts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from textual.drivers._writer_thread import WriterThread
from textual.geometry import Size
from textual.reactive import Reactive
from textual.scroll_view import ScrollView

from fleet_tui.model.host import Host, LinkStatus
from fleet_tui.tui import fmt, states, textual_seams
from fleet_tui.tui.catalogue import REGISTRY
from fleet_tui.tui.clipboard import MOST_BYTES, prepared
from fleet_tui.tui.commands import CommandSuggester, parse
from fleet_tui.tui.drafts import Draft
from fleet_tui.tui.requests import DraftProblem, request_of, stdin_of
from fleet_tui.tui.roles import host_hue
from tests.tui.desk import at_desk
from tests.tui.fake_control import FakeControl
from tests.tui.fake_stage import HOSTS
from tests.tui.scene import recorded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


async def test_seams_hold_with_the_installed_textual() -> None:
    assert isinstance(ScrollView.__dict__.get("virtual_size", ScrollView.virtual_size), Reactive)
    writer = WriterThread.__new__(WriterThread)
    WriterThread.__init__(writer, __import__("io").StringIO())
    assert writer._queue.qsize() == 0
    async with at_desk(recorded()) as desk:
        driver = desk.app._driver
        assert driver is not None
        assert driver._auto_restart is True
        assert not textual_seams.is_suspended(desk.app)
        with driver.no_automatic_restart():
            assert textual_seams.is_suspended(desk.app)
            assert not desk.app.frames.tick()
        driver._writer_thread = writer  # type: ignore[attr-defined]
        assert not textual_seams.terminal_is_behind(desk.app)
        writer.write("not yet taken")
        assert textual_seams.terminal_is_behind(desk.app)
        frames = desk.app.frames.frames
        assert not desk.app.frames.tick()
        assert desk.app.frames.frames == frames
        del driver._writer_thread  # type: ignore[attr-defined]
        view = desk.app.main.output.view
        textual_seams.resize_content(view, Size(80, 5_000))
        assert view.vertical_scrollbar.window_virtual_size == 5_000


async def test_states_show_at_once_and_numbers_four_times_a_second() -> None:
    control = recorded()
    async with at_desk(control) as desk:
        app = desk.app
        control.host_down("nas1", "lost", "no answer", "look at it")
        app.frames.tick()
        assert app.main.hosts.rows.views["nas1"].link.state == "down"
        now = app.main.hosts.rows.now
        desk.clock.advance(0.1)
        app.frames.tick()
        assert app.main.hosts.rows.now == now
        desk.clock.advance(0.2)
        app.frames.tick()
        assert app.main.hosts.rows.now > now


async def test_while_nothing_runs_all_ages_turn_over_with_the_clock_s_second() -> None:
    control = FakeControl([Host("nas1"), Host("nas2")])
    async with at_desk(control) as desk:
        app, clock = desk.app, desk.clock
        clock.advance(2.9 - clock.at % 1)
        app.frames.tick()
        now = app.main.hosts.rows.now
        for _ in range(3):
            clock.advance(0.03)
            app.frames.tick()
            assert app.main.hosts.rows.now == now
        assert app.frames.interval == pytest.approx(0.25)
        clock.advance(0.02)
        app.frames.tick()
        assert int(app.main.hosts.rows.now) == int(now) + 1
        control.host_down("nas1", "lost", "no answer", "look at it")
        app.frames.tick()
        assert app.main.hosts.rows.views["nas1"].link.state == "down"
        assert app.frames.interval == pytest.approx(0.1)


async def test_frames_come_slower_when_blurred_shared_or_costly() -> None:
    async with at_desk(recorded()) as desk:
        frames = desk.app.frames
        assert frames.interval == pytest.approx(0.1)
        await desk.press("z")
        assert frames.interval == pytest.approx(0.05)
        desk.app.app_focus = False
        assert frames.interval == pytest.approx(0.25)
        frames._adapt(0.03)
        assert frames.interval == pytest.approx(0.5)
        for _ in range(20):
            frames._adapt(0.001)
        assert frames.interval == pytest.approx(0.25)


async def test_a_thousand_hosts_render_only_what_is_seen() -> None:
    control = FakeControl([Host(f"node{n:04}") for n in range(1_000)])
    async with at_desk(control) as desk:
        rows, asked = desk.app.main.hosts.rows, set[str]()
        original = rows.cells

        def counted(key: str) -> Mapping[str, Sequence[tuple[str, str]]]:
            asked.add(key)
            return original(key)

        rows.cells = counted  # type: ignore[method-assign]
        await desk.press("end")
        assert "node0999" in desk.text()
        assert len(asked) < 60
        await desk.press("home", "pagedown", "k", "slash")
        await desk.write("!node00")
        await desk.press("enter")
        assert len(desk.app.main.hosts.table.shown_keys) == 900
        await desk.pilot.click(desk.app.main.hosts.table, offset=(5, 3))
        assert desk.app.main.hosts.table.cursor_key == "node0102"


@pytest.mark.parametrize("width", [80, 120])
async def test_host_names_of_usual_length_are_never_cut(width: int) -> None:
    names = ("cloud-agent", "backup-nas-ulm-2", "a-name-that-is-far-too-long-for-any-table")
    async with at_desk(FakeControl([Host(name) for name in names]), (width, 30)) as desk:
        shown = desk.text()
        assert names[0] in shown
        assert names[1] in shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (fmt.age(3), "3s"),
        (fmt.age(7_300), "2h"),
        (fmt.elapsed(3_723), "1:02:03"),
        (fmt.money(None), "—"),
        (fmt.money(0.001), "<$0.01"),
        (fmt.money(1234.5), "$1,234.50"),
        (fmt.clip("abcdef", 4), "abc…"),
        (fmt.clip("全角文字", 5), "全角…"),
        (fmt.clip_middle("web-frankfurt-01", 9), "web-…t-01"),
        (fmt.pad("ab", 4, right=True), "  ab"),
        (fmt.some(1, "host"), "1 host"),
        (fmt.some(2_000, "host"), "2,000 hosts"),
    ],
)
def test_numbers_and_names(value: str, shown: str) -> None:
    assert value == shown


@pytest.mark.parametrize(
    ("link", "full", "brief"),
    [
        (LinkStatus("h", "up", 0, proven_at=98), "up · heard 2s ago", "up 2s"),
        (LinkStatus("h", "down", 0, fault="refused"), "down · refused · 1m", "down 1m refused"),
        (LinkStatus("h", "connecting", 97), "dialing · 3s", "dialing 3s"),
        (LinkStatus("h", "unknown", 0), "not tried", "not tried"),
    ],
)
def test_link_states_name_their_proof_and_age(link: LinkStatus, full: str, brief: str) -> None:
    assert states.link_text(link, 100) == full
    assert states.link_text(link, 100, brief=True) == brief


def test_no_two_states_share_glyph_and_word() -> None:
    for table in (states.LINKS, states.RUNS, states.SEVERITIES):
        looks = [(look.glyph, look.word) for look in table.values()]
        assert len({glyph for glyph, _ in looks}) == len(looks)
        assert len({word for _, word in looks}) == len(looks)


def test_a_host_keeps_its_hue() -> None:
    assert host_hue("nas1") == host_hue("nas1")
    assert {host_hue(f"web{n}") for n in range(60)} == {f"host-{n}" for n in range(1, 9)}


@pytest.mark.parametrize(
    ("line", "action", "argument"),
    [
        ("hosts", "pane.hosts", ""),
        (":dispatch  @web", "dispatch.compose", "@web"),
        ("the fleet-light", "app.theme", "fleet-light"),
        ("q", "app.quit", ""),
        (":logs web-*", "pane.output", "web-*"),
        ("x", None, ""),
        ("hosst", None, ""),
        ("", None, ""),
    ],
)
def test_command_lines(line: str, action: str | None, argument: str) -> None:
    parsed = parse(REGISTRY, line)
    assert (parsed.action.id if parsed.action else None) == action
    assert parsed.argument == argument
    assert bool(parsed.problem) == (action is None)


def test_own_names_stand_for_command_lines_and_never_go_in_circles() -> None:
    own = {"nas": "hosts nas*", "a": "b", "b": "a"}
    parsed = parse(REGISTRY, ":nas", own)
    assert parsed.action is not None
    assert (parsed.action.id, parsed.argument) == ("pane.hosts", "nas*")
    assert parse(REGISTRY, "a x", own).problem.startswith(":b ")


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("dis", "dispatch"),
        ("dispatch we", "dispatch web01"),
        ("send @w", "send @web"),
        ("dispatch nas1,we", "dispatch nas1,web01"),
        ("theme fleet-l", "theme fleet-light"),
        ("nas", "nas"),
        ("quit now", None),
    ],
)
async def test_completion(typed: str, first: str | None) -> None:
    suggester = CommandSuggester(REGISTRY, HOSTS, ["fleet-light"], {"nas": "hosts nas*"})
    assert await suggester.get_suggestion(typed) == first


def test_drafts_become_requests_or_say_why_not(tmp_path: Path) -> None:
    draft = Draft("web01", "hi", "codex", "write", "$0.5", "30m", "", "web01, web02")
    request = request_of(draft)
    assert (request.agent, request.mode, request.budget_usd) == ("codex", "write", 0.5)
    assert request.timeout_seconds == 1_800
    assert request.named_hosts == frozenset({"web01", "web02"})
    for field, value in (
        ("budget", "lots"),
        ("timeout", "soon"),
        ("budget", "-1"),
        ("timeout", "nan"),
    ):
        with pytest.raises(DraftProblem, match=field):
            request_of(Draft("a", "b", **{field: value}))
    path = tmp_path / "input.txt"
    path.write_bytes(b"data")
    assert stdin_of(Draft(stdin_path=str(path))) == b"data"
    with pytest.raises(DraftProblem, match="No such file"):
        stdin_of(Draft(stdin_path=str(tmp_path / "missing")))


def test_what_is_copied_is_clean_and_capped() -> None:
    assert prepared("a\x1b[31mb") == ("ab", False)
    text, was_cut = prepared("é" * MOST_BYTES)
    assert was_cut
    assert len(text.encode()) <= MOST_BYTES
