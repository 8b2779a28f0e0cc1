"""What is loaded when, seen from outside: nobody waits for a library that is not needed yet."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("asyncssh", "cryptography", "httpx", "anthropic", "mcp", "nats")


def loaded(modules: str, *wanted: str) -> list[str]:
    """Import `modules` in a fresh interpreter; return which of `wanted` came with them."""
    program = f"import sys, {modules}; print(*(m for m in {wanted!r} if m in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True
    )
    return done.stdout.split()


@pytest.mark.parametrize(
    "module", ["fleet_tui.fleet", "fleet_tui.runtime", "fleet_tui.cli.main", "fleet_tui.demo"]
)
def test_only_the_screen_loads_textual(module: str) -> None:
    assert loaded(module, "textual") == []


def test_the_screen_paints_before_any_network_library_is_loaded() -> None:
    assert loaded("fleet_tui.tui.app, fleet_tui.runtime", *HEAVY, "textual") == ["textual"]


def test_the_first_picture_waits_neither_for_the_core_nor_for_other_commands() -> None:
    screen = "fleet_tui.tui.app, fleet_tui.runtime, fleet_tui.cli.main as m; m.build_parser(())"
    core = ("sqlite3", "fleet_tui.fleet", "fleet_tui.journal", "fleet_tui.dispatch.dispatcher")
    editor = "textual.widgets._text_area"
    others = ("costs_view", "managed_view", "request", "threads")
    views = (f"fleet_tui.model.{name}" for name in others)
    assert loaded(screen, *core, editor, "tomli_w", *views, "fleet_tui.cli.run") == []


CLOUD = ("anthropic", "httpx2", "pydantic")


@pytest.mark.parametrize(
    "module", ["fleet_tui.managed.service", "fleet_tui.cli.managed", "fleet_tui.desks.managed"]
)
def test_the_cloud_costs_nothing_before_a_session_is_asked_about(module: str) -> None:
    assert loaded(module, *HEAVY, *CLOUD) == []


@pytest.mark.parametrize("module", ["fleet_tui.cli.main", "fleet_tui.fleet"])
def test_a_command_loads_no_network_library_before_it_connects(module: str) -> None:
    assert loaded(module, *HEAVY) == []


def test_these_tests_would_see_it() -> None:
    assert loaded("asyncssh", *HEAVY) == ["asyncssh", "cryptography"]
