"""Sections of `fleet.toml` that are handed on as they are, in `FleetConfig.sections`."""

from __future__ import annotations

import re

from fleet_tui.config.containers import Key, ListOf
from fleet_tui.config.kinds import Choice, Duration, Flag, Money, Text, Whole
from fleet_tui.config.schema import section
from fleet_tui.config.values import (
    AGENT,
    COMMAND,
    DAY,
    ENV_NAME,
    EVERY,
    FILE_MODE,
    HOST_NAME,
    NEW_NAME,
    PATH,
    RUN_TIMEOUT,
    SECRET_COMMAND,
    SHORT_TIMEOUT,
    TARGET,
)

_URL = Text("a URL like https://host/path", re.compile(r"[a-z][a-z0-9+.-]*://\S+"))
_PATTERN = Choice(("primary", "mesh", "hub", "cloud"))
_CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d"
_WORD = Text("a word like run-failed", re.compile(r"[a-z][a-z0-9-]*"))
_RATE = Text('a number and a unit, like "10/h"', re.compile(r"[1-9][0-9]{0,5}/(?:s|m|h|d)"))

_CLOUD_ID = Text("an id of the service, like agent_01AbC", re.compile(r"[A-Za-z0-9_-]{3,100}"))

PRICE = section(
    "price",
    "What a model costs, for agents that name tokens and no price (codex).",
    Key(
        "model",
        Text('the name of a model, or a pattern like "gpt-5*"; "*" when none is asked for'),
        "The models it holds for.",
        is_required=True,
    ),
    Key("input", Money(), "US dollars for a million tokens in.", is_required=True),
    Key("cached_input", Money(), "The same for those the provider had in its cache."),
    Key("output", Money(), "The same for tokens out.", is_required=True),
    Key("reserve_usd", Money(), "What a run counts with until it is over; else caps refuse it."),
    Key(
        "as_of",
        Text('a date in quotes, like "2026-11-20"', re.compile(r"\d{4}-[01]\d-[0-3]\d")),
        "When you looked it up.",
        is_required=True,
    ),
    is_list=True,
)

QUEUE = section(
    "queue",
    "The shared task queue.",
    Key("backend", Choice(("directory", "sftp", "nats")), "Where tasks are kept."),
    Key("path", Text("a path"), "Its folder, on this machine or on `host`."),
    Key("host", HOST_NAME, "The host that keeps the folder, for sftp."),
    Key("url", _URL, "The server's address, for nats."),
    Key("login", PATH, "What lets us in there: a .creds file, or .nk with a seed."),
    Key("name", NEW_NAME, "Which of the server's queues, for nats."),
    Key("lease", Duration(1, 7 * DAY), "A worker silent for so long loses its task."),
    Key("foreign_lease", Duration(1, 7 * DAY), "The same for plain shell workers, as they write."),
    Key("max_attempts", Whole(1, 100), "Tries before a task is set aside."),
    Key("require_signature", Flag(), "Refuse tasks that nobody signed."),
    Key("allowed_signers", PATH, "Whose signatures count: an allowed_signers file of OpenSSH."),
    Key("signing_key", PATH, "The key that `queue sign` uses: a private one, or a .pub."),
    Key("workers", TARGET, "Hosts whose tasks the primary carries out over SSH."),
    Key("slots", Whole(1, 64), "Tasks at once on each of these hosts."),
)

NOTIFY = section(
    "notify",
    "Where notices go besides the screen. Addresses that are secrets come from outside this file.",
    Key(
        "kind",
        Choice(("ntfy", "pushover", "slack", "discord", "teams", "webhook", "apprise", "local")),
        "The service.",
        is_required=True,
    ),
    Key("url", _URL, "Its address, when that is no secret."),
    Key("url_env", ENV_NAME, "The variable that holds the address."),
    Key("url_command", SECRET_COMMAND, "The program that prints the address."),
    Key("token_env", ENV_NAME, "The variable that holds the token."),
    Key("token_command", SECRET_COMMAND, "The program that prints the token."),
    Key("user_env", ENV_NAME, "The variable that holds Pushover's user key."),
    Key("user_command", SECRET_COMMAND, "The program that prints Pushover's user key."),
    Key("name", NEW_NAME, "How the screen and the log call it; else its kind and number."),
    Key("events", ListOf(_WORD), "Only these events."),
    Key("hosts", TARGET, "Only what happens on these hosts."),
    Key("min_severity", Choice(("info", "warning", "error")), "Only what is at least so severe."),
    Key(
        "quiet_hours",
        Text('two times of day, like "22:00-07:00"', re.compile(f"{_CLOCK}-{_CLOCK}")),
        "Hold back what is no error.",
    ),
    Key("timezone", Text('a time zone like "Europe/Berlin"'), "Whose hours those are; else ours."),
    Key("rate", _RATE, "At most so many."),
    Key("origins", ListOf(_WORD), 'Only from these: "fleet" is this one, others sent it to us.'),
    Key("escalate_after", Duration(1, 7 * DAY), "Only what nobody acknowledged for so long."),
    Key("digest", Duration(60, 7 * DAY), "Gather what is no error into one message so often."),
    Key("follow", Flag(), "Take in what others publish there; for ntfy."),
    Key("reply", _URL, "The topic on which a phone answers questions, for ntfy; when no secret."),
    Key("reply_env", ENV_NAME, "The variable that holds it."),
    Key("reply_command", SECRET_COMMAND, "The program that prints it."),
    Key("answer_within", Duration(10, DAY), "How long its buttons work; ntfy. Else 15m."),
    Key("test_every", Duration(3600, 30 * DAY), "Prove it with a test message so often."),
    Key("dead_man", Duration(120, 3 * DAY), "Its server tells when we are silent so long; ntfy."),
    is_list=True,
)

