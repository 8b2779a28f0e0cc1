"""Two programs share one outbox: what one is sending the other leaves alone, until it is gone."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from tests.notify.services import Got, Reply, Services, serve

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATIENCE = 60.0


class Held:
    """The service's side: it has taken a request and keeps its answer back."""

    def __init__(self, services: Services) -> None:
        self.url = f"{services.url}/held/x"
        self.services = services
        self.taken = threading.Semaphore(0)
        self.let_go = threading.Event()
        services._held = self._answer  # type: ignore[attr-defined]

    def _answer(self, _got: Got) -> Reply:
        self.taken.release()
        self.let_go.wait(PATIENCE)
        return Reply(200, b"thanks")

    def ids(self) -> list[str]:
        return [str(body["id"]) for body in self.services.bodies()]


@pytest.fixture
def held() -> Iterator[Held]:
    with serve() as services:
        made = Held(services)
        try:
            yield made
        finally:
            made.let_go.set()


def program(folder: Path, held: Held, seconds: float, *notice: str) -> subprocess.Popen[bytes]:
    words = ["-m", "tests.notify.second_sender", str(folder), held.url, str(seconds), *notice]
    return subprocess.Popen([sys.executable, *words])


def test_what_one_program_is_sending_no_other_sends(tmp_path: Path, held: Held) -> None:
    first = program(tmp_path, held, PATIENCE, "n-1")
    assert held.taken.acquire(timeout=PATIENCE)
    second = program(tmp_path, held, 1.5)
    assert second.wait(PATIENCE) == 1  # it saw it under way, and waited as long as it was let
    held.let_go.set()
    assert first.wait(PATIENCE) == 0
    assert held.ids() == ["n-1"]
    assert program(tmp_path, held, PATIENCE).wait(PATIENCE) == 0
    assert held.ids() == ["n-1"]


def test_what_a_killed_program_was_sending_another_sends(tmp_path: Path, held: Held) -> None:
    first = program(tmp_path, held, PATIENCE, "n-1")
    assert held.taken.acquire(timeout=PATIENCE)
    second = program(tmp_path, held, PATIENCE)
    third = program(tmp_path, held, PATIENCE)
    first.kill()
    assert first.wait(PATIENCE) == -signal.SIGKILL
    assert held.taken.acquire(timeout=PATIENCE)
    held.let_go.set()
    assert (second.wait(PATIENCE), third.wait(PATIENCE)) == (0, 0)
    assert held.ids() == ["n-1", "n-1"]  # under one id: the first had died with no answer
