from __future__ import annotations

from tests.support.program_fixtures import fleet, program, server

__all__ = ["fleet", "program", "server"]
