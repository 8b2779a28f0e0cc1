from __future__ import annotations

import base64
import json

from fleet_tui.demo.host import personality
from fleet_tui.demo.pace import Pace
from fleet_tui.demo.sessions import DemoSessions
from fleet_tui.demo.spec import HostSpec
from fleet_tui.peers.discovery import parse_look
from fleet_tui.peers.proof import parse_proof
from fleet_tui.peers.scripts import LOOK_LINE, PROOF_LINE
from fleet_tui.transport.unix_socket import SOCKET_LINE

ID = "m-01J00000000000000000000000"


def sessions(**more: object) -> DemoSessions:
    spec = HostSpec("nas1", agents={"claude": "/c"}, **more)  # type: ignore[arg-type]
    return DemoSessions(personality(spec), Pace(0))


def say(demo: DemoSessions, socket: str, text: str) -> None:
    said = {"type": "user", "message": {"role": "user", "content": text}}
    encoded = base64.b64encode(json.dumps(said).encode()).decode()
    assert demo.answer(f"{SOCKET_LINE} {socket} {encoded}") == b""


def test_its_sessions_are_found_written_to_and_answer() -> None:
    demo = sessions()
    looked = demo.answer(LOOK_LINE + " agents")
    assert looked is not None
    peer = parse_look("nas1", looked, 1.0)[0].peer
    assert (peer.branch, peer.kind) == ("trunk", "claude")
    assert peer.doing
    say(demo, peer.socket, f"[fleet message {ID} from the fleet's operator]\n1. a?\n2. b?")
    proved = demo.answer(f"{PROOF_LINE} {peer.session} {peer.pid} 0 {ID}")
    assert proved is not None
    proof = parse_proof("nas1", proved)[peer.session]
    assert proof.is_alive
    assert ID in proof.seen
    assert proof.answers[ID].startswith("1. ")


def test_on_the_odd_host_a_session_dies_once_before_it_reads() -> None:
    demo = DemoSessions(
        personality(HostSpec("web02", agents={"claude": "/c"}, is_odd=True)), Pace(1)
    )
    looked = demo.answer(LOOK_LINE)
    assert looked is not None
    peer = parse_look("web02", looked, 1.0)[0].peer
    say(demo, peer.socket, f"[fleet message {ID} from the fleet's operator]\nhello")
    proved = demo.answer(f"{PROOF_LINE} {peer.session} {peer.pid} 0 {ID}")
    assert proved is not None
    proof = parse_proof("web02", proved)[peer.session]
    assert not proof.is_alive
    assert not proof.seen


def test_other_lines_are_none_of_its_business() -> None:
    assert sessions().answer("uptime") is None
    assert sessions().answer("sh -s something-else") is None
