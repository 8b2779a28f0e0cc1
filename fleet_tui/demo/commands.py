"""The commands of the demo shell. None of them touches the machine the demo runs on."""

from __future__ import annotations

import asyncio
import re
import time
from typing import TYPE_CHECKING

from fleet_tui.demo import repository, virtual_files
from fleet_tui.demo.host import GIB

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from fleet_tui.demo.shell import Shell
    from fleet_tui.demo.streams import Streams

    Run = Callable[[Shell, Sequence[str], Streams], Awaitable[int]]

COMMANDS: dict[str, Run] = {}
_SEQ_LIMIT = 1_000_000
_FLOOD_LINES = 200_000
"""Where `yes` stops: a demo must not fill anybody's disk."""
_BLOCK_LINES = 2_000


def _command(*names: str) -> Callable[[Run], Run]:
    def register(run: Run) -> Run:
        for name in names:
            COMMANDS[name] = run
        return run

    return register


def _plain(names: str, answer: Callable[[Shell], str]) -> None:
    """Register commands that print one text, whatever their arguments."""

    async def run(shell: Shell, argv: Sequence[str], streams: Streams) -> int:
        del argv
        await streams.write(answer(shell).encode() + b"\n")
        return 0

    for name in names.split():
        COMMANDS[name] = run


_plain("hostname", lambda shell: shell.host.name)
_plain("whoami", lambda shell: shell.host.spec.user)
_plain("pwd", lambda shell: shell.folder)
_plain("nproc", lambda shell: str(2 + shell.host.seed % 3 * 2))
_plain("arch", lambda shell: "arm64" if shell.host.spec.kind == "darwin" else "x86_64")
_plain("sw_vers ver lsb_release", lambda shell: shell.host.release)
_plain("env printenv", lambda shell: "\n".join(f"{k}={v}" for k, v in shell.variables.items()))


def _uptime(shell: Shell) -> str:
    days, rest = divmod(int(shell.host.uptime()), 86400)
    clock = time.strftime("%H:%M:%S")
    hours, minutes = rest // 3600, rest % 3600 // 60
    average = virtual_files.load(shell.host).replace(" ", ", ")
    return f" {clock} up {days} days, {hours:2d}:{minutes:02d},  1 user,  load average: {average}"


def _disk(shell: Shell) -> str:
    host = shell.host
    total, used, free = (
        f"{value / GIB:.0f}G" for value in (host.disk_total, host.disk_used, host.disk_free)
    )
    head = "Filesystem      Size  Used Avail Use% Mounted on"
    return f"{head}\n/dev/sda1      {total:>5} {used:>5} {free:>5}  {host.disk_percent}% /"


def _memory(shell: Shell) -> str:
    total = 4 + shell.host.seed % 4 * 4
    used = total * 3 / 8
    head = "               total        used        free      shared  buff/cache   available"
    row = f"Mem:          {total:>4}Gi      {used:>4.1f}Gi       1.2Gi        12Mi"
    return f"{head}\n{row}       {total / 2:.1f}Gi       {total - used:.1f}Gi"


def _processes(shell: Shell) -> str:
    user = shell.host.spec.user
    return (
        "    PID USER     TIME     COMMAND\n"
        "      1 root     00:00:07 /sbin/init\n"
        "    612 root     00:00:01 sshd: /usr/sbin/sshd -D\n"
        f"    890 {user:<8} 00:12:41 python -m orders.api\n"
        f"   2114 {user:<8} 00:00:00 ps"
    )


_plain("uptime", _uptime)
_plain("df", _disk)
_plain("free", _memory)
_plain("ps", _processes)


@_command("id")
async def _id(shell: Shell, argv: Sequence[str], streams: Streams) -> int:
    user = shell.host.spec.user
    number = 0 if user == "root" else 1000
    told = str(number) if "-u" in argv else f"uid={number}({user}) gid={number}({user})"
    await streams.write(f"{told}\n".encode())
    return 0


@_command("true", ":", "set", "export", "umask", "trap", "unset")
async def _true(shell: Shell, argv: Sequence[str], streams: Streams) -> int:
    del streams
    if argv[0] == "export":
        shell.assign(argv[1:])
    return 0


@_command("false")
async def _false(shell: Shell, argv: Sequence[str], streams: Streams) -> int:
    del shell, argv, streams
    return 1


