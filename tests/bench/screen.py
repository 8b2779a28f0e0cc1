"""The part `screen`: keys, loops, first paint and tables in a real terminal, and memory."""

from __future__ import annotations

import json
import random
import string
import sys
import time
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench import memory, table
from tests.bench.measure import Sample, quantile
from tests.bench.pour import pouring
from tests.bench.stage import SETTLE, Play
from tests.bench.terminal import open_terminal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.bench.lab import Lab, Site
    from tests.bench.options import Options
    from tests.bench.report import Report
    from tests.bench.terminal import Terminal

OURS = "ours"
STREAMS, RATE = 24, 100_000
RICH_RATE = 5_000
"""RichLog answers no key at all at the full rate."""
SECONDS = 12.0
STALL_AFTER, STALL = 1.0, 8.0
SPAWNS = 10
SEEN = 6
"""Letters by which the newest key is known on the screen."""
KEY_PAUSE = 0.1
STARTS_WITHIN = 30.0
ROOT = str(Path(__file__).resolve().parents[2])


def run(lab: Lab, options: Options, report: Report) -> None:
    """Run the scenarios that are wanted."""
    if options.wants("table"):
        table.run(lab, options, report)
    with pouring(lab) as site:
        if options.wants("paint"):
            _first_paint(lab, site, options, report)
        if options.wants("keys"):
            _keys(lab, site, options, report)
        if options.wants("stall"):
            _stall(lab, site, options, report)
    if options.wants("memory"):
        memory.run(lab, options, report)


def _play(lab: Lab, site: Site, *, rate: int = RATE, widget: str = "") -> Play:
    return Play(
        folder=lab.fresh("stage"),
        port=site.port,
        user=site.user,
        user_key=site.user_key,
        known_hosts=site.known_hosts,
        streams=STREAMS,
        rate=rate,
        seconds=SECONDS,
        widget=widget,
    )


def _plays(lab: Lab, site: Site, options: Options) -> dict[str, Play]:
    """Return what is measured by its name: ours, and Textual's own widgets."""
    plays = {OURS: _play(lab, site)}
    if options.has_peers:
        plays["Textual's Log"] = _play(lab, site, widget="Log")
        plays[f"RichLog at {RICH_RATE:,}/s"] = _play(lab, site, rate=RICH_RATE, widget="RichLog")
    return plays


@contextmanager
def _on_stage(play: Play) -> Iterator[Terminal]:
    """Yield a terminal in which measuring has begun."""
    module = "tests.bench.stage_widgets" if play.widget else "tests.bench.stage_ours"
    arguments = [sys.executable, "-m", module, play.to_json()]
    with open_terminal(arguments, _home(play.folder), ROOT) as terminal:
        terminal.read_until(play.begun.exists, STARTS_WITHIN + SETTLE)
        yield terminal


def _home(folder: Path) -> Mapping[str, str]:
    return {"HOME": str(folder), "FLEET_STATE_DIR": str(folder / "state")}


def _answer(play: Play, terminal: Terminal) -> dict[str, float]:
    terminal.read_until(play.answer.exists, play.seconds + STARTS_WITHIN)
    answer: dict[str, float] = json.loads(play.answer.read_text())
    return answer


# Keys.


def _keys(lab: Lab, site: Site, options: Options, report: Report) -> None:
    report.title(f"keys while {STREAMS} connections stream {RATE:,} lines/s, 120x40")
    for name, play in _plays(lab, site, options).items():
        with _on_stage(play) as terminal:
            if not play.widget:
                terminal.press("1/")
            took = _type_on(terminal, play)
            answer = _answer(play, terminal)
        key = "screen" if name == OURS else f"screen-{name}"
        rate = answer["lines_per_second"]
        report.number(f"{key}/lines", f"{name}: lines", rate, "lines/s")
        report.number(f"{key}/keys", "keys", len(took), "")
        report.number(f"{key}/key-p50", "key to paint p50", quantile(took, 0.5) * 1e3, "ms")
        report.number(f"{key}/key-p95", "key to paint p95", quantile(took, 0.95) * 1e3, "ms")
        report.number(f"{key}/ui-lag-p95", "UI loop lag p95", answer["screen_p95"] * 1e3, "ms")
        report.number(f"{key}/core-lag-p95", "core loop lag p95", answer["core_p95"] * 1e3, "ms")


