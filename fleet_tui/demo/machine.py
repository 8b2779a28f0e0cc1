"""One demo host as its connections find it: they come and go, it stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet_tui.demo import handoff_host, mirror_host
from fleet_tui.demo.durable_host import DurableHost
from fleet_tui.demo.kept_files import KeptFiles
from fleet_tui.demo.mcp_host import serve as serve_mcp
from fleet_tui.demo.outage import Outage
from fleet_tui.demo.pace import Pace
from fleet_tui.demo.runs import RunKeeper
from fleet_tui.demo.sessions import DemoSessions
from fleet_tui.demo.shell import Shell
from fleet_tui.demo.telling import take_note
from fleet_tui.demo.their_broker import TheirBroker
from fleet_tui.transport.durable_lines import read_line

if TYPE_CHECKING:
    from fleet_tui.demo.host import Personality
    from fleet_tui.demo.inbox import Inbox
    from fleet_tui.demo.streams import Streams
    from fleet_tui.transport.durable_lines import LaunchOrder


class Machine:
    """A personality with a shell, the runs it keeps, and its ties to the network."""

    def __init__(self, host: Personality, pace: Pace) -> None:
        self.host = host
        self.pace = pace
        loses_contact = host.spec.loses_contact and pace.speed > 0
        self.outage = Outage(Pace(pace.speed)) if loses_contact else None
        """None for a host that is always there, and where nothing takes any time."""
        self.notify_url = ""
        """Where it tells the fleet something; empty until the fleet has left that here."""
        self.kept = KeptFiles(host)
        self.broker = TheirBroker(host, pace)
        """Only one host lets it be reached."""
        self._sessions = DemoSessions(host, pace)
        self._durable = DurableHost(RunKeeper(), self._play, self._started)

    async def execute(self, line: str, inbox: Inbox, streams: Streams) -> int:
        """Run a command line that came over a connection; returns its exit status."""
        status = await mirror_host.serve(self.host.name, line, inbox, streams)
        if status is not None:
            return status
        status = await handoff_host.serve(self.host, self.kept, line, inbox, streams)
        if status is not None:
            return status
        status = await serve_mcp(self.host, self.pace, line, inbox, streams)
        if status is not None:
            return status
        if await take_note(self, line, inbox):
            return 0
        if await self.broker.keep_stand_ins(line, inbox, streams):
            return 0
        said = self._sessions.answer(line)
        if said is not None:
            await inbox.read()
            await streams.write(said)
            return 0
        call = None if self.host.spec.kind == "windows" else read_line(line)
        if call is None:
            return await Shell(self.host, self.pace, self.kept).run_line(line, streams)
        await self._durable.serve(call, inbox, streams)
        return 0

    async def _play(self, order: LaunchOrder, streams: Streams) -> int:
        shell = Shell(self.host, self.pace, self.kept)
        shell.variables["FLEET_RUN"] = order.run
        return await shell.run_line(order.line, streams)

    def _started(self) -> None:
        if self.outage is not None:
            self.outage.work_began()
