"""Default keys are sound; the operator's are checked one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fleet_tui.config import load
from fleet_tui.tui import keymap, keynames
from fleet_tui.tui.actions import SCOPE_CHAINS
from fleet_tui.tui.bindings import bindings_for
from fleet_tui.tui.catalogue import REGISTRY
from fleet_tui.tui.keys_table import markdown
from tests.tui.desk import at_desk
from tests.tui.fake_control import FakeControl

if TYPE_CHECKING:
    from pathlib import Path

SHIFTED = '~!@#$%^&*()_+{}|:"<>?'
DEFAULTS = keymap.build(REGISTRY, {})


def test_defaults_do_not_clash_and_none_is_lost_on_the_way() -> None:
    assert keymap.clashes(REGISTRY, DEFAULTS.keys) == []
    for action in REGISTRY:
        for key in action.keys:
            assert keynames.fault(key) == "", (action.id, key)
            assert keynames.canonical(key) not in keynames.RISKY, (action.id, key)


def test_each_shifted_or_modified_key_has_a_plain_alternative() -> None:
    for action in REGISTRY:
        awkward = [k for k in action.keys if "+" in k or k.isupper() or k in SHIFTED]
        if awkward:
            plain = [k for k in action.keys if k not in awkward]
            assert plain, action.id


def test_every_action_is_live_somewhere_and_reachable() -> None:
    live = {action.id for place in SCOPE_CHAINS for action in REGISTRY.for_place(place)}
    assert live == set(REGISTRY.ids())
    for action in REGISTRY:
        assert action.keys or action.command, action.id


def test_what_is_dangerous_needs_write() -> None:
    dangerous = [a.id for a in REGISTRY if a.danger != "none" and not a.needs_write]
    assert dangerous == ["promotion.begin"]  # the way back of a machine that may only look


def test_bindings_and_documentation_come_from_the_registry() -> None:
    assert len(bindings_for("hosts")) == len(REGISTRY.in_scope("hosts"))
    table = markdown()
    for action in REGISTRY:
        assert f"`{action.id}`" in table


@pytest.mark.parametrize(
    ("wanted", "problem"),
    [
        (
            {"output.cancle": ("X",)},
            "keys.output.cancle: unknown action; did you mean output.cancel?",
        ),
        ({"output.cancel": ("hyper+x",)}, "unknown modifier 'hyper'"),
        ({"output.cancel": ("pageupp",)}, "unknown key name 'pageupp'"),
        ({"output.cancel": ("shift+r",)}, "write 'R'"),
        ({"output.cancel": ("ctrl+b",)}, "ctrl+b: is tmux's prefix"),
        ({"output.cancel": ()}, "no key given"),
        ({"output.cancel": ("r",)}, "r is already output.retry (send again to"),
        ({"output.cancel": ("z",)}, "z would shadow pane.zoom (zoom the pane) in output"),
        ({"pane.zoom": ("x",)}, "x is shadowed by queue.cancel"),
    ],
)
def test_a_slip_is_one_line_and_keeps_the_default(
    wanted: dict[str, tuple[str, ...]], problem: str
) -> None:
    built = keymap.build(REGISTRY, wanted)
    assert len(built.problems) == 1
    assert problem in built.problems[0]
    assert "\n" not in built.problems[0]
    assert built.keys == DEFAULTS.keys
    if "unknown action" not in problem:
        assert "it keeps its default" in built.problems[0]


def test_problems_name_file_and_line_in_the_order_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "fleet.toml"
    path.write_text(
        '[[host]]\nname = "a"\n\n[keys]\n'
        'pane.zoom = "d"\noutput.cancle = "X"\n"log.open" = "hyper+l"\npane.next = "f10"\n'
    )
    config = load(path)
    built = keymap.build(REGISTRY, config.keys, file="fleet.toml", lines=config.key_lines)
    assert built.problems == (
        "fleet.toml:5: keys.pane.zoom: d is already dispatch.compose (send a prompt to hosts); "
        "it keeps its default z",
        "fleet.toml:6: keys.output.cancle: unknown action; did you mean output.cancel?",
        "fleet.toml:7: keys.log.open: 'hyper+l': unknown modifier 'hyper' "
        "(ctrl, alt and shift exist); it keeps its default l",
    )
    assert built.changed == {"pane.next"}


def test_keys_may_be_swapped_and_written_as_people_write_them() -> None:
    built = keymap.build(
        REGISTRY, {"output.cancel": ("r",), "output.retry": ("x",), "app.help": ("Esc", "F3")}
    )
    assert built.keys["output.cancel"] == ("r",)
    assert built.keys["output.retry"] == ("x",)
    assert [p for p in built.problems if "app.help" not in p] == []


@pytest.mark.parametrize(
    ("key", "label"),
    [
        ("slash", "/"),
        ("/", "/"),
        ("Esc", "esc"),
        ("ctrl+p", "ctrl+p"),
        ("+", "+"),
        ("PgUp", "pgup"),
    ],
)
def test_labels(key: str, label: str) -> None:
    assert keynames.label(key) == label


async def test_the_program_starts_with_good_overrides_and_says_what_is_wrong() -> None:
    keys = {"pane.zoom": ("Z",), "nonsense": ("x",), "log.open": ("ctrl+a",)}
    async with at_desk(FakeControl(keys=keys)) as desk:
        width = desk.app.main.hosts.size.width
        await desk.press("z")
        assert desk.app.main.hosts.size.width == width
        await desk.press("Z")
        assert desk.app.main.hosts.size.width > width
        texts = [notice.text for notice in desk.app.store.notices.values()]
        assert len(texts) == 2
        await desk.press("l")
        assert desk.app.place == "log"
