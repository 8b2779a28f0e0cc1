"""Runs somebody's unmodified claude-peers clients on three machines against our broker.

`python -m tests.peers.unmodified FOLDER`. FOLDER is a copy of claude-peers-mcp with its packages
installed (`server.ts`, `broker.ts`, `shared/`, `node_modules/`, and `cli.ts` where it has one); it
is only read. Needs bun (on PATH, or in FOLDER's node_modules/.bin) and root, since each machine is
an sshd in a network namespace of its own. Two of the machines reach our broker through their own
loopback; the third has a claude-peers broker of its own, which ours bridges.

Prints a line for each thing that was seen; status 1 when one was not, 2 when it cannot be tried.
"""

from __future__ import annotations

import asyncio
import re
import shlex
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from tests.peers.machines import fleet_of_machines
from tests.peers.mcp_session import McpSession
from tests.peers.test_machines import until_open
from tests.support.parts import find
from tests.support.sshd import free_port

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fleet_tui.fleet import Fleet

MACHINES = ("left", "right", "old")
SDK = "node_modules/@modelcontextprotocol/sdk"
CHANNEL: dict[str, object] = {"claude/channel": {}}
PID_FILE = "client.pid"
ROUNDS = 60
"""Looks for a peer that comes by and by, half a second apart."""


@dataclass(frozen=True, slots=True)
class Clients:
    """The folder of the clients, and what runs them."""

    folder: Path
    bun: str

    def line(self, port: int, where: str, *arguments: str) -> str:
        """Return the command that runs one of its programs in a folder of its own."""
        words = [self.bun, *arguments]
        words[1] = str(self.folder / arguments[0])
        path = f"PATH={shlex.quote(str(Path(self.bun).parent))}:$PATH"
        place = f"mkdir -p ~/{where} && cd ~/{where}"
        return f"{place} && exec env {path} CLAUDE_PEERS_PORT={port} {shlex.join(words)}"


def found(folder: Path) -> Clients:
    """Return the clients of a folder; raises SystemExit where they cannot be run."""
    for name in ("server.ts", "broker.ts", "shared/types.ts", SDK):
        if not (folder / name).exists():
            refuse(f"{folder} has no {name}; name a copy of claude-peers-mcp, installed")
    own = folder / "node_modules" / ".bin" / "bun"
    bun = str(own) if own.exists() else shutil.which("bun")
    if bun is None:
        refuse("bun is not installed, neither on PATH nor in the folder")
    for program in ("sshd", "ssh-keygen", "unshare", "ip"):
        if find(program) is None:
            refuse(f"{program} is not installed")
    return Clients(folder.resolve(), str(Path(bun).absolute()))


def refuse(why: str) -> NoReturn:
    """Say why it cannot be tried, and end; raises SystemExit."""
    say(f"cannot be tried: {why}")
    raise SystemExit(2)


def say(what: str) -> None:
    """Print a line."""
    print(what, flush=True)  # noqa: T201


