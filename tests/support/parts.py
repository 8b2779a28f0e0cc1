"""Programs that tests need and a user's machine may lack."""

from __future__ import annotations

import os
import shutil
from typing import NoReturn

import pytest

_WHERE_SERVERS_LIVE = ("/usr/sbin", "/usr/local/sbin", "/sbin", "/opt/homebrew/sbin")


def find(program: str) -> str | None:
    """Return the absolute path of `program`, None when it is not installed."""
    folders = os.pathsep.join([os.environ.get("PATH", os.defpath), *_WHERE_SERVERS_LIVE])
    return shutil.which(program, path=folders)


def require(program: str) -> str:
    """Return the path of `program`; without it skip by name, or fail when `CI` is `true`."""
    path = find(program)
    if path is None:
        missing(program)
    return path


def missing(what: str) -> NoReturn:
    """Skip the test for lack of `what`, or fail it when `CI` is `true`."""
    if os.environ.get("CI", "").lower() == "true":
        pytest.fail(f"{what} is required in CI and is not installed")
    pytest.skip(f"{what} is not installed")
