"""Which scene answers a prompt. Pure: the same host and prompt give the same scene, always."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fleet_tui.demo import facts_scenes, repo_scenes
from fleet_tui.demo.steps import Powers, Say, Scene, Use

if TYPE_CHECKING:
    from collections.abc import Callable

    from fleet_tui.demo.host import Personality

    Play = Callable[[Personality, Powers], Scene]

# Order matters: the first pattern that is found in the prompt decides.
_SCENES: tuple[tuple[re.Pattern[str], Play], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), play)
    for pattern, play in (
        (r"\bdependenc|\baudit|\boutdated|\bcve\b|vulnerab|\bupgrade", repo_scenes.audit),
        (r"\bdisk|\bspace\b|\bstorage|\bfull\b", facts_scenes.disk),
        (r"\blogs?\b|\btriage", repo_scenes.triage),
        (r"\bfix|\bbug|\bbroken|\bcrash|\bwrong", repo_scenes.fix),
        (r"\btests?\b|\bpytest|\bsuite|\bci\b", repo_scenes.tests),
        (r"\bos\b|\bkernel|\bdistro|operating system|\buname|\brelease", facts_scenes.system),
        (r"\bhealth|\bservices?\b|\balive\b|\bup\?|is .* running", facts_scenes.health),
        (r"\buptime|\bboot|\breboot", facts_scenes.uptime),
        (r"\bversion", facts_scenes.system),
        (r"\bcommits?\b|\bbranch|\bgit\b|\bchange[sd]?\b", repo_scenes.history),
    )
)
_LONG = 3
"""Scenes with at least this many steps are work, not a question."""


def scene_for(prompt: str, host: Personality, powers: Powers) -> Scene:
    """Return what the agent of `host` does when it is asked `prompt`."""
    for pattern, play in _SCENES:
        if pattern.search(prompt):
            scene = play(host, powers)
            break
    else:
        scene = repo_scenes.overview(host, powers, prompt)
    if host.spec.mood == "denied" and len(scene) >= _LONG:
        return _with_refusal(scene, host)
    return scene


def _with_refusal(scene: Scene, host: Personality) -> Scene:
    """Return `scene` with a refused look outside the workdir before its last words."""
    refused = Use(
        tool="Read",
        arguments={"file_path": "/etc/orders/secrets.env"},
        output=(
            "/etc/orders/secrets.env is outside the working directory "
            f"({host.workdir}). --restricted confines the file tools to the working directory."
        ),
        seconds=0.1,
        is_denied=True,
    )
    note = Say("I was not allowed to read /etc/orders/secrets.env, so settings are unchecked.\n\n")
    return (*scene[:-1], refused, note, scene[-1])
