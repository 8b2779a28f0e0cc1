"""The pure rules: who fits, why nothing moves, what an end means, how a report ranks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from fleet_tui.model.errors import FleetError
from fleet_tui.model.host import Host
from fleet_tui.model.queue_view import WorkerRow
from fleet_tui.model.run import Outcome, Run, RunState
from fleet_tui.model.task import Listing, Result, StoredResult, TaskEntry, TaskOptions
from fleet_tui.queue.ending import Ending, decide, pause_after
from fleet_tui.queue.explain import why_stalled
from fleet_tui.queue.fitting import Ability, why_unfit
from fleet_tui.queue.install import unit_for, write_unit
from fleet_tui.queue.report import judge_ends, markdown

if TYPE_CHECKING:
    from pathlib import Path

HOSTS = (Host("web01", groups=("web",), tier="server"), Host("nas1"))
WEB = Ability.of(HOSTS[0])
NAS = Ability.of(HOSTS[1], ("gpu",))


@pytest.mark.parametrize(
    ("options", "web", "nas"),
    [
        (TaskOptions(), "", ""),
        (TaskOptions(host="nas1"), "host nas1", ""),
        (TaskOptions(group="web"), "", "group web"),
        (TaskOptions(target="@web"), "", "target @web"),
        (TaskOptions(target="nothing*"), "target nothing*", "target nothing*"),
        (TaskOptions(needs=("gpu",)), "label gpu", ""),
        (TaskOptions(needs=("server",)), "", "label server"),
    ],
)
def test_who_fits(options: TaskOptions, web: str, nas: str) -> None:
    assert why_unfit(options, WEB, HOSTS) == web
    assert why_unfit(options, NAS, HOSTS) == nas


def pending(count: int, **options: object) -> list[TaskEntry]:
    made = TaskOptions(**options)  # type: ignore[arg-type]
    return [TaskEntry(f"t{n}", "pending", made) for n in range(count)]


def worker(ability: Ability, **more: object) -> tuple[WorkerRow, Ability]:
    return WorkerRow(ability.host, ability.host, **more), ability  # type: ignore[arg-type]


def test_why_nothing_moves() -> None:
    gpu = pending(4, needs=("gpu",))
    assert why_stalled([], [], HOSTS) == ()
    assert why_stalled(gpu, [], HOSTS)[0].startswith("4 pending, no worker: start one")
    assert why_stalled(gpu, [worker(WEB)], HOSTS) == ("4 pending, no worker matches label gpu",)
    assert why_stalled(gpu, [worker(WEB), worker(NAS)], HOSTS) == ()
    silent = worker(NAS, state="stale")
    assert why_stalled(gpu, [silent], HOSTS) == ("4 pending, every worker is silent: nas1",)
    paused = worker(NAS, is_paused=True)
    assert why_stalled(gpu, [paused], HOSTS) == ("4 pending, every worker is paused: nas1",)
    busy = worker(NAS, doing=("x",))
    assert why_stalled(gpu, [busy], HOSTS) == ("4 pending, workers are busy",)
    resting = worker(NAS, resting="no login (for 9 s)")
    assert why_stalled(gpu, [resting], HOSTS) == ("4 pending, workers rest: no login (for 9 s)",)
    waiting = [TaskEntry("t", "pending", waits="for build")]
    assert why_stalled(waiting, [worker(WEB)], HOSTS) == ("1 pending, waiting for build",)


def run(state: RunState, outcome: Outcome | None = None, *, started: bool = True) -> Run:
    at = 1.0 if started else None
    return Run("r", "d", "web01", "claude", "read", state, outcome, started_at=at)


@pytest.mark.parametrize(
    ("ended", "attempt", "ending"),
    [
        (run("succeeded", "ok"), 1, "commit"),
        (run("succeeded", "denied"), 1, "commit"),
        (run("cancelled", "killed"), 1, "fail"),
        (run("failed", "connect", started=False), 3, "back"),
        (run("failed", "auth"), 3, "back"),
        (run("failed", "rate-limited"), 3, "back"),
        (run("failed", "max-turns"), 1, "fail"),
        (run("failed", "error"), 1, "again"),
        (run("timed-out", "stalled"), 2, "again"),
        (run("lost"), 1, "again"),
        (run("failed", "error"), 3, "fail"),
    ],
)
def test_what_an_end_means(ended: Run, attempt: int, ending: Ending) -> None:
    decision = decide(ended, attempt, 3)
    assert decision.ending == ending
    assert (decision.rest > 0) == (ending == "back")
    assert decision.ending == "commit" or decision.why


def test_a_task_rests_longer_each_time_up_to_a_limit() -> None:
    pauses = [pause_after(n) for n in range(1, 12)]
    assert pauses == sorted(pauses)
    assert pauses[0] == 15.0
    assert pauses[-1] == 600.0


def ended(name: str, text: str, outcome: Outcome = "ok", **entry: object) -> tuple[
    TaskEntry, list[StoredResult]
]:  # fmt: skip
    fields = {"state": "done", **entry}
    stored = StoredResult(name, Result(text, outcome, host="web01", cost_usd=0.25), "done")
    return TaskEntry(name, **fields), [stored]  # type: ignore[arg-type]


def test_the_report_ranks_what_needs_a_person_first() -> None:
    pairs = [
        ended("fine", "All is well."),
        ended("alert", "Checked.\n**ALERT** the disk is full"),
        ended("denied", "Half done.", "denied"),
        ended("empty", "  "),
        ended("broken", "", "error", state="failed", reason="it broke"),
        (TaskEntry("odd", "quarantined", reason="changed: after it was signed"), []),
    ]
    report = judge_ends(Listing({"pending": 2, "done": 4}), pairs)
    assert [f.name for f in report.of("failed")] == ["broken"]
    assert {f.name for f in report.of("needs a human")} == {"alert", "denied", "empty", "odd"}
    assert [f.name for f in report.of("fine")] == ["fine"]
    assert report.summary.startswith("1 failed, 4 needs a human, 1 fine ($1.25); 2 not finished")
    text = markdown(report)
    assert text.index("## Failed (1)") < text.index("## Needs a human (4)") < text.index("## Fine")
    assert "**alert** (web01, $0.25): **ALERT** the disk is full" in text


def test_units_start_a_worker_and_let_it_drain(tmp_path: Path) -> None:
    command = ["/usr/bin/python3", "-m", "fleet_tui", "--config", "/home/a b/100%.toml", "worker"]
    systemd = unit_for("systemd", command, tmp_path)
    assert 'ExecStart=/usr/bin/python3 -m fleet_tui --config "/home/a b/100%%.toml" worker' in (
        systemd.text
    )
    assert "TimeoutStopSec=150" in systemd.text
    launchd = unit_for("launchd", [*command, "a<b"], tmp_path)
    assert "<string>/home/a b/100%.toml</string>" in launchd.text
    assert "<string>a&lt;b</string>" in launchd.text
    cron = unit_for("cron", command, tmp_path)
    assert cron.text.startswith("@reboot /usr/bin/python3 -m fleet_tui --config '/home/a b/")
    with pytest.raises(FleetError, match="crontab"):
        write_unit(cron)
    path = write_unit(launchd)
    assert write_unit(launchd) == path
    path.write_text("mine")
    with pytest.raises(FleetError, match="another one already"):
        write_unit(launchd)
