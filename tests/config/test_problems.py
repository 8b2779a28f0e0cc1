"""Broken files, and the exact lines that say what is wrong with them."""

from pathlib import Path

import pytest

from fleet_tui.config import load
from fleet_tui.model.errors import ConfigError

HOST = '[[host]]\nname = "a"\n'
HOST_KEYS = (
    "name, address, user, port, via, connection, shell, key, roles, groups, tier, agent, "
    "agent_paths, workdir, durable, allow_root, env, verify"
)
PATH_RULE = "a path on this machine; ~ is your home, a relative one starts at this file's folder"
NAME_RULE = (
    "a name of letters, digits and . _ - + : only, beginning with a letter or digit, "
    'other than "all", of at most 128'
)
MONEY = "US dollars as a number above 0, like 2.50; leave it out for no cap"
SPAN = 'seconds, or a text like "30s", "10m", "2h"'
SECRET = (
    "take it out; where a secret is needed, a key ending in _env names a variable, one ending in "
    "_command a program that prints it"
)

CASES: dict[str, tuple[str, list[str]]] = {
    "empty": ("", ["host: missing; a fleet needs at least one [[host]] with a name"]),
    "empty list": (
        "\nhost = []",
        ["2: host: missing; a fleet needs at least one [[host]] with a name"],
    ),
    "single table": (
        '[host]\nname = "a"',
        ["1: host: found a single table; written [[host]], once for each"],
    ),
    "list of tables": (
        f"{HOST}[[fleet]]\nname = 'x'",
        ["3: fleet: found a list of tables; written [fleet], once"],
    ),
    "unknown sections": (
        f"{HOST}[hosts]\n[fleat]\n[zzz]\n",
        [
            "3: hosts: unknown section; did you mean [[host]]?",
            "4: fleat: unknown section; did you mean [fleet]?",
            "5: zzz: unknown section; sections are [fleet], [defaults], [[host]], [budget], "
            "[[price]], [queue], [[notify]], [receiver], [[mcp]], [managed], [[daemon]], "
            "[[schedule]], [surfaces], [mirror], [peers], [ui], [keys]",
        ],
    ),
    "a key outside of its section": (
        f"fanout = 3\nnam = 1\n{HOST}",
        [
            "1: fanout: unknown key; it belongs in [defaults]",
            "2: nam: unknown key; sections are [fleet], [defaults], [[host]], [budget], "
            "[[price]], [queue], [[notify]], [receiver], [[mcp]], [managed], [[daemon]], "
            "[[schedule]], [surfaces], [mirror], [peers], [ui], [keys]",
        ],
    ),
    "unknown keys": (
        '[[host]]\nname = "a"\n\nadress = "x"\ncolour = 1\n',
        [
            '4: host[1].adress: unknown key; did you mean "address"?',
            f"5: host[1].colour: unknown key; [[host]] has {HOST_KEYS}",
        ],
    ),
    "wrong choices": (
        '[defaults]\nagent = "cluade"\nmode = "unrestricted"\n[[host]]\nname = "a"\n'
        'connection = "ssg"\nshell = 7\nroles = ["boss", "primry"]\n',
        [
            '2: defaults.agent: found "cluade"; allowed: "claude", "codex" or "shell"; '
            'did you mean "claude"?',
            '3: defaults.mode: found "unrestricted"; allowed: "read" or "write" '
            "(unrestricted is only typed by hand, for one dispatch at a time)",
            '6: host[1].connection: found "ssg"; allowed: "ssh" or "local"; did you mean "ssh"?',
            '7: host[1].shell: found 7; allowed: "posix" or "powershell"',
            '8: host[1].roles[1]: found "boss"; allowed: "primary", "secondary", "worker" or "hub"',
            '8: host[1].roles[2]: found "primry"; allowed: "primary", "secondary", "worker" or '
            '"hub"; did you mean "primary"?',
        ],
    ),
    "wrong types": (
        '[[host]]\nname = 5\ngroups = "web"\nroles = {}\nenv = ["A"]\nverify = 1\n'
        'agent_paths = "x"\nport = "22"\n',
        [
            f"2: host[1].name: found 5; allowed: {NAME_RULE}",
            f'3: host[1].groups: found "web"; allowed: a list, each {NAME_RULE}, in [ ]',
            '4: host[1].roles: found a table; allowed: a list, each "primary", "secondary", '
            '"worker" or "hub", in [ ]',
            "5: host[1].env: found a list; allowed: a table: a variable's name of letters, digits "
            'and _ = a text in quotes, like "1"',
            "6: host[1].verify: found 1; allowed: a text, or a table with command, expect",
            '7: host[1].agent_paths: found "x"; allowed: a table: an agent (claude, codex, shell) '
            '= an absolute path on that host, like "/usr/local/bin/claude"',
            '8: host[1].port: found "22"; allowed: a whole number from 1 to 65535',
        ],
    ),
    "numbers out of bounds": (
        "[defaults]\nfanout = 0\nbudget_usd = -1\n[budget]\nusd_per_day = 0\n"
        "usd_per_dispatch = nan\n[[host]]\nname = 'a'\nport = 70000\n[[host]]\nname = 'b'\n"
        "port = true\n[managed]\nmax_parallel = 2.5\nbudget_usd_per_day = inf\n",
        [
            "2: defaults.fanout: found 0; allowed: a whole number from 1 to 10000",
            f"3: defaults.budget_usd: found -1; allowed: {MONEY}",
            f"5: budget.usd_per_day: found 0; allowed: {MONEY}",
            f"6: budget.usd_per_dispatch: found nan; allowed: {MONEY}",
            "9: host[1].port: found 70000; allowed: a whole number from 1 to 65535",
            "12: host[2].port: found true; allowed: a whole number from 1 to 65535",
            "14: managed.max_parallel: found 2.5; allowed: a whole number from 1 to 1000",
            f"15: managed.budget_usd_per_day: found inf; allowed: {MONEY}",
        ],
    ),
    "durations": (
        f'{HOST}[defaults]\ntimeout = "10 minutes"\nstall_after = -5\nkeepalive = 0\n'
        f"connect_timeout = 1{'0' * 400}\nstale_after = false\n",
        [
            f'4: defaults.timeout: found "10 minutes"; allowed: {SPAN}, from 1s to 30d, or 0 for '
            '"no limit"',
            f'5: defaults.stall_after: found -5; allowed: {SPAN}, from 1s to 30d, or 0 for "never"',
            f"6: defaults.keepalive: found 0; allowed: {SPAN}, from 0.5s to 10m",
            f"7: defaults.connect_timeout: found a huge number; allowed: {SPAN}, from 0.5s to 10m",
            f"8: defaults.stale_after: found false; allowed: {SPAN}, from 1s to 30d",
        ],
    ),
    "names": (
        '[[host]]\nname = "a b"\n[[host]]\nname = "web[1]"\n[[host]]\nname = "-x"\n'
        '[[host]]\nname = "all"\n[[host]]\nname = ""\n[[host]]\nuser = "x"\n'
        f'[[host]]\nname = "{"n" * 129}"\n[[host]]\nname = "c"\ngroups = ["all", "g!", "w", "w"]\n',
        [
            f'2: host[1].name: found "a b"; allowed: {NAME_RULE}',
            f'4: host[2].name: found "web[1]"; allowed: {NAME_RULE}',
            f'6: host[3].name: found "-x"; allowed: {NAME_RULE}',
            f'8: host[4].name: found "all"; allowed: {NAME_RULE}',
            f"10: host[5].name: found an empty text; allowed: {NAME_RULE}",
            "11: host[6].name: missing; [[host]] needs it: How you call it; an alias of "
            "~/.ssh/config works.",
            f'14: host[7].name: found "{"n" * 59}…"; allowed: {NAME_RULE}',
            f'17: host[8].groups[1]: found "all"; allowed: {NAME_RULE}',
            f'17: host[8].groups[2]: found "g!"; allowed: {NAME_RULE}',
            '17: host[8].groups[4]: found "w" twice; name it once',
        ],
    ),
    "names that clash": (
        '[[host]]\nname = "nas"\ngroups = ["web"]\n[[host]]\nname = "nas"\n'
        '[[host]]\nname = "NAS"\n[[host]]\nname = "web"\n',
        [
            '5: host[2].name: "nas" is the name of host[1] already; each host needs its own',
            '7: host[3].name: "NAS" is the name of host[1] already, but for upper and lower case; '
            "each host needs its own",
            '9: host[4].name: "web" is a group too; give host or group another name',
        ],
    ),
    "daemons that share a name": (
        '[[host]]\nname = "nas"\n'
        '[[daemon]]\nname = "scout"\ntarget = "all"\nprompt = "look"\nevery = "1h"\n'
        '[[schedule]]\nname = "Scout"\ntarget = "all"\nprompt = "look"\nat = "07:30"\n',
        [
            '9: schedule[1].name: "Scout" is the name of daemon[1] already; '
            "each daemon and schedule needs its own",
        ],
    ),
    "two primaries": (
        '[[host]]\nname = "a"\nroles = ["primary"]\n[[host]]\nname = "b"\n'
        'roles = ["worker", "primary"]\n',
        ['6: host[2].roles: a second primary beside "a"; one host leads; give this one secondary'],
    ),
    "local with a way there": (
        '[[host]]\nname = "a"\nconnection = "local"\naddress = "x"\nport = 22\nvia = "b"\n'
        '[[host]]\nname = "b"\nvia = "a"\n',
        [
            '4: host[1].address: found "x" beside connection = "local"; take one of them out: '
            "local is this machine, without SSH",
            '5: host[1].port: found 22 beside connection = "local"; take one of them out: '
            "local is this machine, without SSH",
            '6: host[1].via: found "b" beside connection = "local"; take one of them out: '
            "local is this machine, without SSH",
            "6: host[1].via: a loop: a → b → a; one of them must be reached alone",
            '9: host[2].via: "a" is this machine; take it out: no jump is needed',
        ],
    ),
    "jumps": (
        '[[host]]\nname = "a"\nvia = "b"\n[[host]]\nname = "b"\nvia = "c"\n'
        '[[host]]\nname = "c"\nvia = "a"\n[[host]]\nname = "d"\nvia = "a"\n'
        '[[host]]\nname = "e"\nvia = "e"\n[[host]]\nname = "jump"\n'
        '[[host]]\nname = "f"\nvia = "jmup"\n[[host]]\nname = "g"\nvia = "elsewhere"\n',
        [
            "3: host[1].via: a loop: a → b → c → a; one of them must be reached alone",
            "15: host[5].via: a loop: e → e; one of them must be reached alone",
            '20: host[7].via: no host is called "jmup"; allowed: a host or ssh alias; did you mean '
            '"jump"?',
            '23: host[8].via: no host is called "elsewhere"; allowed: a host or ssh alias',
        ],
    ),
    "addresses and logins": (
        '[[host]]\nname = "a"\naddress = "root@box"\nuser = "-oProxyCommand=x"\n'
        '[[host]]\nname = "b"\naddress = "box:22"\n[[host]]\nname = "c"\naddress = "-v"\n',
        [
            '3: host[1].address: found "root@box"; allowed: a host name or IP address alone; user '
            "and port have their own keys",
            '4: host[1].user: found "-oProxyCommand=x"; allowed: a login name',
            '7: host[2].address: found "box:22"; allowed: a host name or IP address alone; user '
            "and port have their own keys",
            '10: host[3].address: found "-v"; allowed: a host name or IP address alone; user '
            "and port have their own keys",
        ],
    ),
    "tables in a host": (
        f'{HOST}[host.env]\n"A B" = "1"\nPORT = 8080\n[host.agent_paths]\nclaud = "/x"\n'
        'codex = "~/bin/codex"\n[host.verify]\nexpect = "1"\ncomand = "x"\n',
        [
            '4: host[1].env."A B": found "A B"; allowed: a variable\'s name of letters, digits '
            "and _",
            '5: host[1].env.PORT: found 8080; allowed: a text in quotes, like "1"',
            '7: host[1].agent_paths.claud: found "claud"; allowed: an agent (claude, codex, '
            'shell); did you mean "claude"?',
            '8: host[1].agent_paths.codex: found "~/bin/codex"; allowed: an absolute path on that '
            'host, like "/usr/local/bin/claude"',
            "9: host[1].verify.command: missing; verify needs it: What to run on the host.",
            '11: host[1].verify.comand: unknown key; did you mean "command"?',
        ],
    ),
    "secrets": (
        f'[fleet]\ntoken = "abc"\n{HOST}env = {{ ANTHROPIC_API_KEY = "x", DISABLE_AUTH = "1" }}\n'
        'workdir = "sk-ant-api03-abcdefghijklmnop"\nkey = "-----BEGIN OPENSSH PRIVATE KEY-----"\n'
        '[[notify]]\nkind = "slack"\nurl = "https://hooks.slack.com/services/T0/B0/abc"\n'
        '[[notify]]\nkind = "pushover"\ntoken = "azGDORePK8gMaC0QOYAMyEEuzJnyUi"\n'
        '[[notify]]\nkind = "ntfy"\nurl = "https://me:pw@ntfy.example.net/x"\n'
        '[extra]\npassword = "p"\n',
        [
            f"2: fleet.token: a secret must not stand in this file; {SECRET}",
            "5: host[1].env.ANTHROPIC_API_KEY: a secret must not stand in this file; take it out, "
            "and set it in that host's own environment",
            f"6: host[1].workdir: a secret stands here in the clear; {SECRET}",
            f"7: host[1].key: a secret stands here in the clear; {SECRET}",
            "10: notify[1].url: a secret stands here in the clear; name a variable with url_env, "
            "or a program that prints it with url_command",
            "13: notify[2].token: a secret must not stand in this file; name a variable with "
            "token_env, or a program that prints it with token_command",
            "16: notify[3].url: a secret stands here in the clear; name a variable with url_env, "
            "or a program that prints it with url_command",
            "17: extra: unknown section; sections are [fleet], [defaults], [[host]], [budget], "
            "[[price]], [queue], [[notify]], [receiver], [[mcp]], [managed], [[daemon]], "
            "[[schedule]], [surfaces], [mirror], [peers], [ui], [keys]",
            f"18: extra.password: a secret must not stand in this file; {SECRET}",
        ],
    ),
    "control characters": (
        '[fleet]\nname = "a\\u001b[31mb"\nlog = "a\\nb"\n[[host]]\nname = "a"\n'
        'verify = "x\\u0007"\n',
        [
            '2: fleet.name: found "ab"; allowed: a short name, on one line, without control '
            "characters",
            f'3: fleet.log: found "a b"; allowed: {PATH_RULE}, on one line, without control '
            "characters",
            '6: host[1].verify: found "x\ufffd"; allowed: a shell command, without control '
            "characters",
        ],
    ),
    "services": (
        f'{HOST}[queue]\nbackend = "sftp"\nmax_attempts = 0\nrequire_signature = "yes"\n'
        '[[notify]]\nkind = "nfty"\nquiet_hours = "25:00-07:00"\nrate = "10"\nhosts = "@web"\n'
        'token_env = "1X"\nurl = "example.net"\n[[notify]]\nurl_env = "A"\nurl_command = "b"\n'
        '[[mcp]]\nname = "m"\nhost = "b"\ncommand = "x"\nurl = "http://x/y"\n'
        '[[daemon]]\nname = "d"\ntarget = "a!a"\nprompt = "x"\nevery = 1\nmode = "unrestricted"\n'
        '[[schedule]]\nname = "s"\ntarget = "a,"\nprompt = "x"\nat = "7:30"\ndays = ["monday"]\n'
        '[surfaces]\nmemory = "git"\n[peers]\nbroker = "0.0.0.0:7899"\n'
        '[keys]\n"Q X" = "q"\nb = 1\n',
        [
            "3: queue.host: missing; sftp needs the host that keeps the folder",
            "5: queue.max_attempts: found 0; allowed: a whole number from 1 to 100",
            '6: queue.require_signature: found "yes"; allowed: true or false',
            '8: notify[1].kind: found "nfty"; allowed: "ntfy", "pushover", "slack", "discord", '
            '"teams", "webhook", "apprise" or "local"; did you mean "ntfy"?',
            '9: notify[1].quiet_hours: found "25:00-07:00"; allowed: two times of day, like '
            '"22:00-07:00"',
            '10: notify[1].rate: found "10"; allowed: a number and a unit, like "10/h"',
            "11: notify[1].hosts: there is no group '@web'; no host in fleet.toml names a group",
            '12: notify[1].token_env: found "1X"; allowed: the name of an environment variable, '
            "like NTFY_TOKEN",
            '13: notify[1].url: found "example.net"; allowed: a URL like https://host/path',
            "14: notify[2].kind: missing; [[notify]] needs it: The service.",
            "16: notify[2].url_command: found beside url_env; leave one of them out",
            '19: mcp[1].host: no host is called "b"; allowed: the name of a [[host]]',
            "21: mcp[1].url: found beside command; leave one of them out",
            "24: daemon[1].target: target 'a!a' selects no host: 'a' takes away all that 'a' "
            "selects; mend the target",
            f"26: daemon[1].every: found 1; allowed: {SPAN}, from 10s to 366d",
            '27: daemon[1].mode: found "unrestricted"; allowed: "read" or "write" '
            "(unrestricted is only typed by hand, for one dispatch at a time)",
            "30: schedule[1].target: target 'a,', position 3: the expression ends where a host, "
            "@group, %role or ^tier belongs; mend the target",
            '32: schedule[1].at: found "7:30"; allowed: a time of day, like "07:30"',
            '33: schedule[1].days[1]: found "monday"; allowed: "mon", "tue", "wed", "thu", "fri", '
            '"sat" or "sun"; did you mean "mon"?',
            '35: surfaces.memory: found "git"; allowed: "primary", "mesh", "hub" or "cloud"',
            '37: peers.broker: found "0.0.0.0:7899"; allowed: a loopback address and port, like '
            '"127.0.0.1:7899"',
            '39: keys."Q X": found "Q X"; allowed: an action\'s id, like pane.zoom',
            '40: keys.b: found 1; allowed: a list, each a key like "d" or "ctrl+t", in [ ]',
        ],
    ),
    "a hostile key": (
        f'{HOST}"\\u001b[2J\\n" = 1\n',
        [f'3: host[1]."": unknown key; [[host]] has {HOST_KEYS}'],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES.keys())
def test_all_problems_are_told_at_once_in_file_order(
    tmp_path: Path, text: str, expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    path = tmp_path / "fleet.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(path)
    told = [str(problem) for problem in caught.value.problems]
    assert told == [f"{path}{':' if line[0].isdigit() else ': '}{line}" for line in expected]
    assert all("\n" not in line and line.isprintable() for line in told)


def test_no_secret_is_ever_repeated(tmp_path: Path) -> None:
    secret = "sk-ant-api03-" + "x" * 40
    text = (
        f'host = "{secret}"\n[fleet]\nname = ["{secret}"]\n[defaults]\nagent = "{secret}"\n'
        f'timeout = "{secret}"\n[keys]\n"{secret}" = "q"\n[zzz]\na = "{secret}"\n'
    )
    path = tmp_path / "fleet.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert "x" * 20 not in " ".join(map(str, caught.value.problems))


def test_an_alias_of_the_ssh_configuration_may_be_jumped_through(tmp_path: Path) -> None:
    (tmp_path / "ssh").write_text("Host bastion\n  HostName 192.0.2.1\n")
    path = tmp_path / "fleet.toml"
    path.write_text('[fleet]\nssh_config = "ssh"\n[[host]]\nname = "a"\nvia = "bastion"\n')
    assert load(path).host("a").via == "bastion"