@_command("date", "Get-Date")
async def _date(shell: Shell, argv: Sequence[str], streams: Streams) -> int:
    del shell
    moment = time.gmtime() if "-u" in argv else time.localtime()
    layout = next((word[1:] for word in argv if word.startswith("+")), "")
    if "-Iseconds" in argv:
        layout = "%Y-%m-%dT%H:%M:%S%z"
    text = time.strftime(layout or "%a %b %e %H:%M:%S %Z %Y", moment)
    await streams.write(text.encode() + b"\n")
    return 0


@_command("uname")
async def _uname(shell: Shell, argv: Sequence[str], streams: Streams) -> int:
    name, _, release = shell.host.kernel.partition(" ")
    switches = "".join(word[1:] for word in argv[1:])
    machine = "arm64" if shell.host.spec.kind == "darwin" else "x86_64"
    if "a" in switches:
        text = f"{name} {shell.host.name} {release} {machine}"
    else:
        fields = {"s": name, "n": shell.host.name, "r": release, "m": machine}
        text = " ".join(fields[key] for key in "snrm" if key in switches) or name
    await streams.write(text.encode() + b"\n")
    return 0


@_command("echo", "Write-Output")
async def _echo(shell: Shell, argv: Sequence[str], streams: Streams) -> int:
    del shell
    words = list(argv[1:])
    end = "\n"
    while words and words[0] in ("-n", "-e", "-ne"):
        end = "" if "n" in words.pop(0) else end
    await streams.write((" ".join(words) + end).encode())
    return 0


_ESCAPE = re.compile(r"\\(?:0([0-7]{1,3})|([0-7]{1,3})|(.))")
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "\\": "\\", '"': '"', "e": "\x1b"}


def unescape(text: str) -> str:
    """Return `text` with the escapes of `printf` replaced."""

    def character(match: re.Match[str]) -> str:
        octal = match[1] or match[2]
        return chr(int(octal, 8)) if octal else _LETTERS.get(match[3], match[0])

    return _ESCAPE.sub(character, text)


@_command("printf")
async def _printf(shell: Shell, argv: Sequence[str], streams: Streams) -> int:
    del shell
    if len(argv) < 2:
        return 2
    words = list(argv[2:])

    def value(match: re.Match[str]) -> str:
        if match[0] == "%%":
            return "%"
        word = words.pop(0) if words else ""
        if match[2] == "b":
            return unescape(word)
        if match[2] in "di":
            digits = re.match(r"\s*-?\d+", word)
            return f"%{match[1]}d" % int(digits[0] if digits else 0)
        return f"%{match[1]}s" % word

    out: list[str] = []
    while True:
        left = len(words)
        out.append(re.sub(r"%(-?\d{0,4})([sbdi])|%%", value, unescape(argv[1])))
        if not words or len(words) == left:
            break
    await streams.write("".join(out).encode())
    return 0


@_command("sleep", "Start-Sleep")
async def _sleep(shell: Shell, argv: Sequence[str], streams: Streams) -> int:
    del shell
    try:
        seconds = sum(float(word.removesuffix("s")) for word in argv[1:] if word != "-Seconds")
    except ValueError:
        await streams.write_error(f"sleep: invalid time interval '{argv[-1]}'\n".encode())
        return 1
    await asyncio.sleep(seconds)
    return 0


@_command("seq")
async def _seq(shell: Shell, argv: Sequence[str], streams: Streams) -> int:
    del shell
    try:
        numbers = [int(word) for word in argv[1:]]
        last = numbers[-1]
        first = numbers[0] if len(numbers) > 1 else 1
        step = numbers[1] if len(numbers) > 2 else 1
        values = range(first, last + (1 if step > 0 else -1), step)[:_SEQ_LIMIT]
    except (IndexError, ValueError):
        await streams.write_error(b"seq: missing or invalid operand\n")
        return 1
    for start in range(0, len(values), _BLOCK_LINES):
        block = values[start : start + _BLOCK_LINES]
        await streams.write("".join(f"{value}\n" for value in block).encode())
    return 0


