from __future__ import annotations

import os
from typing import TYPE_CHECKING

from fleet_tui.model.ids import short
from fleet_tui.model.run import NO_MODE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.program import Program


def test_nothing_ran_yet(fleet: Program) -> None:
    assert "no runs yet" in fleet.run("runs").out


def test_runs_are_listed_newest_first_and_filtered(fleet: Program) -> None:
    fleet.run("run", "web01", "--agent", "shell", "--", "echo first")
    fleet.run("run", "nas", "--agent", "shell", "--", "exit 3")
    listed = fleet.run("runs", "--json").objects
    assert [(run["host"], run["state"]) for run in listed] == [
        ("nas", "failed"),
        ("web01", "succeeded"),
    ]
    assert [r["host"] for r in fleet.run("runs", "--state", "failed", "--json").objects] == ["nas"]
    assert [r["host"] for r in fleet.run("runs", "--host", "web*", "--json").objects] == ["web01"]
    assert len(fleet.run("runs", "--limit", "1", "--json").objects) == 1
    table = fleet.run("runs").lines
    assert table[0].split()[:3] == ["run", "age", "host"]
    assert "echo first" in table[2]


def test_a_plain_command_has_no_mode_for_people_and_the_stored_one_for_programs(
    fleet: Program,
) -> None:
    fleet.run("run", "web01", "--agent", "shell", "--", "true")
    (run,) = fleet.run("runs", "--json").objects
    assert (run["agent"], run["mode"]) == ("shell", "unrestricted")
    (logged,) = fleet.run("log", "--json", "dispatch").objects
    assert logged["mode"] == "unrestricted"
    table = fleet.run("runs").out
    assert "unrestricted" not in table
    assert table.splitlines()[1].split()[3:5] == ["shell", NO_MODE]


def test_one_run_is_shown_with_all_it_said(fleet: Program) -> None:
    fleet.run("run", "web01", "--agent", "shell", "--", "seq 3; echo oops >&2")
    (run,) = fleet.run("runs", "--json").objects
    assert run["prompt"]
    shown = fleet.run("runs", short(run["run"]))
    assert shown.code == 0
    assert set(shown.lines) >= {"1", "2", "3", "oops"}
    told = fleet.run("runs", run["run"], "--json")
    assert told.objects[0]["run"] == run["run"]
    lines = [(line["tag"], line["text"]) for line in told.events("line")]
    assert sorted(lines) == [("e", "oops"), ("o", "1"), ("o", "2"), ("o", "3")]
    unknown = fleet.run("runs", "r-NOPE")
    assert unknown.code == 2
    assert "no run with id r-NOPE" in unknown.err


def test_runs_are_searched_compared_and_exported(fleet: Program) -> None:
    fleet.run("run", "web01", "--agent", "shell", "--", "seq 3")
    fleet.run("run", "nas", "--agent", "shell", "--", "printf '1\\n2\\n4\\n'")
    right, left = (run["run"] for run in fleet.run("runs", "--json").objects)
    found = fleet.run("runs", "--search", "SEQ", "--since", "1h", "--json").objects
    assert [run["run"] for run in found] == [left]
    assert "no run is like that" in fleet.run("runs", "--until", "1h").out
    assert "no run is like that" in fleet.run("runs", "--min-cost", "0.01").out
    assert [r["run"] for r in fleet.run("runs", "--host", "all!nas", "--json").objects] == [left]
    second = fleet.run("runs", "--limit", "1", "--page", "2", "--json").objects
    assert [run["run"] for run in second] == [left]
    assert "--page 2" in fleet.run("runs", "--limit", "1").err
    differ = fleet.run("runs", "compare", left, short(right))
    assert differ.code == 1
    assert differ.lines[2:] == ["@@ -1,3 +1,3 @@", " 1", " 2", "-3", "+4"]
    same = fleet.run("runs", "compare", left, left, "--json")
    assert (same.code, same.objects[0]["equal"]) == (0, True)
    text = fleet.run("runs", left, "--markdown").out
    assert "## Prompt\n\n```\nseq 3\n```" in text
    assert "```\n1\n2\n3\n```" in text
    for wrong in (
        ("--state", "failedd"),
        ("--since", "soon"),
        ("--markdown",),
        ("compare", left),
        ("--page", "0"),
    ):
        assert fleet.run("runs", *wrong).code == 2


def test_a_run_can_be_cancelled_from_another_terminal(fleet: Program, tmp_path: Path) -> None:
    command = f"echo $$ > {tmp_path}/pid; echo up; sleep 600"
    with fleet.running("run", "web01", "--agent", "shell", "--json", "--", command) as run:
        started = run.event("run-started")
        run.event("output", text="up\n")
        cancelled = fleet.run("cancel", started["run"])
        assert cancelled.code == 0
        assert "cancelled" in cancelled.out
        done = run.end()
    assert done.code == 1
    assert done.events("run-finished")[0]["state"] == "cancelled"
    assert not os.path.exists(f"/proc/{(tmp_path / 'pid').read_text().strip()}")
    assert "already over" in fleet.run("cancel", started["run"]).out
    assert fleet.run("cancel", "r-NOPE").code == 2
    (line,) = fleet.run("log", "cancel", "--json").objects
    assert line["run"] == started["run"]


def test_a_whole_dispatch_can_be_cancelled(fleet: Program) -> None:
    with fleet.running("run", "all", "--agent", "shell", "--json", "--", "sleep 600") as run:
        dispatch = run.event("run-started")["dispatch"]
        for _ in range(2):
            run.event("run-started")
        assert fleet.run("cancel", dispatch).code == 0
        done = run.end()
    assert done.events("dispatch-finished")[0]["counts"] == {"cancelled": 3}
    assert done.code == 1
