"""What `fleet.toml` may say: one declaration a key, from which checks and documentation follow."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import get_args

from fleet_tui.config.containers import Key, ListOf, Table, TableOf
from fleet_tui.config.kinds import Choice, Duration, Flag, Money, Text, Whole
from fleet_tui.config.values import (
    ABSOLUTE_PATH,
    AGENT,
    COMMAND,
    DAY,
    FILE_MODE,
    NEW_NAME,
    PATH,
    REMOTE_PATH,
    RUN_TIMEOUT,
)
from fleet_tui.model.config import Clipboard
from fleet_tui.model.host import ConnectionKind, Role, Shell
from fleet_tui.model.run import OnLimit


@dataclass(frozen=True, slots=True)
class Section:
    """A `[section]`, or with `is_list` any number of `[[section]]`."""

    name: str
    help: str
    body: Table | TableOf
    is_list: bool = False

    @property
    def header(self) -> str:
        """The header as it is written."""
        return f"[[{self.name}]]" if self.is_list else f"[{self.name}]"


def section(name: str, help: str, *keys: Key, is_list: bool = False) -> Section:
    """Declare a section with these keys."""
    header = f"[[{name}]]" if is_list else f"[{name}]"
    return Section(name, help, Table(keys, called=header), is_list)


FLEET = section(
    "fleet",
    "The fleet as a whole.",
    Key("name", Text("a short name", re.compile(r".{1,60}")), "What the status line shows."),
    Key("agent_home", PATH, "The folder of the agents' settings, mirrored between machines."),
    Key("log", PATH, "The audit log; without it, fleet.log in agent_home."),
    Key("data_dir", PATH, "Run store and spools; without it, the platform's state folder."),
    Key("ssh_config", PATH, "The OpenSSH client configuration to honour, as `ssh -F`."),
    Key("known_hosts", PATH, "The host keys to trust; without it, as the ssh configuration says."),
)

DEFAULTS = section(
    "defaults",
    "What applies where a host or a command says nothing else.",
    Key("agent", AGENT, "The agent that gets the prompt."),
    Key("mode", FILE_MODE, "What a run may do."),
    Key("model", Text("the name of a model"), "The model to ask the agent for."),
    Key("timeout", RUN_TIMEOUT, "How long a run may take."),
    Key("stall_after", Duration(1, 30 * DAY, "never"), "Stop a run that says nothing for so long."),
    Key("budget_usd", Money(), "Cap of one run on one host."),
    Key("on_limit", Choice(get_args(OnLimit)), "What a run does that its model's limit ended."),
    Key("fanout", Whole(1, 10_000), "How many hosts may be logging in at once."),
    Key("keepalive", Duration(0.5, 600), "Between probes of a silent connection; three end it."),
    Key("connect_timeout", Duration(0.5, 600), "How long a login may take."),
    Key("stale_after", Duration(1, 30 * DAY), "Age at which a heartbeat counts as stale."),
    Key("keep_days", Whole(1, 3650), "How long the output of finished runs is kept."),
    Key("keep_gb", Whole(1, 100_000), "How much of it is kept, here and on each host."),
)

_ADDRESS = Text(
    "a host name or IP address alone; user and port have their own keys",
    re.compile(r"(?!-)(?:[^\s@:/\[\]]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(?:%\w+)?)"),
)
_LOGIN = Text("a login name", re.compile(r"(?!-)[^\s:@]+"))
_ENV = TableOf(
    Text('a text in quotes, like "1"', is_multiline=True),
    re.compile(r"[A-Za-z_][A-Za-z0-9_]*"),
    "a variable's name of letters, digits and _",
)
_AGENT_PATHS = TableOf(
    ABSOLUTE_PATH,
    re.compile("|".join(AGENT.words)),
    f"an agent ({', '.join(AGENT.words)})",
    AGENT.words,
)
_VERIFY = Table(
    (
        Key("command", COMMAND, "What to run on the host.", is_required=True),
        Key("expect", Text("a text", is_multiline=True), "What it must print; else exit status 0."),
    ),
    shorthand="command",
    called="verify",
)

HOST = section(
    "host",
    "A machine. What ~/.ssh/config already says need not be said again: a name is enough.",
    Key("name", NEW_NAME, "How you call it; an alias of ~/.ssh/config works.", is_required=True),
    Key("address", _ADDRESS, "Host name or IP address."),
    Key("user", _LOGIN, "Who to log in as."),
    Key("port", Whole(1, 65_535), "The SSH port."),
    Key("via", Text("a host or ssh alias"), "Jump through this host."),
    Key("connection", Choice(get_args(ConnectionKind)), "local is this machine, without SSH."),
    Key("shell", Choice(get_args(Shell)), "powershell for OpenSSH on Windows."),
    Key("key", PATH, "The private key to use."),
    Key("roles", ListOf(Choice(get_args(Role))), "What it is to the fleet; one is the primary."),
    Key("groups", ListOf(NEW_NAME), "Targets write these as @group."),
    Key("tier", NEW_NAME, "Kind of machine; views sort by it, targets write it as ^tier."),
    Key("agent", AGENT, "Its agent, if not the default."),
    Key("agent_paths", _AGENT_PATHS, "Where its agents are, when they should not be looked for."),
    Key("workdir", REMOTE_PATH, "The folder in which agents start."),
    Key("durable", Flag(), "Whether runs outlive the connection; true but on Windows hosts."),
    Key("allow_root", Flag(), "Let unrestricted runs be root; only for a throw-away machine."),
    Key("env", _ENV, "Environment of every run; no secrets."),
    Key("verify", _VERIFY, "A check before every run; the run is refused when it fails."),
    is_list=True,
)

BUDGET = section(
    "budget",
    "Caps of the whole fleet. A cost that is not known counts as over the cap.",
    Key("usd_per_day", Money(), "All runs of a day together."),
    Key("usd_per_dispatch", Money(), "All runs of one dispatch together."),
)

_EVENTS = ListOf(Text("a word like run-failed", re.compile(r"[a-z][a-z0-9-]*")))
_ALIASES = TableOf(
    Text('a command line, like "hosts nas*"'),
    re.compile(r"[a-z][a-z0-9-]*"),
    "a word of small letters, digits and -",
)

UI = section(
    "ui",
    "The screen.",
    Key("theme", Text("a theme's name"), "The theme to start with."),
    Key("clipboard", Choice(get_args(Clipboard)), "How text is copied from the screen."),
    Key("bell", _EVENTS, "Events that ring the terminal's bell, unless you are looking at it."),
    Key("title", _EVENTS, "Events that are told in the terminal's title, likewise."),
    Key("desktop", _EVENTS, "Events that become desktop notifications (OSC 9, 777), likewise."),
    Key("aliases", _ALIASES, "Your own names for command lines."),
)

KEYS = Section(
    "keys",
    "Your own keys: the action's id, and the keys that replace its default ones.",
    TableOf(
        ListOf(Text('a key like "d" or "ctrl+t"'), may_be_single=True),
        re.compile(r"[a-z][a-z0-9._-]*"),
        "an action's id, like pane.zoom",
        is_dotted=True,
    ),
)