RECEIVER = section(
    "receiver",
    "Takes in what the fleet's machines tell: curl -d TEXT $CLAUDE_NOTIFY_URL works on each.",
    Key("port", Whole(1, 65_535), "Of each machine's loopback, and ours.", is_required=True),
    Key("hosts", TARGET, "Only these machines may send."),
    Key("topic_env", ENV_NAME, "The variable that holds its secret topic; else one is made."),
)

MCP = section(
    "mcp",
    "An MCP server, on this machine or on a host.",
    Key("name", NEW_NAME, "How agents call it.", is_required=True),
    Key("host", HOST_NAME, "Where it runs; without it, here."),
    Key("transport", Choice(("stdio", "http", "sse")), "How to talk to it."),
    Key("command", COMMAND, "What starts it, for stdio."),
    Key("url", _URL, "Where it listens, as that host sees it."),
    Key("token_env", ENV_NAME, "The variable that holds its bearer token, for one with a URL."),
    Key("token_file", PATH, "The file whose first line is that token."),
    Key("timeout", SHORT_TIMEOUT, "How long an answer may take."),
    Key("read_only", Flag(), "Its tools change nothing: runs of mode read may be given it too."),
    Key(
        "origins",
        ListOf(Choice(("daemon", "schedule", "mcp"))),
        "Whose runs may be given it, besides the operator's.",
    ),
    is_list=True,
)

MANAGED = section(
    "managed",
    "Agents that run in Anthropic's cloud.",
    Key("agent", _CLOUD_ID, "The agent, as the console made it."),
    Key("environment", _CLOUD_ID, "The environment it runs in, likewise."),
    Key("key_env", ENV_NAME, "The variable that holds the key; else ANTHROPIC_API_KEY."),
    Key("key_command", SECRET_COMMAND, "The program that prints the key."),
    Key("base_url", _URL, "Another address of the service, like a proxy's."),
    Key("budget_usd", Money(), "Cap of a session that is given no other."),
    Key("budget_usd_per_day", Money(), "All cloud sessions of a day together."),
    Key("max_parallel", Whole(1, 1_000), "Sessions at once; one without it."),
    Key("tools", Choice(("agent", "ask", "allow")), "Who lets it use tools; agent is as made."),
)

_PROMPT_KEYS = (
    Key("name", NEW_NAME, "How the log calls it.", is_required=True),
    Key("target", TARGET, "The hosts it looks after.", is_required=True),
    Key("prompt", Text("a prompt", is_multiline=True), "What to ask.", is_required=True),
    Key("agent", AGENT, "The agent, if not the default."),
    Key("mode", FILE_MODE, "What its runs may do."),
    Key("budget_usd", Money(), "Cap of one of its runs."),
    Key("timeout", RUN_TIMEOUT, "How long one of its runs may take."),
    Key("mcp", ListOf(NEW_NAME), "The MCP servers its runs are given, where those allow it."),
)

DAEMON = section(
    "daemon",
    "A prompt that is sent again and again while the program runs.",
    *_PROMPT_KEYS,
    Key("every", EVERY, "Time from one start to the next.", is_required=True),
    is_list=True,
)

SCHEDULE = section(
    "schedule",
    "A prompt that is sent at a time of day.",
    *_PROMPT_KEYS,
    Key("at", Text('a time of day, like "07:30"', re.compile(_CLOCK)), "When.", is_required=True),
    Key(
        "days",
        ListOf(Choice(("mon", "tue", "wed", "thu", "fri", "sat", "sun"))),
        "Only on these days.",
    ),
    is_list=True,
)

SURFACES = section(
    "surfaces",
    "Which pattern each kind of file follows: who writes it, and how others learn of it.",
    Key("settings", _PATTERN, "Settings of the agents."),
    Key("memory", _PATTERN, "Notes that agents keep."),
    Key("skills", _PATTERN, "Skills and commands."),
    Key("queue", _PATTERN, "The task queue."),
    Key("threads", _PATTERN, "Transcripts of sessions."),
)

MIRROR = section(
    "mirror",
    "The agents' settings as a git repository: the primary writes, the others pull.",
    Key("remote", Text("the address of a git repository"), "Where it is kept, for every host."),
    Key("branch", NEW_NAME, "Its branch."),
    Key("folder", Text("a path"), "Its folder on the hosts; without it, as agent_home."),
    Key("pull_every", EVERY, "Time between scheduled pulls."),
)

PEERS = section(
    "peers",
    "Agent sessions that see each other.",
    Key(
        "broker",
        Text(
            'a loopback address and port, like "127.0.0.1:7899"',
            re.compile(r"(?:127(?:\.\d{1,3}){3}|localhost|\[::1\]):[1-9]\d{0,4}"),
        ),
        "Where the broker listens.",
    ),
    Key("bus", Text("a path"), "The folder of the file bus."),
    Key("carrier", Choice(("nats",)), "How messages go to other fleets and their machines."),
    Key("url", _URL, "The NATS server's address, for the carrier."),
    Key("login", Text("a path"), "A file that lets us in there (.creds, or .nk)."),
    Key("name", NEW_NAME, "How this fleet is called there; without it, as this machine."),
)

SERVICES = (PRICE, QUEUE, NOTIFY, RECEIVER, MCP, MANAGED, DAEMON, SCHEDULE, SURFACES, MIRROR, PEERS)
"""In the order of the documentation."""
