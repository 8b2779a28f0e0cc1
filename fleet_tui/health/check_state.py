"""This machine's state folder: whether what is done can be written down."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.health.doctor_findings import HERE, Finding
from fleet_tui.model.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fleet_tui.health.doctor_findings import Result


def check_state(why_not_kept: str) -> Iterator[Result]:
    """Judge it; `why_not_kept` is what the system said to a try, empty when it can be written."""
    if why_not_kept:
        yield Finding(
            HERE,
            "state-unwritable",
            "error",
            one_line(why_not_kept, 400),
            "a dispatch that cannot be written down is not begun: this program only looks",
            "free space on its disk, or set data_dir in [fleet] to a folder that can be written",
        )