@_command("yes")
async def _yes(shell: Shell, argv: Sequence[str], streams: Streams) -> int:
    del shell
    block = (" ".join(argv[1:]) or "y").encode() + b"\n"
    for _ in range(_FLOOD_LINES // _BLOCK_LINES):
        await streams.write(block * _BLOCK_LINES)
    return 0


def _long(user: str, name: str, size: int) -> str:
    """Return a line of `ls -l`; what has no size is a folder."""
    mode = "-rw-r--r--" if size else "drwxr-xr-x"
    return f"{mode} 1 {user} {user} {size or 4096:>6} {name}"


@_command("ls", "dir", "Get-ChildItem")
async def _ls(shell: Shell, argv: Sequence[str], streams: Streams) -> int:
    words = [word for word in argv[1:] if not word.startswith("-")]
    folder = virtual_files.resolve(shell.folder, words[0] if words else ".")
    files = virtual_files.all_files(shell.host)
    if folder in files:
        names = [words[0]]
    elif folder in virtual_files.folders(shell.host):
        names = virtual_files.listing(shell.host, folder)
    else:
        path = words[0] if words else folder
        problem = f"ls: cannot access '{path}': No such file or directory\n"
        await streams.write_error(problem.encode())
        return 2
    if any(word.startswith("-") and "l" in word for word in argv[1:]):
        user = shell.host.spec.user
        names = [_long(user, name, len(files.get(f"{folder}/{name}", ""))) for name in names]
    await streams.write("".join(f"{name}\n" for name in names).encode())
    return 0


@_command("cd", "Set-Location")
async def _cd(shell: Shell, argv: Sequence[str], streams: Streams) -> int:
    words = [word for word in argv[1:] if word not in ("--", "-LiteralPath")]
    home = shell.host.home.replace("\\", "/")
    target = virtual_files.resolve(shell.folder, words[0].replace("\\", "/") if words else home)
    if target not in virtual_files.folders(shell.host):
        await streams.write_error(f"sh: 1: cd: can't cd to {words[0]}\n".encode())
        return 2
    shell.folder = target
    return 0


@_command("git")
async def _git(shell: Shell, argv: Sequence[str], streams: Streams) -> int:
    words = [word for word in argv[1:] if not word.startswith("-")]
    if shell.folder != shell.host.workdir.replace("\\", "/") and argv[1:] != ["--version"]:
        await streams.write_error(
            b"fatal: not a git repository (or any of the parent directories): .git\n"
        )
        return 128
    if argv[1:] == ["--version"]:
        text = "git version 2.43.0"
    elif words[:1] == ["status"]:
        is_short = any(word in ("-s", "--short", "--porcelain") for word in argv)
        text = "" if is_short else "On branch main\nnothing to commit, working tree clean"
    elif words[:1] == ["log"]:
        text = "\n".join(f"{commit} {subject}" for commit, subject in repository.COMMITS)
    elif words[:1] in (["rev-parse"], ["branch"]):
        text = repository.COMMITS[0][0] if "HEAD" in words else "* main"
    else:
        name = words[0] if words else ""
        await streams.write_error(f"git: '{name}' is not part of the demo host\n".encode())
        return 1
    await streams.write(f"{text}\n".encode() if text else b"")
    return 0


@_command("systemctl")
async def _systemctl(shell: Shell, argv: Sequence[str], streams: Streams) -> int:
    words = [word.removesuffix(".service") for word in argv[1:] if not word.startswith("-")]
    if words[:1] not in (["is-active"], ["status"]):
        await streams.write_error(b"systemctl: only is-active and status (demo host)\n")
        return 1
    worst = 0
    for unit in words[1:] or ["orders"]:
        known = {"orders", "nginx", "ssh", "sshd", "cron", "postfix", "docker"}
        is_up = unit in known and (shell.host.is_healthy or unit != "postfix")
        state = "active" if is_up else "failed" if unit == "postfix" else "inactive"
        await streams.write(f"{state}\n".encode())
        worst = max(worst, 0 if is_up else 3)
    return worst


@_command("command", "which", "type")
async def _which(shell: Shell, argv: Sequence[str], streams: Streams) -> int:
    status = 0
    for name in (word for word in argv[1:] if not word.startswith("-")):
        path = shell.where_is(name)
        if path is None:
            status = 127 if argv[0] == "command" else 1
            continue
        await streams.write(f"{path}\n".encode())
    return status
