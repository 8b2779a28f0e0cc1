"""The real agent programs, for tests that run them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

_VARIABLES = {"claude": "FLEET_TEST_CLAUDE", "codex": "FLEET_TEST_CODEX"}


def find_cli(name: str) -> str | None:
    """Return the program's absolute path: from its variable, PATH, or a `node_modules` upward."""
    if named := os.environ.get(_VARIABLES[name]):
        return named
    if found := shutil.which(name):
        return str(Path(found).absolute())
    here = Path.cwd()
    for folder in (here, *here.parents):
        candidate = folder / "node_modules" / ".bin" / name
        if os.access(candidate, os.X_OK):
            return str(candidate)
    return None


def require_cli(name: str) -> str:
    """Return the program's path; without it the test is skipped, or fails where CI is true."""
    if found := find_cli(name):
        return found
    why = f"{name} is not installed (set {_VARIABLES[name]} to its path)"
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)