class Client:
    """One unmodified client on one machine."""

    def __init__(self, clients: Clients, fleet: Fleet, machine: str, port: int) -> None:
        self._clients = clients
        self._fleet = fleet
        self._port = port
        self.machine = machine
        self.mcp = McpSession()
        self.id = ""

    async def start(self) -> Client:
        """Start it, and learn its id from what it writes."""
        connection = await self._fleet.pool.connection(self.machine)
        line = self._clients.line(self._port, f"work-{self.machine}", "server.ts")
        line = f"echo $$ >~/{PID_FILE}; {line}"
        about = await self.mcp.start(connection, line)
        assert about["capabilities"]["experimental"] == CHANNEL, about
        wrote = re.search(rb"Registered as peer (\w+)", self.mcp.errors)
        assert wrote, self.mcp.errors
        self.id = wrote[1].decode()
        await self.mcp.call("set_summary", summary=f"I am {self.machine}")
        return self

    async def end(self) -> None:
        """End it, and the broker that it started: both outlive their standard input."""
        connection = await self._fleet.pool.connection(self.machine)
        await connection.run(f"kill -9 -- -$(cat ~/{PID_FILE}); rm -f ~/{PID_FILE}", timeout=60.0)

    async def sees(self, other: Client) -> str:
        """List the peers until another one is among them; returns its id in this list."""
        listed = ""
        for _ in range(ROUNDS):
            listed = await self.mcp.call("list_peers", scope="machine")
            for entry in listed.split("\n\n"):
                if f"I am {other.machine}" in entry and (named := re.search(r"ID: (\S+)", entry)):
                    return named[1]
            await asyncio.sleep(0.5)
        raise AssertionError(f"{self.machine} does not list {other.machine}: {listed}")

    async def tells(self, other: Client, text: str) -> None:
        """Send a text, and see that it is pushed to the other with a sender who can be answered."""
        to, back = await self.sees(other), await other.sees(self)
        await self.mcp.call("send_message", to_id=to, message=text)
        pushed = await other.mcp.next_push()
        assert pushed["content"] == text, pushed
        assert pushed["meta"]["from_id"] == back, (pushed, back)
        assert f"I am {self.machine}" in pushed["meta"]["from_summary"], pushed
        assert other.mcp.pushed.empty()
        say(f"ok: {self.machine} lists {other.machine}; what it wrote was pushed there, once")

    @property
    def has_command_line(self) -> bool:
        """Whether the copy has a `cli.ts`."""
        return (self._clients.folder / "cli.ts").exists()

    async def runs(self, *arguments: str) -> str:
        """Run its command line on this machine; returns what it prints."""
        connection = await self._fleet.pool.connection(self.machine)
        line = self._clients.line(self._port, f"work-{self.machine}", "cli.ts", *arguments)
        done = await connection.run(line, timeout=60.0)
        assert not done.stderr, done.stderr
        return done.stdout.decode()


async def use_the_command_line(one: Client, other: Client) -> None:
    """Look and write with `cli.ts`."""
    status = await one.runs("status")
    assert "Broker: ok" in status, status
    assert other.id in status, status
    listed = await one.runs("peers")
    assert f"I am {other.machine}" in listed, listed
    sent = await one.runs("send", other.id, "from the command line")
    assert f"Message sent to {other.id}" in sent, sent
    pushed = await other.mcp.next_push()
    assert pushed["content"] == "from the command line", pushed
    say("ok: its command line lists the peers, and what it sent was pushed")


async def try_out(clients: Clients, folder: Path) -> None:
    """Let the three machines list each other and write, every one to every other."""
    port = free_port()
    async with fleet_of_machines(folder, *MACHINES, broker=f"127.0.0.1:{port}") as fleet:
        every = [Client(clients, fleet, name, port) for name in MACHINES]
        try:
            await go_through(fleet, *every)
        finally:
            await asyncio.gather(*(client.end() for client in every))


async def go_through(fleet: Fleet, left: Client, right: Client, old: Client) -> None:
    """Start them, and let them list each other and write."""
    await old.start()
    say("ok: old has a claude-peers broker of its own, which its client started")
    service = fleet.parts.peers
    await service.start()
    await until_open(fleet, "left", "right")
    await asyncio.gather(left.start(), right.start())
    await left.tells(right, "hello from the left")
    await right.tells(left, "hello back\nwith a second line, “quotes” and 🙂")
    await left.tells(old, "hello over the bridge")
    await old.tells(right, "hello back over the bridge")
    said = await left.mcp.call("check_messages")
    assert said == "No new messages.", said
    hosts = {peer.client: peer.host for peer in service.store.peers() if peer.client}
    wanted = {left.id: "left", right.id: "right", old.id: "old"}
    assert hosts == wanted, hosts
    say("ok: each is known by the machine it is on")
    if left.has_command_line:
        await use_the_command_line(left, right)


def main(arguments: Sequence[str]) -> int:
    """Try the folder that is named."""
    if len(arguments) != 1:
        refuse("name one folder: python -m tests.peers.unmodified FOLDER")
    clients = found(Path(arguments[0]))
    with tempfile.TemporaryDirectory(prefix="fu-") as name:
        try:
            asyncio.run(try_out(clients, Path(name)))
        except pytest.skip.Exception as reason:
            refuse(str(reason))
        except AssertionError as error:
            say(f"not seen: {error}")
            return 1
    say("all was seen")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
