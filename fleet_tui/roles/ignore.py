"""What of an agent home is everybody's, and what belongs to one machine alone."""

from __future__ import annotations

IGNORE = """\
# What belongs to one machine, is secret, or only grows. Written by fleet-tui; add your own below.
# Secrets
.credentials.json
*.key
*.pem
.env
.env.*
# Sessions, transcripts and what they leave behind
projects/
sessions/
todos/
tasks/
file-history/
shell-snapshots/
session-env/
history.jsonl
*.jsonl
debug/
logs/
statsig/
telemetry/
cache/
backups/
paste-cache/
image-cache/
ide/
plugins/cache/
*.lock
*.tmp
.DS_Store
# What one machine says to another by other ways
fleet.log
fleet.log.*
bus/
queue/
.heartbeats/
settings.local.json
stats-cache.json
"""
"""Kept in `.gitignore`, and in `.git/info/exclude` of every mirror in case that is lost."""

SWOLLEN_BYTES = 200 << 20
"""A repository of settings that is larger than this holds something that does not belong there."""