def _type_on(terminal: Terminal, play: Play) -> list[float]:
    """Type random letters into the input line; returns how long each took to be seen."""
    chance = random.Random(3)
    took: list[float] = []
    typed = ""
    until = time.perf_counter() + play.seconds - 1.5
    terminal.read_for(0.5)
    while time.perf_counter() < until:
        terminal.read_for(KEY_PAUSE * (0.5 + chance.random()))
        typed += chance.choice(string.ascii_uppercase)
        terminal.forget()
        began = time.perf_counter()
        terminal.press(typed[-1])
        try:
            terminal.read_until(lambda seen=typed[-SEEN:]: terminal.shows(seen), 8.0)  # type: ignore[misc]
        except RuntimeError:
            if terminal.is_over:
                break
        took.append(time.perf_counter() - began)
    return took


# A terminal that stops reading.


def _stall(lab: Lab, site: Site, options: Options, report: Report) -> None:
    report.title(f"a terminal that stops reading for {STALL:g} s, {RATE:,} lines/s")
    for name, play in _plays(lab, site, options).items():
        play = replace(play, seconds=STALL + 4.0)
        with _on_stage(play) as terminal:
            terminal.read_for(STALL_AFTER)
            time.sleep(STALL)
            answer = _answer(play, terminal)
        key = "stall" if name == OURS else f"stall-{name}"
        rate = answer["lines_per_second"]
        report.number(f"{key}/lines", f"{name}: lines", rate, "lines/s")
        report.number(f"{key}/core-lag-p95", "core loop lag p95", answer["core_p95"] * 1e3, "ms")
        report.number(f"{key}/core-lag-max", "core loop lag max", answer["core_max"] * 1e3, "ms")
        report.number(f"{key}/ui-lag-max", "UI loop lag max", answer["screen_max"] * 1e3, "ms")


# First paint.


def _first_paint(lab: Lab, site: Site, options: Options, report: Report) -> None:
    report.title("first paint: from spawn to the first painted text, 120x40")
    config = _write_config(lab, site)
    programs = {
        "ours": ([sys.executable, "-m", "fleet_tui", "--config", str(config)], "bench-fleet"),
        "textual hello": ([sys.executable, "-m", "tests.bench.stage_hello"], "hello-fleet"),
    }
    took: dict[str, list[Sample]] = {name: [] for name in programs}
    for turn in range(1 + max(SPAWNS, options.reps)):
        for name, (arguments, text) in programs.items():
            with open_terminal(arguments, _home(config.parent), ROOT) as terminal:
                shown = lambda seen=text, at=terminal: at.shows(seen)  # noqa: E731
                terminal.read_until(shown, STARTS_WITHIN)
                if turn:
                    took[name].append(Sample(time.perf_counter() - terminal.began))
    own = [sample.wall for sample in took["ours"]]
    report.ratios("paint", took["ours"], {"textual hello": took["textual hello"]})
    report.number("paint/p50", "ours p50", quantile(own, 0.5) * 1e3, "ms")
    report.number("paint/max", "ours max", max(own) * 1e3, "ms")


def _write_config(lab: Lab, site: Site) -> Path:
    folder = lab.fresh("config")
    (folder / "ssh_config").write_text("")
    lines = [
        "[fleet]",
        'name = "bench-fleet"',
        f'log = "{folder}/fleet.log"',
        f'data_dir = "{folder}/state"',
        f'ssh_config = "{folder}/ssh_config"',
        f'known_hosts = "{site.known_hosts}"',
    ]
    for number in range(STREAMS):
        lines += [
            "[[host]]",
            f'name = "node{number:02d}"',
            'address = "127.0.0.1"',
            f"port = {site.port}",
            f'user = "{site.user}"',
            f'key = "{site.user_key}"',
        ]
    path = folder / "fleet.toml"
    path.write_text("\n".join([*lines, ""]))
    return path
