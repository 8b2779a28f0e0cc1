"""The kinds of values that several sections share."""

from __future__ import annotations

import re
from typing import get_args

from fleet_tui.config.kinds import Choice, Duration, Text
from fleet_tui.model.run import AgentName
from fleet_tui.model.target import NAME, NAME_RULE

DAY = 86_400.0

AGENT = Choice(get_args(AgentName))
FILE_MODE = Choice(
    ("read", "write"), "unrestricted is only typed by hand, for one dispatch at a time"
)
HOST_NAME = Text("the name of a [[host]]")
RESERVED = "all"
"""The word that selects every host, so no host or group may be called so."""
MAX_NAME = 128
NEW_NAME = Text(
    f'a name of {NAME_RULE}, other than "{RESERVED}", of at most {MAX_NAME}',
    re.compile(rf"(?!(?i:{RESERVED})\Z)(?=.{{1,{MAX_NAME}}}\Z){NAME.pattern}"),
)
TARGET = Text('a target like "all", "nas*" or "@desk"')
PATH = Text("a path on this machine; ~ is your home, a relative one starts at this file's folder")
REMOTE_PATH = Text("a path on that host")
ABSOLUTE_PATH = Text(
    'an absolute path on that host, like "/usr/local/bin/claude"',
    re.compile(r"/.*|[A-Za-z]:[\\/].*|\\\\.*"),
)
COMMAND = Text("a shell command", is_multiline=True)
ENV_NAME = Text(
    "the name of an environment variable, like NTFY_TOKEN", re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
)
SECRET_COMMAND = Text('a program that prints the secret, like "pass show ntfy"')
RUN_TIMEOUT = Duration(1, 30 * DAY, "no limit")
SHORT_TIMEOUT = Duration(0.1, 3_600)
EVERY = Duration(10, 366 * DAY)
