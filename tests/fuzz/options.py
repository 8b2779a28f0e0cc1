"""What one fuzzing is told."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Task:
    """So many byte strings from one seed; `answer` appears when all were shown."""

    strings: int
    seed: int
    answer: Path

    def to_json(self) -> str:
        """Return it as an argument for a child."""
        told = {"strings": self.strings, "seed": self.seed, "answer": str(self.answer)}
        return json.dumps(told)
