"""Fixtures of the tests that run the program as its users do: from outside, at a real sshd."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.program import Program
from tests.support.sshd import SshServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    """One sshd whose logins have a home of their own."""
    folder = tmp_path_factory.mktemp("sshd")
    home = folder / "home"
    home.mkdir()
    env = {"HOME": str(home), "XDG_STATE_HOME": str(home / ".local/state")}
    with SshServer(folder, env=env) as running:
        yield running


@pytest.fixture
def program(tmp_path: Path) -> Program:
    """The program with nothing configured."""
    return Program(tmp_path)


@pytest.fixture
def fleet(program: Program, server: SshServer) -> Program:
    """The program with three hosts that are one server."""
    program.configure_for(server, "web01", "web02", "nas")
    return program
