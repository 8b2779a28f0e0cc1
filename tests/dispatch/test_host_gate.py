from __future__ import annotations

from typing import Any

import pytest

from fleet_tui.agents.registry import adapter
from fleet_tui.dispatch.drift import difference
from fleet_tui.dispatch.gate import GateCase
from fleet_tui.dispatch.host_gate import ask_gate
from fleet_tui.model.errors import Refused
from fleet_tui.model.host import Host
from fleet_tui.transport.base import Completed, ExitStatus

CLAUDE = adapter("claude").modes
SKIPS = GateCase(
    "claude", "unrestricted", CLAUDE, "operator", ("web01",), named_hosts=frozenset({"web01"})
)
READS = GateCase("claude", "read", CLAUDE, "operator", ("web01",))


class Answering:
    """A connection that gives one answer for each part of a command line it knows."""

    def __init__(self, host: Host, **answers: Completed) -> None:
        self.host = host
        self.answers = answers
        self.asked: list[str] = []

    async def run(self, line: str, *, timeout: float, **_: Any) -> Completed:
        self.asked.append(line)
        for word, answer in self.answers.items():
            if word in line:
                return answer
        raise TimeoutError


def says(text: str, code: int = 0, errors: str = "") -> Completed:
    return Completed(ExitStatus(code=code), text.encode(), errors.encode())


async def ask(host: Host, case: GateCase, **answers: Completed) -> str:
    return await ask_gate(Answering(host, **answers), host, case)  # type: ignore[arg-type]


async def test_a_run_that_skips_permissions_must_be_somebody_else_than_root() -> None:
    assert await ask(Host("web01"), SKIPS, id=says("1000\n")) == "user"
    with pytest.raises(Refused, match="would be root on web01") as refused:
        await ask(Host("web01"), SKIPS, id=says("0\n"))
    assert "allow_root" in (refused.value.mend or "")
    assert await ask(Host("web01", allow_root=True), SKIPS, id=says("0\n")) == "root"


@pytest.mark.parametrize("answer", [says(""), says("root\n"), says("1000\n", code=1), says("-1")])
async def test_who_does_not_say_who_it_is_counts_as_root(answer: Completed) -> None:
    with pytest.raises(Refused, match="does not say that it is not root"):
        await ask(Host("web01"), SKIPS, id=answer)


async def test_a_host_that_never_answers_counts_as_root() -> None:
    with pytest.raises(Refused, match="does not say"):
        await ask(Host("web01"), SKIPS)


async def test_other_modes_ask_nothing() -> None:
    quiet = Answering(Host("web01"))
    assert await ask_gate(quiet, quiet.host, READS) == "unasked"  # type: ignore[arg-type]
    assert quiet.asked == []


@pytest.mark.parametrize(
    ("expect", "answer", "told"),
    [
        ("2026-05", says("2026-05\n"), ""),
        ("2026-05", says("2026-06\n"), "answered '2026-06', expected '2026-05'"),
        ("a\nb\nc", says("a\nx\nc\n"), "line 2 is 'x', not 'b'"),
        (None, says("anything"), ""),
        (None, says("", 3, "no such file"), "exited with 3: no such file"),
        ("x", None, "gave no answer"),
    ],
)
async def test_a_host_that_drifted_is_refused_with_the_difference(
    expect: str | None, answer: Completed | None, told: str
) -> None:
    host = Host("web01", verify_command="cat /etc/fleet-release", verify_expect=expect)
    answers = {} if answer is None else {"release": answer}
    if not told:
        assert await ask(host, READS, **answers) == "unasked"
        return
    with pytest.raises(Refused, match=told):
        await ask(host, READS, **answers)


def test_the_difference_names_a_line_that_is_missing() -> None:
    assert difference("a", "a\nb") == "; line 2 is nothing, not 'b'"
    assert difference("a", "b") == ""
